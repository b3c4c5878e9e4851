//! Requests without a peer behind them.

use std::{
    collections::VecDeque,
    io,
    net::Ipv4Addr,
    task::{Context, Poll},
    time::Duration,
};

use tuyau::{
    smoltcp::{Device, HALF_OPEN, Medium, Network, Wire, WireSettings},
    tokio::TokioTimer,
};
use tuyau_core::{FlowExt, ListenerExt};

use crate::support::{after, dial, host, listen};

/// A wire on which other packets come first.
struct Flooded {
    wire: Wire,
    packets: VecDeque<Vec<u8>>,
}

impl Device for Flooded {
    fn medium(&self) -> Medium {
        self.wire.medium()
    }

    fn mtu(&self) -> usize {
        self.wire.mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(packet) = self.packets.pop_front() else {
            return self.wire.poll_receive(cx, buffer);
        };
        buffer[..packet.len()].copy_from_slice(&packet);
        Poll::Ready(Ok(packet.len()))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, frame: &[u8]) -> Poll<io::Result<()>> {
        self.wire.poll_send(cx, frame)
    }
}

/// The sum of the Internet protocols (RFC 1071).
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let words = bytes.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([pair[0], low]))
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

/// A request for a connection to 10.0.0.2:80 (RFC 9293, section 3.1, in RFC 791).
fn syn(from: Ipv4Addr) -> Vec<u8> {
    let addresses = [from.octets(), [10, 0, 0, 2]].concat();
    let mut segment = vec![0x03, 0xe8, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02];
    segment.extend([0x10, 0, 0, 0, 0, 0]);
    let pseudo_header = [&addresses[..], &[0, 6, 0, 20], &segment].concat();
    segment[16..18].copy_from_slice(&checksum(&pseudo_header));
    let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
    packet.extend(addresses);
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum);
    [packet, segment].concat()
}

/// Bad input: packets of a stranger that say they come from this host itself.
#[tokio::test(start_paused = true)]
async fn nobody_outside_is_taken_for_the_host_itself() {
    let (_left, right) = WireSettings::new().medium(Medium::Ip).pair();
    let forged = [[127, 0, 0, 1], [127, 9, 9, 9], [10, 0, 0, 2], [10, 0, 0, 3]];
    let honest = [11, 0, 0, 1];
    let packets = forged.into_iter().chain([honest]);
    let flooded = Flooded {
        wire: right,
        packets: packets.map(|from| syn(from.into())).collect(),
    };
    let builder = Network::builder().address("10.0.0.2/24".parse().unwrap());
    let builder = builder.address("10.0.0.3/24".parse().unwrap());
    let (far, driver) = builder.start(flooded, TokioTimer::new()).unwrap();
    let _driver = tokio::spawn(driver);
    let _listener = listen(&far, 80);
    after(Duration::from_millis(100)).await;
    // The socket that listens, and the handshake of the last one.
    assert_eq!(far.sockets(), 2);
}

#[tokio::test(start_paused = true)]
async fn requests_that_nobody_completes_do_not_keep_others_out() {
    let (left, right) = WireSettings::new().medium(Medium::Ip).pair();
    let (near, _) = host("10.0.0.1/24", left);
    let packets = (0..1000).map(|number| syn(Ipv4Addr::from(0x0b00_0000 + number)));
    let flooded = Flooded {
        wire: right,
        packets: packets.collect(),
    };
    let (far, _) = host("10.0.0.2/24", flooded);
    let mut listener = listen(&far, 80);
    after(Duration::from_millis(100)).await;
    // One more is the socket that listens.
    assert_eq!(far.sockets(), HALF_OPEN + 1);
    let meeting = async { tokio::join!(dial(&near, "10.0.0.2:80"), listener.accept()) };
    // Sooner than the forged ones are given up, and than a request is repeated.
    let met = tokio::time::timeout(Duration::from_millis(500), meeting).await;
    let (dialled, accepted) = met.unwrap();
    let mut accepted = accepted.unwrap().handshake.await.unwrap();
    dialled.unwrap().write_all(b"hello").await.unwrap();
    let mut text = [0; 5];
    accepted.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"hello");
}
