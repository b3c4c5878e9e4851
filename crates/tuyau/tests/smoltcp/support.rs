//! Networks on a wire.

use std::time::Duration;

use tokio::task::JoinHandle;
use tuyau::{
    smoltcp::{Device, DriverError, Flow, Listener, Network, Tcp, WireSettings},
    tokio::TokioTimer,
};
use tuyau_core::{Attempt, FlowError, ListenerExt, Protocol};

/// A spawned driver.
pub(crate) type Driving = JoinHandle<Result<(), DriverError>>;

/// Two hosts, 10.0.0.1 and 10.0.0.2, and their drivers.
pub(crate) struct Hosts {
    pub(crate) near: Network,
    pub(crate) far: Network,
    pub(crate) near_driver: Driving,
    pub(crate) far_driver: Driving,
}

pub(crate) fn host(address: &str, device: impl Device) -> (Network, Driving) {
    let builder = Network::builder().address(address.parse().unwrap());
    let (network, driver) = builder.start(device, TokioTimer::new()).unwrap();
    (network, tokio::spawn(driver))
}

impl Hosts {
    pub(crate) fn on(settings: WireSettings) -> Self {
        let (left, right) = settings.pair();
        let (near, near_driver) = host("10.0.0.1/24", left);
        let (far, far_driver) = host("10.0.0.2/24", right);
        Self {
            near,
            far,
            near_driver,
            far_driver,
        }
    }

    pub(crate) fn new() -> Self {
        Self::on(WireSettings::new())
    }

    /// A flow from near to far.
    pub(crate) async fn connected(&self) -> (Flow, Flow) {
        let mut listener = listen(&self.far, 0);
        let endpoint = tuyau_core::Listener::address(&listener)
            .socket()
            .unwrap()
            .to_string();
        let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
        let (near, far) = tokio::join!(dial(&self.near, &endpoint), accepting);
        (near.unwrap(), far)
    }
}

pub(crate) fn listen(network: &Network, port: u16) -> Listener {
    Listener::bind_socket(network, ([10, 0, 0, 2], port).into()).unwrap()
}

pub(crate) async fn dial(network: &Network, to: &str) -> Result<Flow, FlowError> {
    let attempt = Attempt::new(Tcp::STAGE);
    let tcp = Tcp::new(network.clone());
    tcp.connect(&to.parse().unwrap(), &attempt).await
}

/// Lets virtual time pass.
pub(crate) async fn after(time: Duration) {
    tokio::time::sleep(time).await;
}
