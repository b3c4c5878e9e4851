//! Starting servers on ports that are free.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

/// A server that ends with this value.
pub(crate) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port on loopback that nobody listens at now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Starts what `command` makes for some free ports, and waits until all of them answer. Another
/// program may take a port first; then it is tried with others.
pub(crate) fn start<const N: usize>(command: impl Fn([u16; N]) -> Command) -> (Server, [u16; N]) {
    loop {
        let ports = std::array::from_fn(|_| free_port());
        let mut command = command(ports);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn();
        let mut server = Server(child.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        if ports.iter().all(|port| answers(&mut server.0, *port)) {
            return (server, ports);
        }
    }
}

fn answers(server: &mut Child, port: u16) -> bool {
    while server.try_wait().unwrap().is_none() {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}
