//! Finds the frames that ask for a connection.
//!
//! smoltcp hands a segment to the first socket that takes it. A repeated SYN could so open a second
//! connection between the same endpoints, and the SYN of a peer that uses a port again could meet
//! the old connection in TIME-WAIT. So the driver looks at each SYN first.

use std::net::SocketAddr;

use ::smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, Ipv6Packet, TcpPacket,
};

use super::Medium;

/// The endpoints of a connection or of a flow of datagrams, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// The IP packet in a frame.
pub(super) fn packet(frame: &[u8], medium: Medium) -> Option<&[u8]> {
    match medium {
        Medium::Ip => Some(frame),
        Medium::Ethernet => {
            let frame = EthernetFrame::new_checked(frame).ok()?;
            match frame.ethertype() {
                EthernetProtocol::Ipv4 | EthernetProtocol::Ipv6 => Some(frame.payload()),
                _ => None,
            }
        }
    }
}

/// The connection that a frame asks for, when it is a TCP segment with SYN and without ACK.
pub(super) fn asked_for(frame: &[u8], medium: Medium) -> Option<Ends> {
    let packet = packet(frame, medium)?;
    match packet.first()? >> 4 {
        4 => {
            let packet = Ipv4Packet::new_checked(packet).ok()?;
            let tcp = packet.next_header() == IpProtocol::Tcp;
            let first = packet.frag_offset() == 0;
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            (tcp && first).then(|| ends(packet.payload(), from, to))?
        }
        6 => {
            let packet = Ipv6Packet::new_checked(packet).ok()?;
            let tcp = packet.next_header() == IpProtocol::Tcp;
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            tcp.then(|| ends(packet.payload(), from, to))?
        }
        _ => None,
    }
}

fn ends(segment: &[u8], from: std::net::IpAddr, to: std::net::IpAddr) -> Option<Ends> {
    let segment = TcpPacket::new_checked(segment).ok()?;
    if !segment.syn() || segment.ack() {
        return None;
    }
    Some(Ends {
        local: SocketAddr::new(to, segment.dst_port()),
        remote: SocketAddr::new(from, segment.src_port()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An IPv4 packet with a TCP segment from 10.0.0.2:1000 to 10.0.0.1:80.
    fn segment(flags: u8) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
        packet.extend([10, 0, 0, 2, 10, 0, 0, 1]);
        packet.extend([0x03, 0xe8, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags]);
        packet.extend([1, 0, 0, 0, 0, 0]);
        packet
    }

    #[test]
    fn finds_the_endpoints_of_a_syn_and_of_nothing_else() {
        let found = asked_for(&segment(0x02), Medium::Ip).unwrap();
        assert_eq!(found.local, "10.0.0.1:80".parse().unwrap());
        assert_eq!(found.remote, "10.0.0.2:1000".parse().unwrap());
        assert_eq!(asked_for(&segment(0x12), Medium::Ip), None);
        assert_eq!(asked_for(&segment(0x10), Medium::Ip), None);
        assert_eq!(asked_for(&segment(0x02), Medium::Ethernet), None);
    }

    #[test]
    fn takes_frames_cut_at_any_place_for_nothing() {
        let whole = segment(0x02);
        for length in 0..whole.len() {
            assert_eq!(asked_for(&whole[..length], Medium::Ip), None);
        }
        let mut frame = vec![0; 12];
        frame.extend([0x08, 0x00]);
        frame.extend(&whole);
        assert!(asked_for(&frame, Medium::Ethernet).is_some());
        for length in 0..frame.len() {
            assert_eq!(asked_for(&frame[..length], Medium::Ethernet), None);
        }
    }
}
