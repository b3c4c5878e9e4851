//! What a router dials with, and where it listens.

use tuyau::{stack::Stack, tls};
use tuyau_core::{AnyListener, Context};

use crate::{Settings, StartError};

/// What a router dials with, and where it listens.
///
/// A router makes its own from its settings: the stacks of [`tuyau::stack`], and their listeners at
/// [`Settings::listen`]. A program that brings another one, such as a simulation of a network, must
/// see to it that each flow is one of an identity that was proved:
///
/// - a flow that a listener gives has the information [`tls::PeerKey`]; one without it is refused;
/// - a protocol of the context is [authenticated](tuyau_core::Security::Authenticated), and connects
///   to nobody but the [`tls::ExpectedPeer`] of its target.
#[derive(Debug)]
pub struct Network {
    /// What dials the routes of services.
    pub context: Context,
    /// Where connections are accepted.
    pub listeners: Vec<AnyListener>,
}

impl Network {
    /// The one of these settings: the one that they bring, or else the stacks.
    pub(crate) async fn open(settings: &mut Settings) -> Result<Self, StartError> {
        if let Some(network) = settings.network.take() {
            return Ok(network);
        }
        let stack = stack(settings)?;
        let mut listeners = Vec::new();
        for address in &settings.listen {
            listeners.push(stack.listen(address).await.map_err(StartError::Listen)?);
        }
        let context = stack.context().clone();
        Ok(Self { context, listeners })
    }
}

fn stack(settings: &Settings) -> Result<Stack, StartError> {
    let key = tls::KeyPair::from_pkcs8_der(&settings.secret.to_pkcs8_der());
    let key = key.map_err(|error| StartError::Tls(error.into()))?;
    Stack::new(key, settings.authority.clone(), settings.hub.clone())
        .map_err(|error| StartError::Tls(error.into()))
}
