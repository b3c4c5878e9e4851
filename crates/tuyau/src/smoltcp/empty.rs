//! Finds the frames with UDP datagrams of no bytes.
//!
//! What a socket has still to send is counted in bytes, so only its frame tells that one has left.

use std::net::SocketAddr;

use ::smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv6Packet, UdpPacket};

use super::{
    Medium,
    syn::{Ends, packet},
};

/// Whether a frame from here is a datagram of no bytes, of this flow.
pub(super) fn is_empty_datagram(frame: &[u8], medium: Medium, ends: Ends) -> bool {
    sent(frame, medium).is_some_and(|(of, length)| of == ends && length == 0)
}

/// Whose datagram a frame from here is, and how many bytes it has.
fn sent(frame: &[u8], medium: Medium) -> Option<(Ends, usize)> {
    let packet = packet(frame, medium)?;
    let (protocol, from, to, payload) = match packet.first()? >> 4 {
        4 => {
            let packet = Ipv4Packet::new_checked(packet).ok()?;
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            (packet.next_header(), from, to, packet.payload())
        }
        6 => {
            let packet = Ipv6Packet::new_checked(packet).ok()?;
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            (packet.next_header(), from, to, packet.payload())
        }
        _ => return None,
    };
    if protocol != IpProtocol::Udp {
        return None;
    }
    let datagram = UdpPacket::new_checked(payload).ok()?;
    let ends = Ends {
        local: SocketAddr::new(from, datagram.src_port()),
        remote: SocketAddr::new(to, datagram.dst_port()),
    };
    Some((ends, datagram.payload().len()))
}
