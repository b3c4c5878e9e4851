//! The peers, a file each.

mod iroh;
mod jetstream;
mod mosquitto;
mod nats;
mod redis;
mod relay;
mod tuyau;
mod zenoh;

use std::{io, time::Instant};

use crate::{Codec, Keys, Name, Peer, Server, Wire, wire::PATIENCE};

/// All of them, in the order of the tables: the ceiling, ours, the others.
pub fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(relay::Relay),
        Box::new(tuyau::Tuyau),
        Box::new(nats::Nats::debian()),
        Box::new(nats::Nats::newer()),
        Box::new(zenoh::Zenoh),
        Box::new(redis::Redis),
        Box::new(mosquitto::Mosquitto),
        Box::new(iroh::Iroh),
    ]
}

/// A connection with TLS at once, where the server has it.
fn dial(server: &Server, keys: &Keys) -> io::Result<Wire> {
    let mut wire = Wire::connect(server.address)?;
    if server.tls {
        wire.secure(&keys.mutual)?;
    }
    Ok(wire)
}

/// Says something and reads until the codec has seen the answer.
fn ask<C: Codec>(
    wire: &mut Wire,
    codec: &mut C,
    question: &[u8],
    answered: impl Fn(&C) -> bool,
) -> io::Result<()> {
    wire.write(question)?;
    let asked = Instant::now();
    while asked.elapsed() < 2 * PATIENCE {
        let mut answers = Vec::new();
        let used = codec.take(wire.plain(), &mut answers, &mut |_| {})?;
        wire.take(used);
        if answered(codec) {
            return Ok(());
        }
        wire.read()?;
    }
    Err(io::Error::other("the server does not answer"))
}

/// What a name is called where names are text.
fn text(name: Name) -> String {
    match name {
        Name::One(number) => format!("one.{number}"),
        Name::Group(number) => format!("group.{number}"),
    }
}

/// The length of a line with its end, when it is whole.
fn line(bytes: &[u8]) -> Option<usize> {
    Some(memchr::memchr(b'\n', bytes)? + 1)
}

/// What stands before a body in a text protocol and ends with its length, which mostly is the last one's.
#[derive(Default)]
struct Head {
    before: String,
    length: usize,
    whole: Vec<u8>,
}

impl Head {
    fn new(before: String) -> Self {
        Self {
            before,
            ..Self::default()
        }
    }

    fn append(&mut self, length: usize, out: &mut Vec<u8>) {
        if self.whole.is_empty() || self.length != length {
            self.whole = format!("{}{length}\r\n", self.before).into_bytes();
            self.length = length;
        }
        out.extend_from_slice(&self.whole);
    }
}

/// A number in decimal digits.
fn decimal(digits: &[u8]) -> io::Result<usize> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| usize::from(byte - b'0'));
    let number = digits.iter().try_fold(0, |sum: usize, byte| {
        sum.checked_mul(10)?.checked_add(digit(*byte)?)
    });
    number
        .filter(|_| !digits.is_empty())
        .ok_or_else(|| strange(digits))
}

/// What a server said that was not expected.
fn strange(said: &[u8]) -> io::Error {
    let said = String::from_utf8_lossy(&said[..said.len().min(200)]).into_owned();
    io::Error::other(format!("the server said: {said:?}"))
}
