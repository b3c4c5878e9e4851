//! The serving side.

use std::sync::Arc;

use tuyau_core::Flow;

use super::{
    Error, Flow as NoiseFlow, KeyPair, Kind, PROLOGUE, Pattern,
    error::Side,
    handshake::{Terms, hear, hear_length, proved_key, say},
};

/// Noise as a server, in both patterns.
///
/// It accepts every client that proves a key; who may do what is decided by
/// [`PeerKey`](super::PeerKey) afterwards.
#[derive(Clone, Debug)]
pub struct Acceptor {
    key: KeyPair,
    prologue: Arc<[u8]>,
}

impl Acceptor {
    /// A server that proves `key`.
    pub fn new(key: KeyPair) -> Self {
        Self {
            key,
            prologue: PROLOGUE.into(),
        }
    }

    /// Sets the prologue, [`PROLOGUE`] unless told otherwise. The handshake fails when the client has
    /// another.
    pub fn prologue(mut self, prologue: &[u8]) -> Self {
        self.prologue = prologue.into();
        self
    }

    async fn shake<F: Flow>(&self, mut inner: F) -> Result<NoiseFlow<F>, Kind> {
        let expected = &[32, 96];
        let length = hear_length(&mut inner, expected).await?;
        let pattern = Pattern::of_first(length).ok_or(Kind::NotNoise {
            announced: length,
            expected,
        })?;
        let terms = Terms {
            pattern,
            key: &self.key,
            prologue: &self.prologue,
        };
        let mut state = terms.responder()?;
        hear(&mut inner, &mut state, length).await?;
        say(&mut inner, &mut state).await?;
        if pattern == Pattern::Xx {
            let length = hear_length(&mut inner, &Pattern::Xx.lengths()[2..]).await?;
            hear(&mut inner, &mut state, length).await?;
        }
        let found = proved_key(&state)?;
        NoiseFlow::new(inner, state, found, Side::Client)
    }
}

impl<F: Flow> tuyau_core::Acceptor<F> for Acceptor {
    type Flow = NoiseFlow<F>;
    type Error = Error;

    async fn accept(self, inner: F) -> Result<NoiseFlow<F>, Error> {
        let shaken = self.shake(inner).await;
        shaken.map_err(|kind| Side::Client.error(kind))
    }
}
