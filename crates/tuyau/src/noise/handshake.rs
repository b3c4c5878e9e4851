//! The messages before the first byte of the stream.

use snow::{Builder, HandshakeState};
use tuyau_core::{ErrorKind, Flow, FlowError, FlowExt};

use super::{KeyPair, Kind, PublicKey};

/// The prologue unless another is set: both sides must have the same one (section 6).
pub const PROLOGUE: &[u8] = b"tuyau noise v1\n";

/// The longest message of a handshake here, in bytes.
const LONGEST: usize = 96;

/// Which messages a handshake has, and who must know what beforehand (section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pattern {
    /// Each side sends the other its key: three messages.
    Xx,
    /// The client knows the server's key beforehand: two messages.
    Ik,
}

impl Pattern {
    /// The name of the whole protocol (section 8).
    pub fn protocol_name(self) -> &'static str {
        match self {
            Self::Xx => "Noise_XX_25519_ChaChaPoly_BLAKE2s",
            Self::Ik => "Noise_IK_25519_ChaChaPoly_BLAKE2s",
        }
    }

    /// The lengths of its messages in bytes, given that their payloads are empty.
    pub(super) fn lengths(self) -> &'static [u16] {
        match self {
            Self::Xx => &[32, 96, 64],
            Self::Ik => &[96, 48],
        }
    }

    /// The pattern whose first message has this length.
    pub(super) fn of_first(length: u16) -> Option<Self> {
        match length {
            32 => Some(Self::Xx),
            96 => Some(Self::Ik),
            _ => None,
        }
    }
}

/// What this side brings into a handshake.
pub(super) struct Terms<'a> {
    pub(super) pattern: Pattern,
    pub(super) key: &'a KeyPair,
    pub(super) prologue: &'a [u8],
}

impl Terms<'_> {
    /// The side that speaks first; `server` is known beforehand in IK.
    pub(super) fn initiator(&self, server: Option<&PublicKey>) -> Result<HandshakeState, Kind> {
        let mut builder = self.builder()?;
        if let (Pattern::Ik, Some(server)) = (self.pattern, server) {
            builder = builder.remote_public_key(&server.0).map_err(engine)?;
        }
        builder.build_initiator().map_err(engine)
    }

    /// The side that answers.
    pub(super) fn responder(&self) -> Result<HandshakeState, Kind> {
        self.builder()?.build_responder().map_err(engine)
    }

    fn builder(&self) -> Result<Builder<'_>, Kind> {
        let name = self.pattern.protocol_name().parse().map_err(engine)?;
        Builder::new(name)
            .prologue(self.prologue)
            .and_then(|builder| builder.local_private_key(self.key.private_bytes()))
            .map_err(engine)
    }
}

/// Sends this side's next message.
pub(super) async fn say<F: Flow>(flow: &mut F, state: &mut HandshakeState) -> Result<(), Kind> {
    let mut message = [0; 2 + LONGEST];
    let length = state
        .write_message(&[], &mut message[2..])
        .map_err(engine)?;
    let size = u16::try_from(length).map_err(engine)?;
    message[..2].copy_from_slice(&size.to_be_bytes());
    flow.write_all(&message[..2 + length])
        .await
        .map_err(Kind::Io)?;
    flow.flush().await.map_err(Kind::Io)
}

/// Hears the length of the peer's next message, which must be one of `expected`.
pub(super) async fn hear_length<F: Flow>(
    flow: &mut F,
    expected: &'static [u16],
) -> Result<u16, Kind> {
    let mut length = [0; 2];
    flow.read_exact(&mut length).await.map_err(cut)?;
    let announced = u16::from_be_bytes(length);
    if !expected.contains(&announced) {
        return Err(Kind::NotNoise {
            announced,
            expected,
        });
    }
    Ok(announced)
}

/// Hears the rest of the peer's next message.
pub(super) async fn hear<F: Flow>(
    flow: &mut F,
    state: &mut HandshakeState,
    length: u16,
) -> Result<(), Kind> {
    let mut message = [0; LONGEST];
    let message = &mut message[..usize::from(length)];
    flow.read_exact(message).await.map_err(cut)?;
    match state.read_message(message, &mut [0; LONGEST]) {
        Ok(_) => Ok(()),
        Err(snow::Error::Decrypt) => Err(Kind::Undecipherable),
        Err(error) => Err(engine(error)),
    }
}

/// The key that the peer proved, once its message with the key was heard.
pub(super) fn proved_key(state: &HandshakeState) -> Result<PublicKey, Kind> {
    let bytes = state
        .get_remote_static()
        .and_then(|key| key.try_into().ok());
    let key = PublicKey(bytes.ok_or(Kind::Undecipherable)?);
    if key.is_weak() {
        return Err(Kind::WeakKey);
    }
    Ok(key)
}

pub(super) fn engine(error: impl std::error::Error + Send + Sync + 'static) -> Kind {
    Kind::Engine(Box::new(error))
}

fn cut(error: FlowError) -> Kind {
    match error.kind() {
        ErrorKind::Truncated => Kind::Unfinished,
        _ => Kind::Io(error),
    }
}
