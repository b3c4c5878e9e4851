//! A log that nobody reads does not keep a router from its work, nor from its end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::program::{run, tuyau};

/// More log lines than any pipe holds.
const LINES: usize = 1000;

#[test]
fn a_router_whose_log_is_not_read_serves_and_ends() {
    let directory = tempfile::tempdir().unwrap();
    let words = [
        "router",
        "--json",
        "--listen",
        "tls://127.0.0.1:0",
        "--state-dir",
        "router",
        // All connections come from one address, as fast as they can.
        "--set",
        "limits.handshakes_per_second=100000",
    ];
    let mut command = tuyau(directory.path(), words);
    let mut router = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(router.stdout.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    let listening: Value = serde_json::from_str(&line).unwrap();
    let address = listening["address"].as_str().unwrap();
    let socket = address.strip_prefix("tls://").unwrap();
    for _ in 0..LINES {
        let mut stream = TcpStream::connect(socket).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut alert = Vec::new();
        stream.read_to_end(&mut alert).unwrap();
        assert_eq!(alert.len(), 7, "it is told that this is no TLS");
    }
    let words = ["state", "show", "--socket", "router/admin.sock"];
    assert!(run(directory.path(), &words).status.success());

    let kill = ["-s", "TERM", &router.id().to_string()].map(str::to_owned);
    let killed = std::process::Command::new("kill").args(kill).status();
    assert!(killed.unwrap().success());
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = router.try_wait().unwrap() {
            break status;
        }
        if begin.elapsed() > Duration::from_secs(60) {
            router.kill().unwrap();
            panic!("it does not end while its log is not read");
        }
        thread::yield_now();
    };
    assert!(status.success(), "{status}");
    drop(log);
}
