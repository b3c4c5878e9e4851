//! Finds the frames that ask for a connection.
//!
//! smoltcp hands a segment to the first socket that takes it. A repeated SYN could so open a second
//! connection between the same endpoints, and the SYN of a peer that uses a port again could meet
//! the old connection in TIME-WAIT. So the driver looks at each SYN first.

use std::net::SocketAddr;

use ::smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, Ipv6ExtHeader, Ipv6Packet, TcpPacket,
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
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            let (next, payload) = behind_options(&packet)?;
            (next == IpProtocol::Tcp).then(|| ends(payload, from, to))?
        }
        _ => None,
    }
}

/// What smoltcp looks at: it steps over one header of hop-by-hop options (RFC 8200, section 4.3), and
/// takes what is behind any other extension header for nothing.
fn behind_options<'a>(packet: &Ipv6Packet<&'a [u8]>) -> Option<(IpProtocol, &'a [u8])> {
    let payload = packet.payload();
    if packet.next_header() != IpProtocol::HopByHop {
        return Some((packet.next_header(), payload));
    }
    let options = Ipv6ExtHeader::new_checked(payload).ok()?;
    // The length is counted in units of eight bytes, and the first unit is not counted.
    let length = 8 * (usize::from(options.header_len()) + 1);
    Some((options.next_header(), payload.get(length..)?))
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

    /// An IPv6 packet with that SYN between fd00::2 and fd00::1, behind these extension headers, the
    /// first of which has this number.
    fn extended(first: u8, headers: &[u8]) -> Vec<u8> {
        let segment = &segment(0x02)[20..];
        let length = u8::try_from(headers.len() + segment.len()).unwrap();
        let mut packet = vec![0x60, 0, 0, 0, 0, length, first, 64];
        for last in [2, 1] {
            packet.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        }
        [&packet, headers, segment].concat()
    }

    #[test]
    fn looks_behind_hop_by_hop_options_and_behind_no_other_extension_header() {
        let found = |first, headers: &[u8]| asked_for(&extended(first, headers), Medium::Ip);
        let ends = Ends {
            local: "[fd00::1]:80".parse().unwrap(),
            remote: "[fd00::2]:1000".parse().unwrap(),
        };
        let mut two_units = [0; 16];
        (two_units[0], two_units[1], two_units[2], two_units[3]) = (6, 1, 1, 12);
        let unit = [6, 0, 1, 4, 0, 0, 0, 0];
        assert_eq!(found(6, &[]), Some(ends));
        assert_eq!(found(0, &unit), Some(ends));
        assert_eq!(found(0, &two_units), Some(ends));
        let after_another = [&[0][..], &unit[1..], &unit].concat();
        assert_eq!(found(0, &after_another), None);
        // Routing, fragment, destination options.
        for other in [43, 44, 60] {
            assert_eq!(found(other, &unit), None);
            let behind = [&[other][..], &unit[1..], &unit].concat();
            assert_eq!(found(0, &behind), None);
        }
        for length in 0..40 + 8 + 20 {
            let whole = extended(0, &unit);
            assert_eq!(asked_for(&whole[..length], Medium::Ip), None);
        }
        // More options than the packet has bytes.
        assert_eq!(found(0, &[6, 255, 1, 4, 0, 0, 0, 0]), None);
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
