//! TCP inside a WireGuard tunnel.

use tuyau::{
    mem,
    tokio::TokioTimer,
    wireguard::{Flow, Interface, Listener, Peer, PrivateKey, PublicKey, Tunnel, WireGuard},
};
use tuyau_conformance::{Serving, ServingTraits, Traits};
use tuyau_core::Datagrams;

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("wireguard", Traits::stream(), tokio, pair);
    list.serving("wireguard", ServingTraits::new(), tokio, async || {
        let (near, far, listener) = listening();
        let endpoint = "10.7.0.2:80".parse().unwrap();
        Serving::new(listener, WireGuard::new(near), endpoint).keep(far)
    });
    #[cfg(all(feature = "tap", feature = "udp", target_os = "linux"))]
    list.flows("wireguard_kernel", Traits::stream(), tokio, kernel::pair);
}

async fn pair() -> (Flow, Flow) {
    let (near, _far, listener) = listening();
    let endpoint = "10.7.0.2:80".parse().unwrap();
    connected(WireGuard::new(near), endpoint, listener).await
}

fn listening() -> (Tunnel, Tunnel, Listener) {
    let key = || PrivateKey::generate().unwrap();
    let (alice, bob) = (key(), key());
    let (near, far) = mem::datagram_pair();
    let near = end(&alice, "10.7.0.1/24", bob.public_key(), "10.7.0.2", near);
    let far = end(&bob, "10.7.0.2/24", alice.public_key(), "10.7.0.1", far);
    let listener = Listener::bind(&far, &"tcp://10.7.0.2:80".parse().unwrap()).unwrap();
    (near, far, listener)
}

fn end(
    own: &PrivateKey,
    address: &str,
    peer: PublicKey,
    at: &str,
    carrier: impl Datagrams,
) -> Tunnel {
    let network = address.parse().unwrap();
    let peer = Peer::new(peer).allow(at.parse().unwrap()).over(carrier);
    let interface = Interface::new(own.clone()).address(network).peer(peer);
    let (tunnel, driver) = interface.start(TokioTimer::new()).unwrap();
    ::tokio::spawn(driver);
    tunnel
}

/// Against the kernel's WireGuard, in a network namespace that only this thread sees.
#[cfg(all(feature = "tap", feature = "udp", target_os = "linux"))]
mod kernel {
    use std::{io::Write, path::Path, process::Command};

    use tuyau::{tcp, udp};
    use tempfile::NamedTempFile;
    use tuyau_conformance::NotRun;
    use tuyau_core::{Attempt, Protocol};

    use super::{Flow, PrivateKey, WireGuard, connected, end};
    use crate::rows::tap::{ip, own_namespace};

    /// Makes a device of the kernel's, and says all that is missing where it cannot be made or used.
    fn device() -> Result<(), NotRun> {
        let added = ip(&["link", "add", "tuyauwg", "type", "wireguard"]);
        let kernel = added.map_err(|error| match Path::new("/sys/module/wireguard").exists() {
            true => error.to_string(),
            false => format!("no WireGuard in the kernel ({error}; modprobe wireguard)"),
        });
        let tool = Command::new("wg").arg("--version").output();
        let tool = tool.map_err(|error| format!("no `wg` (wireguard-tools): {error}"));
        let missing = [kernel.err(), tool.err()].into_iter().flatten();
        match missing.collect::<Vec<_>>() {
            missing if missing.is_empty() => Ok(()),
            missing => Err(NotRun::new(missing.join("; "))),
        }
    }

    pub(super) async fn pair() -> Result<(Flow, tcp::Flow), NotRun> {
        own_namespace()?;
        device()?;
        let (ours, theirs) = (PrivateKey::generate(), PrivateKey::generate());
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(theirs.to_text().as_bytes()).unwrap();
        let configured = Command::new("wg")
            .args(["set", "tuyauwg", "listen-port", "51820", "private-key"])
            .arg(file.path())
            .args(["peer", &ours.public_key().to_string()])
            .args(["allowed-ips", "10.78.0.2/32"])
            .status();
        assert!(configured.unwrap().success(), "wg configures the device");
        ip(&["addr", "add", "10.78.0.1/24", "dev", "tuyauwg"])?;
        ip(&["link", "set", "tuyauwg", "up"])?;
        ip(&["link", "set", "lo", "up"])?;
        let attempt = Attempt::new(udp::Udp::STAGE);
        let at = "127.0.0.1:51820".parse().unwrap();
        let carrier = udp::Udp::new().connect(&at, &attempt).await.unwrap();
        let tunnel = end(&ours, "10.78.0.2/24", theirs.public_key(), "10.78.0.1", carrier);
        let endpoint = "10.78.0.1:80".parse().unwrap();
        let listener = tcp::Listener::bind_socket(endpoint).unwrap();
        Ok(connected(WireGuard::new(tunnel), endpoint, listener).await)
    }
}
