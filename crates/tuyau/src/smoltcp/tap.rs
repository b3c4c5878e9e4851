//! TAP and TUN devices of Linux.

use std::{
    fmt, io,
    task::{Context, Poll, ready},
};

use tun_rs::{AsyncDevice, DeviceBuilder, Layer};

use super::{Device, Medium};

/// A TAP device (Ethernet frames) or TUN device (IP packets) of Linux: the other end of the wire is
/// the operating system's own stack.
///
/// What the system does with the frames, its addresses and routes on that interface, is set up with
/// the system's tools, such as `ip`. While the interface is down, frames are lost.
pub struct Tap {
    device: AsyncDevice,
    medium: Medium,
    mtu: usize,
}

impl Tap {
    /// Attaches to the interface `name`, or makes it when there is none; then it goes again when the
    /// device is dropped. [`Medium::Ethernet`] is a TAP device, [`Medium::Ip`] a TUN device.
    ///
    /// It takes the capability `CAP_NET_ADMIN`, or a persistent interface that belongs to this user
    /// (`ip tuntap add dev NAME mode tap user USER`).
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn open(name: &str, medium: Medium) -> io::Result<Self> {
        let layer = match medium {
            Medium::Ethernet => Layer::L2,
            Medium::Ip => Layer::L3,
        };
        let builder = DeviceBuilder::new().name(name).layer(layer);
        let device = builder.inherit_enable_state().build_async()?;
        let mtu = device.mtu()?.into();
        Ok(Self {
            device,
            medium,
            mtu,
        })
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("medium", &self.medium)
            .field("mtu", &self.mtu)
            .finish_non_exhaustive()
    }
}

impl Device for Tap {
    fn medium(&self) -> Medium {
        self.medium
    }

    fn mtu(&self) -> usize {
        self.mtu
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.device.poll_recv(cx, buffer)
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>> {
        Poll::Ready(match ready!(self.device.poll_send(cx, frame)) {
            // The interface is down: the frame is lost, as on a cable that is not plugged in.
            Err(error) if error.raw_os_error() == Some(EIO) => Ok(()),
            result => result.map(|_| ()),
        })
    }
}

/// "Input/output error": what Linux says of writing to an interface that is down.
const EIO: i32 = 5;
