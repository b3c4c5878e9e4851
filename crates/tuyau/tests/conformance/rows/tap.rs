//! A stack in user space against the kernel's, over a TAP device.

use std::{net::SocketAddr, process::Command};

use nix::sched::{CloneFlags, unshare};
use tuyau::{
    smoltcp::{Flow, Listener, Medium, Network, Tap, Tcp},
    tcp,
};
use tuyau_conformance::{NotRun, Serving, ServingTraits, Traits};

use super::smoltcp::host;
use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("tap_dialled", Traits::stream(), tokio, async || {
        let network = over(Medium::Ethernet)?;
        let listener = tcp::Listener::bind_socket(endpoint(KERNEL)).unwrap();
        Ok::<_, NotRun>(connected(Tcp::new(network), endpoint(KERNEL), listener).await)
    });
    list.flows("tap_accepted", Traits::stream(), tokio, async || {
        accepted(Medium::Ethernet).await
    });
    list.flows("tun_accepted", Traits::stream(), tokio, async || {
        accepted(Medium::Ip).await
    });
    list.serving("tap_dialled", ServingTraits::new(), tokio, async || {
        let network = over(Medium::Ethernet)?;
        let listener = tcp::Listener::bind_socket(endpoint(KERNEL)).unwrap();
        let serving = Serving::new(listener, Tcp::new(network), endpoint(KERNEL));
        Ok::<_, NotRun>(serving)
    });
    list.serving("tap_accepted", ServingTraits::new(), tokio, async || {
        served(Medium::Ethernet)
    });
    list.serving("tun_accepted", ServingTraits::new(), tokio, async || {
        served(Medium::Ip)
    });
}

const KERNEL: &str = "10.77.0.1";
const OURS: &str = "10.77.0.2";

fn endpoint(host: &str) -> SocketAddr {
    format!("{host}:80").parse().unwrap()
}

async fn accepted(medium: Medium) -> Result<(tcp::Flow, Flow), NotRun> {
    let network = over(medium)?;
    let listener = Listener::bind_socket(&network, endpoint(OURS)).unwrap();
    Ok(connected(tcp::Tcp::new(), endpoint(OURS), listener).await)
}

/// A listener of ours, which the kernel dials.
fn served(medium: Medium) -> Result<Serving<Listener, tcp::Tcp>, NotRun> {
    let network = over(medium)?;
    let listener = Listener::bind_socket(&network, endpoint(OURS)).unwrap();
    Ok(Serving::new(listener, tcp::Tcp::new(), endpoint(OURS)).keep(network))
}

/// Moves this thread into a network namespace of its own, which goes with the thread.
pub(crate) fn own_namespace() -> Result<(), NotRun> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|error| NotRun::new(format!("no network namespace: {error} (run it as root)")))
}

/// A network at the other end of a TAP or TUN device in a namespace of its own.
fn over(medium: Medium) -> Result<Network, NotRun> {
    own_namespace()?;
    let device = Tap::open("tuyau0", medium)
        .map_err(|error| NotRun::new(format!("no TAP device: {error} (modprobe tun)")))?;
    let address = format!("{KERNEL}/24");
    ip(&["addr", "add", &address, "dev", "tuyau0"])?;
    ip(&["link", "set", "tuyau0", "up"])?;
    Ok(host(&format!("{OURS}/24"), device))
}

pub(crate) fn ip(arguments: &[&str]) -> Result<(), NotRun> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|error| NotRun::new(format!("no `ip` (iproute2): {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let (command, said) = (arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    Err(NotRun::new(format!("`ip {command}` failed: {}", said.trim())))
}
