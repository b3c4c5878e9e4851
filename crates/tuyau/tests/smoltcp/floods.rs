//! Requests without a peer behind them.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{sync::oneshot, task::JoinSet, time::timeout};
use tuyau::{
    smoltcp::{
        Device, HALF_OPEN, Listener, Medium, Network, Udp, UdpFlow, UdpListener, Wire, WireSettings,
    },
    tokio::TokioTimer,
};
use tuyau_core::{Attempt, DatagramsExt, Flow, FlowExt, ListenerExt, LocalAddress, Protocol};

use crate::support::{after, dial, host, listen};

/// A wire on which other packets come first.
struct Flooded {
    wire: Wire,
    packets: Packets,
}

/// Packets that are still to come.
type Packets = Arc<Mutex<VecDeque<Vec<u8>>>>;

fn coming(packets: impl IntoIterator<Item = Vec<u8>>) -> Packets {
    Arc::new(Mutex::new(packets.into_iter().collect()))
}

impl Device for Flooded {
    fn medium(&self) -> Medium {
        self.wire.medium()
    }

    fn mtu(&self) -> usize {
        self.wire.mtu()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let packet = self.packets.lock().unwrap().pop_front();
        let Some(packet) = packet else {
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

/// A segment that asks for a connection to port 80 (RFC 9293, section 3.1).
fn syn_segment(from_port: u16, addresses: &[u8]) -> Vec<u8> {
    let mut segment = from_port.to_be_bytes().to_vec();
    segment.extend([0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02]);
    segment.extend([0x10, 0, 0, 0, 0, 0]);
    let pseudo_header = [addresses, &[0, 6, 0, 20], &segment].concat();
    segment[16..18].copy_from_slice(&checksum(&pseudo_header));
    segment
}

/// A request for a connection to 10.0.0.2:80, in IPv4 (RFC 791).
fn syn(from: Ipv4Addr) -> Vec<u8> {
    let addresses = [from.octets(), [10, 0, 0, 2]].concat();
    let segment = syn_segment(1000, &addresses);
    let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
    packet.extend(addresses);
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum);
    [packet, segment].concat()
}

/// The host that is flooded over IPv6.
const FAR: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);

/// A request for a connection to port 80 of [`FAR`], in IPv6 and behind a header of hop-by-hop options,
/// which are padding (RFC 8200, section 4.3).
fn syn_behind_options(from: SocketAddrV6) -> Vec<u8> {
    let addresses = [from.ip().octets(), FAR.octets()].concat();
    let mut packet = vec![0x60, 0, 0, 0, 0, 28, 0, 64];
    packet.extend(&addresses);
    packet.extend([6, 0, 1, 4, 0, 0, 0, 0]);
    packet.extend(syn_segment(from.port(), &addresses));
    packet
}

/// The Ethernet address of the host that is flooded.
const FLOODED: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// A datagram to 10.0.0.2:53 in a frame (RFC 768, in RFC 791), without a sum of its own.
fn datagram(from: Ipv4Addr) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0];
    packet.extend([from.octets(), [10, 0, 0, 2]].concat());
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum);
    packet.extend([0x03, 0xe8, 0, 53, 0, 9, 0, 0, b'?']);
    [&FLOODED[..], &[2, 0, 0, 0, 0, 9], &[0x08, 0x00], &packet].concat()
}

/// Answers each peer of a listener, until it is told of the first one.
async fn serve(mut listener: UdpListener, first: oneshot::Sender<UdpFlow>) {
    let mut answers = JoinSet::new();
    let mut first = Some(first);
    loop {
        let mut flow = listener.accept().await.unwrap().handshake.await.unwrap();
        let first = first.take();
        answers.spawn(async move {
            flow.send(b"!").await.unwrap();
            match first {
                Some(first) => first.send(flow).unwrap(),
                None => pending().await,
            }
        });
    }
}

/// Bad input: senders who do not exist, and whom an application answers.
#[tokio::test(start_paused = true)]
async fn answers_to_nobody_hold_up_no_answer_to_somebody() {
    let (left, right) = WireSettings::new().pair();
    let (near, _near_driver) = host("10.0.0.1/16", left);
    let packets = Packets::default();
    let flooded = Flooded {
        wire: right,
        packets: packets.clone(),
    };
    let builder = Network::builder().address("10.0.0.2/16".parse().unwrap());
    let builder = builder.hardware_address(FLOODED);
    let (far, driver) = builder.start(flooded, TokioTimer::new()).unwrap();
    tokio::spawn(driver);
    let listener = UdpListener::bind(&far, &"udp://10.0.0.2:53".parse().unwrap()).unwrap();
    let (first, known) = oneshot::channel();
    tokio::spawn(serve(listener, first));
    let dial = async || {
        let attempt = Attempt::new(Udp::STAGE);
        let udp = Udp::new(near.clone());
        let mut flow = udp
            .connect(&"10.0.0.2:53".parse().unwrap(), &attempt)
            .await
            .unwrap();
        flow.send(b"?").await.unwrap();
        flow
    };
    let mut buffer = [0; 8];
    let mut near_known = dial().await;
    near_known.receive(&mut buffer).await.unwrap();
    let mut known = known.await.unwrap();
    for part in 1..=4 {
        let senders = (0..50).map(|number| Ipv4Addr::new(10, 0, part, number));
        packets.lock().unwrap().extend(senders.map(datagram));
        // What is on the wire brings what comes first there.
        near_known.send(b"on").await.unwrap();
        after(Duration::from_millis(1)).await;
    }
    // Far less than the time for which the datagrams to nobody wait.
    let soon = Duration::from_millis(100);
    timeout(soon, known.send(b"!"))
        .await
        .expect("it waits for nobody")
        .unwrap();
    timeout(soon, near_known.receive(&mut buffer))
        .await
        .expect("an answer")
        .unwrap();
    let mut newcomer = dial().await;
    let answered = timeout(Duration::from_millis(2500), newcomer.receive(&mut buffer)).await;
    answered
        .expect("an answer to who is new and exists")
        .unwrap();
}

/// Answers each peer of a listener once.
async fn answer(mut listener: UdpListener) {
    loop {
        let flow = listener.accept().await.unwrap().handshake.await;
        tokio::spawn(async move { flow.unwrap().send(b"!").await });
    }
}

/// A flow from `near` to the host that is flooded, with a question on the way.
async fn ask(near: &Network) -> UdpFlow {
    let attempt = Attempt::new(Udp::STAGE);
    let udp = Udp::new(near.clone());
    let to = "10.0.0.2:53".parse().unwrap();
    let mut flow = udp.connect(&to, &attempt).await.unwrap();
    flow.send(b"?").await.unwrap();
    flow
}

/// Bad input: each 10 milliseconds some senders who do not exist, whose addresses are below or above that
/// of somebody who does.
async fn newcomers_are_answered(senders: u16, network: u8) {
    let (left, right) = WireSettings::new().pair();
    let (near, _near_driver) = host("10.0.100.1/16", left);
    let packets = Packets::default();
    let flooded = Flooded {
        wire: right,
        packets: packets.clone(),
    };
    let builder = Network::builder().address("10.0.0.2/16".parse().unwrap());
    let builder = builder.hardware_address(FLOODED);
    let (far, driver) = builder.start(flooded, TokioTimer::new()).unwrap();
    tokio::spawn(driver);
    let listener = UdpListener::bind(&far, &"udp://10.0.0.2:53".parse().unwrap()).unwrap();
    tokio::spawn(answer(listener));
    let elsewhere = near.clone();
    let flood = tokio::spawn(async move {
        let mut poke = ask(&elsewhere).await;
        for number in 0.. {
            let senders = (0..senders).map(|part| {
                let [high, low] = (number * senders + part).to_be_bytes();
                datagram(Ipv4Addr::new(10, 0, network + high % 50, low))
            });
            packets.lock().unwrap().extend(senders);
            // What is on the wire brings what comes first there.
            poke.send(b"on").await.unwrap();
            after(Duration::from_millis(10)).await;
        }
    });
    after(Duration::from_secs(1)).await;
    for _ in 0..20 {
        let mut flow = ask(&near).await;
        let mut buffer = [0; 8];
        let answered = timeout(Duration::from_millis(100), flow.receive(&mut buffer)).await;
        answered.expect("an answer").unwrap();
    }
    flood.abort();
}

#[tokio::test(start_paused = true)]
async fn who_does_not_exist_gives_way_to_who_comes_later() {
    for network in [10, 150] {
        for senders in [2, 10, 20] {
            newcomers_are_answered(senders, network).await;
        }
    }
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
        packets: coming(packets.map(|from| syn(from.into()))),
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
        packets: coming(packets),
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

/// Two hosts, fd00::1 and [`FAR`]. These packets come to the latter.
fn hosts_over_ipv6(packets: &Packets) -> (Network, Network) {
    let (left, right) = WireSettings::new().medium(Medium::Ip).pair();
    let (near, _) = host("fd00::1/64", left);
    let flooded = Flooded {
        wire: right,
        packets: packets.clone(),
    };
    let (far, _) = host("fd00::2/64", flooded);
    (near, far)
}

/// Bad input: options that pad, before a request that nobody completes.
#[tokio::test(start_paused = true)]
async fn requests_behind_options_do_not_keep_others_out() {
    let strangers = (0..1000).map(|number| {
        let from = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 9, number);
        syn_behind_options(SocketAddrV6::new(from, 1000, 0, 0))
    });
    let (near, far) = hosts_over_ipv6(&coming(strangers));
    let mut listener = Listener::bind_socket(&far, (FAR, 80).into()).unwrap();
    after(Duration::from_millis(100)).await;
    assert_eq!(far.sockets(), HALF_OPEN + 1);
    let meeting = async { tokio::join!(dial(&near, "[fd00::2]:80"), listener.accept()) };
    let met = timeout(Duration::from_millis(500), meeting).await;
    let (dialled, accepted) = met.expect("a connection at once");
    dialled.unwrap();
    accepted.unwrap();
}

/// Bad input: a request from where a connection is open already, by somebody who only knows its ends.
#[tokio::test(start_paused = true)]
async fn a_request_behind_options_breaks_no_connection() {
    let packets = Packets::default();
    let (near, far) = hosts_over_ipv6(&packets);
    let mut listener = Listener::bind_socket(&far, (FAR, 80).into()).unwrap();
    let mut pair = async || {
        let (dialled, accepted) = tokio::join!(dial(&near, "[fd00::2]:80"), listener.accept());
        let accepted = accepted.unwrap().handshake.await.unwrap();
        (dialled.unwrap(), accepted)
    };
    let (mut gone, gone_too) = pair().await;
    let (mut client, mut server) = pair().await;
    // The socket that listens next gets the place of this one, before that of the connection.
    gone.abort();
    drop((gone, gone_too));
    after(Duration::from_millis(100)).await;
    let _third = pair().await;
    let LocalAddress(here) = client.info().unwrap();
    let Some(SocketAddr::V6(here)) = here.socket() else {
        panic!("it is over IPv6");
    };
    packets.lock().unwrap().push_back(syn_behind_options(here));
    let mut text = [0; 5];
    for said in [b"still", b"there"] {
        client.write_all(said).await.unwrap();
        server.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, said);
    }
}
