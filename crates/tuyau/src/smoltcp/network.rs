//! A network, and how it is set up.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use ::smoltcp::{
    iface::{Config, Interface, Route},
    wire::{EthernetAddress, HardwareAddress, IpCidr},
};
use tuyau_core::Timer;

use super::{
    Cidr, Device, Driver, Medium, SetupError,
    frames::Frames,
    ports,
    state::{Share, Shared, State, instant},
};

/// The most addresses that one network can have; smoltcp keeps them in a place of fixed size.
pub const MAX_ADDRESSES: usize = 8;
/// The most routes that one network can have, beside those that its addresses mean.
pub const MAX_ROUTES: usize = 16;
/// How many bytes a connection holds in each direction while nobody reads them, unless told otherwise.
pub const BUFFER: usize = 64 * 1024;
/// The smallest MTU, in bytes: what each IPv4 host takes (RFC 791, section 3.1).
const MIN_MTU: usize = 576;
/// The smallest MTU where IPv6 is spoken, in bytes (RFC 8200, section 5).
const MIN_MTU_V6: usize = 1280;

/// A host of its own: addresses, routes and a TCP/IP stack over one device. Clones are the same host.
///
/// It moves only while its [`Driver`] runs.
#[derive(Clone)]
pub struct Network {
    pub(super) share: Arc<Share>,
}

impl Network {
    /// Describes a network.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// How many TCP and UDP sockets the stack holds at the moment: flows, those being closed, those
    /// in TIME-WAIT, waiting connections, and one for each listener. The UDP flows of one listener
    /// share its socket, and have others only while datagrams of several of them are to be sent.
    pub fn sockets(&self) -> usize {
        self.share.with(|state, _| state.sockets.iter().count())
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

/// How many bytes a connection buffers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) receive: usize,
    pub(super) send: usize,
}

/// A [`Network`] to be set up.
#[derive(Clone, Debug)]
#[must_use = "a network is made by `start`"]
pub struct Builder {
    addresses: Vec<Cidr>,
    routes: Vec<(Cidr, IpAddr)>,
    hardware: Option<[u8; 6]>,
    sizes: Sizes,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            routes: Vec::new(),
            hardware: None,
            sizes: Sizes {
                receive: BUFFER,
                send: BUFFER,
            },
        }
    }
}

impl Builder {
    /// Adds an address, with the length of its network's prefix: those of that network are neighbours.
    pub fn address(mut self, address: Cidr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Sends what is meant for `to` by way of a neighbour. The longest matching prefix decides;
    /// `0.0.0.0/0` and `::/0` match everything. A device for IP packets needs no routes: all it is
    /// given goes to the other end.
    pub fn route(mut self, to: Cidr, gateway: IpAddr) -> Self {
        self.routes.push((to, gateway));
        self
    }

    /// Sets the Ethernet address, instead of a random one that is locally administered.
    pub fn hardware_address(mut self, address: [u8; 6]) -> Self {
        self.hardware = Some(address);
        self
    }

    /// Sets how many bytes each TCP connection holds for receiving and for sending: at least one, by
    /// default [`BUFFER`]. The first is the window that the peer sees, and bounds the throughput
    /// over long ways. A window that does not hold several packets of the device's MTU stalls when
    /// both sides send at once.
    pub fn buffers(mut self, receive: usize, send: usize) -> Self {
        self.sizes = Sizes {
            receive: receive.max(1),
            send: send.max(1),
        };
        self
    }

    /// Sets the network up over a device; nothing moves before the driver is polled.
    ///
    /// # Errors
    /// When addresses, routes or the device's MTU cannot be used.
    pub fn start<D: Device>(
        self,
        device: D,
        timer: impl Timer,
    ) -> Result<(Network, Driver<D>), SetupError> {
        self.check(&device)?;
        let mut frames = Frames::of(&device);
        let timer: Arc<dyn Timer> = Arc::new(timer);
        let mut config = Config::new(self.hardware(device.medium()));
        config.random_seed = ports::seed();
        let mut interface = Interface::new(config, &mut frames, instant(timer.now()));
        interface.update_ip_addrs(|list| {
            for own in &self.addresses {
                // Their number was checked.
                let _ = list.push(IpCidr::new(own.address().into(), own.prefix()));
            }
        });
        interface.routes_mut().update(|list| {
            for (to, gateway) in &self.routes {
                let _ = list.push(Route {
                    cidr: IpCidr::new(to.address().into(), to.prefix()),
                    via_router: (*gateway).into(),
                    preferred_until: None,
                    expires_at: None,
                });
            }
        });
        let state = State::new(interface, &device, self.addresses, self.routes, self.sizes);
        let shared = Arc::new(Shared::new(state));
        let share = Arc::new(Share::new(shared.clone()));
        let driver = Driver::new(shared, device, frames, timer);
        Ok((Network { share }, driver))
    }

    fn check(&self, device: &impl Device) -> Result<(), SetupError> {
        let own = &self.addresses;
        if own.is_empty() {
            return Err(SetupError::NoAddress);
        }
        if own.len() > MAX_ADDRESSES {
            return Err(SetupError::TooManyAddresses(own.len()));
        }
        if self.routes.len() > MAX_ROUTES {
            return Err(SetupError::TooManyRoutes(self.routes.len()));
        }
        if let Some(bad) = own.iter().find(|own| !is_host(own.address())) {
            return Err(SetupError::NotAHost(bad.address()));
        }
        for (to, gateway) in &self.routes {
            if !own.iter().any(|own| own.contains(*gateway)) || !is_host(*gateway) {
                let (to, gateway) = (*to, *gateway);
                return Err(SetupError::Gateway { to, gateway });
            }
        }
        let six = own.iter().any(|own| own.address().is_ipv6());
        let least = if six { MIN_MTU_V6 } else { MIN_MTU };
        if !(least..=usize::from(u16::MAX)).contains(&device.mtu()) {
            return Err(SetupError::Mtu(device.mtu()));
        }
        match self.hardware {
            Some(address) if address[0] & 1 != 0 => Err(SetupError::HardwareAddress(address)),
            _ => Ok(()),
        }
    }

    fn hardware(&self, medium: Medium) -> HardwareAddress {
        match medium {
            Medium::Ip => HardwareAddress::Ip,
            Medium::Ethernet => {
                let random = ports::seed().to_le_bytes();
                let local = [0x02, random[1], random[2], random[3], random[4], random[5]];
                HardwareAddress::Ethernet(EthernetAddress(self.hardware.unwrap_or(local)))
            }
        }
    }
}

fn is_host(address: IpAddr) -> bool {
    let broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    !(address.is_unspecified() || address.is_multicast() || broadcast)
}
