//! The dialling side.

use std::{fmt, sync::Arc};

use tuyau_core::{Attempt, Flow, Layer, LayerKey, Security, Stage, Target};

use super::{
    Error, Flow as NoiseFlow, KeyPair, Kind, PROLOGUE, Pattern, PublicKey,
    error::Side,
    handshake::{Terms, hear, hear_length, proved_key, say},
};

/// The key of the layer; with it over a protocol's key comes a [`Peer`] beside the endpoint.
#[derive(Debug)]
pub struct NoiseKey;

impl LayerKey for NoiseKey {
    type Config = Peer;
    const NAME: &'static str = "noise";

    fn show(_peer: &Peer, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Added to a [`Target`]: the key that the server must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedPeer(pub PublicKey);

/// Who is expected at the other end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer(Option<PublicKey>);

impl Peer {
    /// The holder of this key.
    pub fn key(key: PublicKey) -> Self {
        Self(Some(key))
    }

    /// Nobody in particular. A connect with it fails, unless the pattern is XX and the connector may
    /// [accept any key](Connector::danger_accept_any_key).
    pub fn unknown() -> Self {
        Self(None)
    }

    /// Whom the target means: the key of its [`ExpectedPeer`]. The function for
    /// [`ResolverExt::configure`](tuyau_core::ResolverExt::configure).
    pub fn of(target: &Target) -> Option<Self> {
        Some(Self(target.find().map(|ExpectedPeer(key)| *key)))
    }

    /// The key that is expected, if one is.
    pub fn expected(&self) -> Option<PublicKey> {
        self.0
    }
}

/// Noise as a client.
#[derive(Clone, Debug)]
pub struct Connector {
    key: KeyPair,
    pattern: Pattern,
    prologue: Arc<[u8]>,
    any_key: bool,
}

impl Connector {
    /// A client that proves `key`.
    pub fn new(key: KeyPair, pattern: Pattern) -> Self {
        Self {
            key,
            pattern,
            prologue: PROLOGUE.into(),
            any_key: false,
        }
    }

    /// Sets the prologue, [`PROLOGUE`] unless told otherwise. The handshake fails when the server has
    /// another.
    pub fn prologue(mut self, prologue: &[u8]) -> Self {
        self.prologue = prologue.into();
        self
    }

    /// Accepts any key that a server proves when none is expected, for finding out who is there. Such
    /// a flow is encrypted, but anyone can be at its other end. Without effect in IK, which cannot
    /// begin without the server's key.
    pub fn danger_accept_any_key(mut self) -> Self {
        self.any_key = self.pattern == Pattern::Xx;
        self
    }

    async fn shake<F: Flow>(&self, mut inner: F, peer: &Peer) -> Result<NoiseFlow<F>, Kind> {
        let expected = peer.expected();
        if expected.is_none() && !self.any_key {
            return Err(Kind::NoExpectedKey);
        }
        if expected.is_some_and(|key| key.is_weak()) {
            return Err(Kind::WeakKey);
        }
        let terms = Terms {
            pattern: self.pattern,
            key: &self.key,
            prologue: &self.prologue,
        };
        let mut state = terms.initiator(expected.as_ref())?;
        let answer = &self.pattern.lengths()[1..2];
        say(&mut inner, &mut state).await?;
        let length = hear_length(&mut inner, answer).await?;
        hear(&mut inner, &mut state, length).await?;
        let found = proved_key(&state)?;
        if let Some(expected) = expected
            && expected != found
        {
            return Err(Kind::WrongKey { expected, found });
        }
        if self.pattern == Pattern::Xx {
            // Only now the server learns who asks.
            say(&mut inner, &mut state).await?;
        }
        NoiseFlow::new(inner, state, found, Side::Server)
    }
}

impl<F: Flow> Layer<F> for Connector {
    type Key = NoiseKey;
    type Flow = NoiseFlow<F>;
    type Error = Error;

    const STAGE: Stage = Stage::new("noise");

    async fn connect(
        &self,
        inner: F,
        peer: &Peer,
        _attempt: &Attempt,
    ) -> Result<NoiseFlow<F>, Error> {
        let shaken = self.shake(inner, peer).await;
        shaken.map_err(|kind| Side::Server.error(kind))
    }

    fn security(&self) -> Security {
        if self.any_key {
            Security::Encrypted
        } else {
            Security::Authenticated
        }
    }
}
