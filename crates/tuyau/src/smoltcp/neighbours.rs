//! Asks for the hardware addresses of neighbours (RFC 826, RFC 4861).
//!
//! smoltcp asks by itself, but for one neighbour a second: one that does not answer would keep those
//! that do from being asked, and of two endpoints that are raced the dead one could hold up the other.
//! So each neighbour that a connection needs is asked for here, on its own. smoltcp takes the answers.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use ::smoltcp::{
    iface::Interface,
    phy::ChecksumCapabilities,
    wire::{
        ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
        EthernetRepr, HardwareAddress, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv4Address,
        Ipv6Address, Ipv6Packet, Ipv6Repr, NdiscRepr,
    },
};

/// The time between two questions for a neighbour that has not answered (RFC 4861, section 10).
const REPEAT: Duration = Duration::from_secs(1);
/// The time between two questions for one that is in use: well below the 60 s for which smoltcp
/// remembers an answer.
const REFRESH: Duration = Duration::from_secs(25);

/// When which neighbour is to be asked for.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    asked: BTreeMap<IpAddr, Duration>,
    /// When to look again, or nothing while no neighbour is in use.
    pub(super) due: Option<Duration>,
}

impl Neighbours {
    /// Looks at the next chance: there is a new connection.
    pub(super) fn hurry(&mut self) {
        self.due = Some(Duration::ZERO);
    }

    /// Gives the neighbours to ask for now, of those `wanted`: each with whether a connection still
    /// waits for its first answer.
    pub(super) fn choose(&mut self, wanted: &BTreeMap<IpAddr, bool>, now: Duration) -> Vec<IpAddr> {
        self.asked
            .retain(|neighbour, _| wanted.contains_key(neighbour));
        let mut ask = Vec::new();
        self.due = None;
        for (neighbour, waits) in wanted {
            let pause = if *waits { REPEAT } else { REFRESH };
            let due = self
                .asked
                .get(neighbour)
                .map_or(now, |asked| *asked + pause);
            if due <= now {
                self.asked.insert(*neighbour, now);
                ask.push(*neighbour);
            }
            let next = if due <= now { now + pause } else { due };
            self.due = self.due.into_iter().chain([next]).min();
        }
        ask
    }
}

/// The frame that asks who has the address `target`; none when the network has no address of its
/// family.
pub(super) fn question(interface: &Interface, target: IpAddr) -> Option<Vec<u8>> {
    let HardwareAddress::Ethernet(own) = interface.hardware_addr() else {
        return None;
    };
    match target {
        IpAddr::V4(target) => {
            let source = interface.get_source_address_ipv4(&target)?;
            Some(arp(own, source, target))
        }
        IpAddr::V6(target) => {
            let source = interface.get_source_address_ipv6(&target);
            Some(solicitation(own, source, target))
        }
    }
}

fn arp(own: EthernetAddress, source: Ipv4Address, target: Ipv4Address) -> Vec<u8> {
    let question = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: own,
        source_protocol_addr: source,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: target,
    };
    let to = EthernetAddress::BROADCAST;
    frame(
        own,
        to,
        EthernetProtocol::Arp,
        question.buffer_len(),
        |payload| {
            question.emit(&mut ArpPacket::new_unchecked(payload));
        },
    )
}

fn solicitation(own: EthernetAddress, source: Ipv6Address, target: Ipv6Address) -> Vec<u8> {
    let question = Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit {
        target_addr: target,
        lladdr: Some(own.into()),
    });
    // The group of those whose address ends so (RFC 4291, section 2.7.1).
    let [.., a, b] = target.segments();
    let group = Ipv6Address::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | (a & 0xff), b);
    let header = Ipv6Repr {
        src_addr: source,
        dst_addr: group,
        next_header: IpProtocol::Icmpv6,
        payload_len: question.buffer_len(),
        hop_limit: 255,
    };
    // The group's hardware address (RFC 2464, section 7).
    let [.., a, b, c, d] = group.octets();
    let to = EthernetAddress([0x33, 0x33, a, b, c, d]);
    let length = header.buffer_len() + question.buffer_len();
    frame(own, to, EthernetProtocol::Ipv6, length, |payload| {
        let mut packet = Ipv6Packet::new_unchecked(payload);
        header.emit(&mut packet);
        let mut message = Icmpv6Packet::new_unchecked(packet.payload_mut());
        let checksums = ChecksumCapabilities::default();
        question.emit(&source, &group, &mut message, &checksums);
    })
}

fn frame(
    from: EthernetAddress,
    to: EthernetAddress,
    ethertype: EthernetProtocol,
    length: usize,
    write: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let header = EthernetRepr {
        src_addr: from,
        dst_addr: to,
        ethertype,
    };
    let mut bytes = vec![0; header.buffer_len() + length];
    let mut frame = EthernetFrame::new_unchecked(&mut bytes);
    header.emit(&mut frame);
    write(frame.payload_mut());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_that_is_waited_for_is_asked_for_each_second_and_one_in_use_now_and_then() {
        let mut neighbours = Neighbours::default();
        let (one, two) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let mut wanted = BTreeMap::from([(one, true), (two, false)]);
        let at = Duration::from_secs;
        assert_eq!(neighbours.choose(&wanted, at(0)), [one, two]);
        assert_eq!(neighbours.due, Some(at(1)));
        assert_eq!(neighbours.choose(&wanted, at(1)), [one]);
        wanted.insert(one, false);
        assert!(neighbours.choose(&wanted, at(2)).is_empty());
        assert_eq!(neighbours.due, Some(at(25)));
        assert_eq!(neighbours.choose(&wanted, at(25)), [two]);
        assert!(neighbours.choose(&BTreeMap::new(), at(26)).is_empty());
        assert_eq!(neighbours.due, None);
    }
}
