//! What can be wrong with a tunnel before it begins.

use std::{error::Error, fmt};

use super::PublicKey;
use crate::smoltcp::{Cidr, SetupError};

/// Why an [`Interface`](super::Interface) cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InterfaceError {
    /// The network inside the tunnel cannot be as it is described.
    Network(SetupError),
    /// Two peers have this key.
    PeerTwice(PublicKey),
    /// Two peers may have the addresses of the same network, so that packets to them could go to
    /// either.
    NetworkTwice {
        /// The network, as the second of them has it.
        network: Cidr,
        /// Their keys.
        peers: [PublicKey; 2],
    },
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(error) => error.fmt(f),
            Self::PeerTwice(key) => {
                write!(f, "the peer {key} is given twice, expected each peer once")
            }
            Self::NetworkTwice {
                network,
                peers: [first, second],
            } => write!(
                f,
                "the network {network} is allowed to both {first} and {second}, \
                 expected one peer for each network; give one of them a longer prefix"
            ),
        }
    }
}

impl Error for InterfaceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // It is printed as this error itself.
            Self::Network(error) => error.source(),
            Self::PeerTwice(_) | Self::NetworkTwice { .. } => None,
        }
    }
}

impl From<SetupError> for InterfaceError {
    fn from(error: SetupError) -> Self {
        Self::Network(error)
    }
}
