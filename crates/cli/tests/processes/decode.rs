//! `tuyau decode` on the streams of the specification, and on what is none.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use serde_json::Value;

use crate::program::{run, tuyau};

fn vector(path: &str) -> String {
    let vectors = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors");
    vectors.join(path).to_str().unwrap().to_owned()
}

#[track_caller]
fn said(code: i32, output: &Output) -> String {
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    assert_eq!(err, "");
    out
}

/// What is printed of these bytes on standard input.
#[track_caller]
fn of(bytes: &[u8], code: i32, options: &[&str]) -> String {
    let words = [&["decode", "-"], options].concat();
    let mut child = tuyau(Path::new("."), words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    said(code, &child.wait_with_output().unwrap())
}

#[test]
fn the_example_of_the_specification_is_explained() {
    let output = run(Path::new("."), &["decode", &vector("session/router.hex")]);
    let text = said(0, &output);
    for part in [
        "  hello        versions [2], capabilities [\"durable\", \"lookup\"], role router",
        "  receipt      level accepted, first 4096, last 4096\n",
        "  reject       sequence 4102, code unbound, text \"handle 2 is not bound\"\n",
        "  deliver      handle 1000, sequence 5003, body 6 bytes \"hello?\"\n",
        " of a router in ",
        "; nothing is wrong\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_mistake_is_told_with_its_place_its_meaning_and_what_to_do() {
    let output = run(Path::new("."), &["decode", &vector("session/alice.hex")]);
    let text = said(1, &output);
    assert!(text.contains(", signature good}"), "{text}");
    let (_, diagnosis) = text.split_once("one thing is wrong").expect(&text);
    for part in [
        ": send on handle 2, which is not bound",
        "`unbound`",
        "bind the handle",
    ] {
        assert!(diagnosis.contains(part), "{part}\n{text}");
    }
}

#[test]
fn every_line_for_programs_is_an_object() {
    let output = run(
        Path::new("."),
        &["decode", &vector("session/alice.hex"), "--json"],
    );
    let text = said(1, &output);
    let lines: Vec<Value> = text
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines[0]["type"], "hello");
    assert_eq!(
        lines[0]["fields"]["parameters"]["epoch"],
        1_800_000_000_000_u64
    );
    assert_eq!(lines[1]["fields"]["record"]["signature"], "good");
    let send = lines.iter().find(|line| line["type"] == "send").unwrap();
    assert_eq!(send["fields"]["body"]["text"], "hi there");
    let [.., finding, end] = &lines[..] else {
        panic!("{text}")
    };
    assert_eq!(finding["kind"], "unbound");
    assert_eq!(
        (&end["event"], &end["findings"]),
        (&"end".into(), &1.into())
    );
}

#[test]
fn standard_input_is_read_as_bytes_or_as_hex() {
    let ping = [0x43, 0x82, 0x14, 0x01];
    let (bytes, text) = (of(&ping, 1, &[]), of(b"43 82 14 01 # ping\n", 1, &[]));
    assert_eq!(bytes, text);
    assert!(text.contains("ping         token 1\n"), "{text}");
    assert!(
        text.contains("the first message is ping, not hello"),
        "{text}"
    );
}

#[test]
fn what_is_no_stream_is_named() {
    for (bytes, named) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "HTTP"),
        (&[0x16, 3, 1, 0, 4, 1, 0, 0, 0], "a TLS record of 4 bytes"),
        (b"", "no byte"),
        (&[0x43, 0x82], "lacks 2 bytes"),
        (&[0x82, 0x14, 0x01], "an array of 2, such as a message"),
    ] {
        let text = of(bytes, 1, &[]);
        assert!(text.contains(named) && text.contains("to do: "), "{text}");
    }
}

#[test]
fn the_longest_message_can_be_told() {
    let pong = [0x43, 0x82, 0x15, 0x01];
    let text = of(&pong, 1, &["--max-frame", "2"]);
    assert!(text.contains("at most 2 bytes, found one of 3"), "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    for (name, content, told) in [
        ("missing", None, "No such file"),
        ("odd.hex", Some("438"), "found 3 in all"),
    ] {
        if let Some(content) = content {
            std::fs::write(directory.path().join(name), content).unwrap();
        }
        let output = run(directory.path(), &["decode", name]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            error.starts_with(&format!("error: cannot read the capture {name}: ")),
            "{error}"
        );
        assert!(error.contains(told), "{error}");
    }
}
