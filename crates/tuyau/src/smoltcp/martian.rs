//! Finds the frames whose sender cannot be what it says.
//!
//! Whoever is on the network can write any source into a packet. One of this host's own addresses, or
//! one that never leaves a host (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3), would make a
//! stranger look like this host itself to a program that trusts it, and the stack answer to itself.

use std::net::IpAddr;

use ::smoltcp::wire::{Ipv4Packet, Ipv6Packet};

use super::{Medium, syn::packet};

/// Whether a frame that came from outside says that it comes from within a host, or from one of
/// these addresses.
pub(super) fn is_martian(frame: &[u8], medium: Medium, own: impl Fn(IpAddr) -> bool) -> bool {
    source(frame, medium).is_some_and(|from| {
        // An IPv4 address may stand in an IPv6 one.
        let plain = from.to_canonical();
        plain.is_loopback() || own(from) || own(plain)
    })
}

/// The sender of an IP packet, as the packet says.
fn source(frame: &[u8], medium: Medium) -> Option<IpAddr> {
    let packet = packet(frame, medium)?;
    match packet.first()? >> 4 {
        4 => {
            let packet = Ipv4Packet::new_checked(packet).ok()?;
            Some(packet.src_addr().into())
        }
        6 => {
            let packet = Ipv6Packet::new_checked(packet).ok()?;
            Some(packet.src_addr().into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    /// The header of an IPv4 packet.
    fn four(from: [u8; 4]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0];
        packet.extend(from);
        packet.extend([10, 0, 0, 1]);
        packet
    }

    /// The header of an IPv6 packet.
    fn six(from: &str) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 0, 59, 64];
        packet.extend(from.parse::<Ipv6Addr>().unwrap().octets());
        packet.extend("fd00::1".parse::<Ipv6Addr>().unwrap().octets());
        packet
    }

    fn is_martian(frame: &[u8], medium: Medium) -> bool {
        let own: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        super::is_martian(frame, medium, |from| own.contains(&from))
    }

    #[test]
    fn tells_what_cannot_come_from_outside_from_what_can() {
        for from in [[127, 0, 0, 1], [127, 255, 1, 2], [10, 0, 0, 1]] {
            assert!(is_martian(&four(from), Medium::Ip), "{from:?}");
        }
        for from in [[10, 0, 0, 2], [128, 0, 0, 1], [0, 0, 0, 0]] {
            assert!(!is_martian(&four(from), Medium::Ip), "{from:?}");
        }
        for from in ["::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"] {
            assert!(is_martian(&six(from), Medium::Ip), "{from}");
        }
        for from in ["::", "fd00::2", "fe80::1", "::ffff:10.0.0.2"] {
            assert!(!is_martian(&six(from), Medium::Ip), "{from}");
        }
    }

    #[test]
    fn looks_behind_the_header_of_ethernet_and_at_nothing_that_is_cut() {
        let header = |ethertype: [u8; 2]| [&[0; 12][..], &ethertype].concat();
        let frame = [header([0x08, 0x00]), four([127, 0, 0, 1])].concat();
        assert!(is_martian(&frame, Medium::Ethernet));
        for length in 0..frame.len() {
            assert!(!is_martian(&frame[..length], Medium::Ethernet));
        }
        // What asks for a neighbour (ARP) is not a packet.
        let frame = [header([0x08, 0x06]), four([127, 0, 0, 1])].concat();
        assert!(!is_martian(&frame, Medium::Ethernet));
    }
}
