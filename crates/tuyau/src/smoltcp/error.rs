//! What can go wrong with a stack.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use tuyau_core::{ErrorKind, FlowError};

use super::Cidr;

/// Why a [`Network`](super::Network) cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// It was given no address.
    NoAddress,
    /// More than [`MAX_ADDRESSES`](super::MAX_ADDRESSES) addresses.
    TooManyAddresses(usize),
    /// More than [`MAX_ROUTES`](super::MAX_ROUTES) routes.
    TooManyRoutes(usize),
    /// Not an address that a host can have: a multicast, broadcast or unspecified one.
    NotAHost(IpAddr),
    /// The gateway of a route is in none of the networks of the addresses.
    Gateway {
        /// Where the route leads.
        to: Cidr,
        /// The gateway.
        gateway: IpAddr,
    },
    /// The device's MTU, in bytes, is out of bounds; see [`Device::mtu`](super::Device::mtu).
    Mtu(usize),
    /// The hardware address is a multicast one.
    HardwareAddress([u8; 6]),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("the network has no address, give it at least one"),
            Self::TooManyAddresses(count) => {
                let most = super::MAX_ADDRESSES;
                write!(
                    f,
                    "{count} addresses are too many, a network has at most {most}"
                )
            }
            Self::TooManyRoutes(count) => {
                let most = super::MAX_ROUTES;
                write!(
                    f,
                    "{count} routes are too many, a network has at most {most}"
                )
            }
            Self::NotAHost(address) => {
                write!(
                    f,
                    "{address} is not the address of a host, expected a unicast address"
                )
            }
            Self::Gateway { to, gateway } => write!(
                f,
                "the gateway {gateway} of the route to {to} is in no network of this host, \
                 expected an address of one of them"
            ),
            Self::Mtu(mtu) => write!(
                f,
                "an MTU of {mtu} bytes is out of bounds, expected 576 to 65535, \
                 and at least 1280 with an IPv6 address"
            ),
            Self::HardwareAddress(address) => write!(
                f,
                "{address:02x?} is the hardware address of a group, expected an even first byte"
            ),
        }
    }
}

impl Error for SetupError {}

/// Why the driver of a network ended before its time: the device failed. It is the source of the
/// errors of all flows from then on.
#[derive(Clone, Debug)]
pub struct DriverError(pub(super) Arc<io::Error>);

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the device of the network failed")
    }
}

impl Error for DriverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// What stands as the source in errors of flows, beside what the peer did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NetworkError {
    /// The network's driver was dropped; nothing moves without it.
    DriverDropped,
    /// The network's device failed.
    DeviceFailed(DriverError),
    /// No address of the network is of the family of this one.
    NoSource(IpAddr),
    /// No route leads to this address.
    NoRoute(IpAddr),
    /// Nobody can be reached at this endpoint: its address is not one of a host, or its port is 0.
    BadEndpoint(SocketAddr),
    /// All ephemeral ports are taken.
    NoPort,
}

impl NetworkError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::DriverDropped | Self::DeviceFailed(_) => ErrorKind::Closed,
            Self::NoSource(_) | Self::NoRoute(_) | Self::BadEndpoint(_) => ErrorKind::Unreachable,
            Self::NoPort => ErrorKind::Other,
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DriverDropped => f.write_str(
                "the driver of the network was dropped, keep it running as long as its flows",
            ),
            Self::DeviceFailed(error) => error.fmt(f),
            Self::NoSource(to) => write!(
                f,
                "the network has no address to reach {to} from, give it one of the same family"
            ),
            Self::NoRoute(to) => write!(
                f,
                "no route leads to {to}, add one or an address in its network"
            ),
            Self::BadEndpoint(to) => write!(
                f,
                "{to} is nobody's endpoint, expected a unicast address and a port from 1 to 65535"
            ),
            Self::NoPort => f.write_str("all ephemeral ports are taken, close some flows"),
        }
    }
}

impl Error for NetworkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::DeviceFailed(error) => error.source(),
            _ => None,
        }
    }
}

impl From<NetworkError> for FlowError {
    fn from(error: NetworkError) -> Self {
        Self::new(error.kind(), error)
    }
}
