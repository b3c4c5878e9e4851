//! From the settings of TLS to those of QUIC.

use std::sync::Arc;

use quinn::{
    ClientConfig, ServerConfig,
    crypto::rustls::{NoInitialCipherSuite, QuicClientConfig, QuicServerConfig},
};

use super::{ALPN, Options};
use crate::tls;

/// The application protocols, of which QUIC needs at least one.
fn name(alpn: &mut Vec<Vec<u8>>) {
    if alpn.is_empty() {
        alpn.push(ALPN.into());
    }
}

pub(super) fn client(
    mut config: rustls::ClientConfig,
    options: &Options,
) -> Result<ClientConfig, NoInitialCipherSuite> {
    name(&mut config.alpn_protocols);
    let crypto = QuicClientConfig::try_from(config)?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(options.transport());
    Ok(config)
}

pub(super) fn server(
    acceptor: &tls::Acceptor,
    options: &Options,
) -> Result<ServerConfig, NoInitialCipherSuite> {
    let mut config = acceptor.quic_config();
    name(&mut config.alpn_protocols);
    let crypto = QuicServerConfig::try_from(config)?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(options.transport());
    Ok(config)
}
