//! Flows over devices: serial lines, and a stack in user space at a TAP device.

use std::{net::SocketAddr, process::Command};

use nix::sched::{CloneFlags, unshare};
use tokio::task::JoinHandle;
use tuyau::{
    serial::{self, Line, Parity, Serial, SerialKey},
    smoltcp::{DriverError, Medium, Network, Tap, Tcp},
    tcp,
    tokio::TokioTimer,
};
use tuyau_core::{Attempt, Context, FlowExt, Listener, Protocol, Registry, Table, Target};

use crate::{
    held::{alone, alone_on_its_thread, leaves_nothing},
    packets::meet,
    servers::{End, connect_ends},
    terminal::terminal,
};

fn context(line: Line) -> Context {
    let mut registry = Registry::new();
    registry.protocol(serial::KEY, Serial);
    let table = Table::<SerialKey>::new().with("line", line);
    registry.resolver(serial::KEY, 0, table);
    registry.freeze(TokioTimer::new())
}

/// Says why a test ends before it has begun.
#[allow(
    clippy::print_stderr,
    reason = "libtest cannot ignore a test once it runs"
)]
fn not_run(reason: &str) {
    eprintln!("not run: {reason}");
}

#[test]
fn an_open_line() {
    alone(async || {
        let (line, _other) = match terminal() {
            Ok(terminal) => terminal,
            Err(reason) => return not_run(&reason),
        };
        leaves_nothing("serial", async || {
            let attempt = Attempt::new(Serial::STAGE);
            let mut flow = Serial.connect(&line, &attempt).await.unwrap();
            flow.write_all(b"hello").await.unwrap();
        })
        .await;
    });
}

#[test]
fn a_line_that_is_not_there_and_one_that_takes_no_parity() {
    alone(async || {
        let (line, _other) = match terminal() {
            Ok(terminal) => terminal,
            Err(reason) => return not_run(&reason),
        };
        for (name, line, end) in [
            (
                "serial, absent",
                Line::new("/dev/no-such-line"),
                End::Failed("unreachable"),
            ),
            (
                "serial, parity",
                line.parity(Parity::Odd),
                End::Failed("does not take `parity=odd`"),
            ),
        ] {
            let context = context(line);
            connect_ends(name, context.connect(Target::name("line")), "serial", end).await;
        }
    });
}

const KERNEL: &str = "10.77.0.1";
const OURS: &str = "10.77.0.2/24";

/// Makes a network namespace for this thread, and in it an interface that stays.
fn interface() -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|error| format!("no network namespace: {error} (run it as root)"))?;
    ip("tuntap add dev tuyau0 mode tap")?;
    ip(&format!("addr add {KERNEL}/24 dev tuyau0"))?;
    ip("link set tuyau0 up")
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.map_err(|error| format!("no `ip` (iproute2): {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "`ip {arguments}` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}

/// A host at the other end of an interface, and the task that drives it until nobody uses it.
fn host(interface: &str) -> (Network, JoinHandle<Result<(), DriverError>>) {
    let device = Tap::open(interface, Medium::Ethernet).unwrap();
    let builder = Network::builder().address(OURS.parse().unwrap());
    let (network, driver) = builder.start(device, TokioTimer::new()).unwrap();
    (network, tokio::spawn(driver))
}

#[test]
fn a_stack_in_user_space_and_its_device() {
    alone_on_its_thread(async || {
        if let Err(reason) = interface() {
            return not_run(&reason);
        }
        leaves_nothing("tap", async || {
            let (network, driver) = host("tuyau0");
            let any = SocketAddr::new(KERNEL.parse().unwrap(), 0);
            let listener = tcp::Listener::bind_socket(any).unwrap();
            let endpoint = listener.address().socket().unwrap();
            let (mut near, mut far) = meet(&Tcp::new(network), endpoint, listener).await;
            near.write_all(b"hello").await.unwrap();
            far.read_exact(&mut [0; 5]).await.unwrap();
            drop((near, far));
            driver.await.unwrap().unwrap();
        })
        .await;
        leaves_nothing("tap, an interface of its own", async || {
            let (network, driver) = host("tuyau1");
            drop(network);
            driver.await.unwrap().unwrap();
        })
        .await;
        ip("link show dev tuyau0").unwrap();
        ip("link show dev tuyau1").unwrap_err();
    });
}
