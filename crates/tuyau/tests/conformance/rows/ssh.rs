//! SSH over several flows: a command's channel, and a forwarded stream.

use tuyau::ssh;
use tuyau_conformance::Traits;
use tuyau_core::Flow;

use super::{mem as memory, tcp as transmission};
use crate::{
    list::{List, tokio},
    support::layered,
};

pub(crate) fn rows(list: &mut List) {
    let traits = Traits::stream().tells_truncation();
    list.flows("ssh_mem", traits, tokio, async || {
        over(memory::pair().await, ssh::Open::command("work")).await
    });
    list.flows("ssh_tcp", traits, tokio, async || {
        over(transmission::pair().await, ssh::Open::command("work")).await
    });
    #[cfg(feature = "tls")]
    list.flows("ssh_tls_mem", traits, tokio, async || {
        over(super::tls::over_mem().await, ssh::Open::command("work")).await
    });
    list.flows("ssh_forwarded_mem", traits, tokio, async || {
        over(memory::pair().await, ssh::Open::tcp("beyond", 80)).await
    });
}

async fn over<F: Flow>(pair: (F, F), open: ssh::Open) -> (ssh::Flow, ssh::Flow) {
    let connector = ssh::Settings::new()
        .danger_accept_any_host_key()
        .key(ssh::PrivateKey::generate().unwrap())
        .connector();
    let acceptor = ssh::ServerSettings::new(ssh::PrivateKey::generate().unwrap(), |_, _| true);
    let remote = ssh::Remote::new("anna", "here", 22, open);
    layered(pair, connector, &remote, acceptor.acceptor()).await
}
