//! iroh-relay: datagrams in frames of a WebSocket. Its clients have no certificates but prove by a signature
//! which key is theirs.

use std::{io, process::Command};

use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::{Came, Client, Codec, Keys, Name, Peer, Server, Site, Wire, installed, server};

/// What the relay queues for a client at most before it drops, in messages, and some room.
const QUEUE: u64 = 500;

/// The longest body that fits into its packets, in round numbers.
const LONGEST: usize = 60_000;

/// Kinds of frames.
const CHALLENGE: u8 = 0;
const PROOF: u8 = 1;
const CONFIRMED: u8 = 2;
const TO_RELAY: u8 = 4;
const FROM_RELAY: u8 = 6;
const GONE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const STATUS: u8 = 13;

/// What is signed is derived for this purpose.
const PURPOSE: &str = "iroh-relay handshake v1 challenge signature";

/// A whole binary message, as the head of a WebSocket's frame.
const BINARY: u8 = 0x82;

/// A key and the bits for congestion stand before a body.
const HEAD: usize = 33;

/// The one of crates.io.
pub struct Iroh;

impl Peer for Iroh {
    fn name(&self) -> &'static str {
        "iroh-relay"
    }

    fn version(&self) -> Option<String> {
        server::version(&installed("bin/iroh-relay"), &["--version"])
    }

    fn most_in_flight(&self) -> u64 {
        QUEUE
    }

    fn longest(&self) -> usize {
        LONGEST
    }

    fn has_groups(&self) -> bool {
        false
    }

    fn start(&self, site: Site) -> io::Result<Server> {
        let address = site.address;
        let listen = match &site.files {
            Some(files) => format!(
                "http_bind_addr = \"127.0.0.1:0\"\nenable_metrics = false\n[tls]\n\
                 https_bind_addr = \"{address}\"\ncert_mode = \"Manual\"\n\
                 manual_cert_path = {:?}\nmanual_key_path = {:?}\n",
                files.certificate, files.key
            ),
            None => format!("http_bind_addr = \"{address}\"\nenable_metrics = false\n"),
        };
        let config = site.write("iroh.toml", &listen)?;
        let mut command = Command::new(installed("bin/iroh-relay"));
        command
            .arg("--config-path")
            .arg(config)
            .env("RUST_LOG", "error");
        if site.files.is_none() {
            command.arg("--dev");
        }
        Server::start(&mut command, site)
    }

    fn connect(&self, server: &Server, keys: &Keys, own: Name) -> io::Result<Client> {
        let mut wire = super::dial(server, keys)?;
        upgrade(&mut wire)?;
        let mut codec = Frames::default();
        super::ask(&mut wire, &mut codec, &[], |frames| {
            frames.challenge.is_some()
        })?;
        let challenge = codec.challenge.take().unwrap_or_default();
        let proof = prove(own, &challenge)?;
        super::ask(&mut wire, &mut codec, &proof, |frames| frames.confirmed)?;
        Ok(Client::new(wire, codec))
    }
}

/// Asks for the WebSocket.
fn upgrade(wire: &mut Wire) -> io::Result<()> {
    let question = "GET /relay HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\
                    Sec-WebSocket-Protocol: iroh-relay-v2\r\n\r\n";
    wire.write(question.as_bytes())?;
    loop {
        let said = wire.plain();
        let end = said.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            return match said.starts_with(b"HTTP/1.1 101") {
                true => {
                    wire.take(end + 4);
                    Ok(())
                }
                false => Err(super::strange(said)),
            };
        }
        wire.read()?;
    }
}

/// The key of a client, the same in every run.
fn key(name: Name) -> io::Result<Ed25519KeyPair> {
    let Name::One(number) = name else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| io::Error::other(error.to_string()))
}

/// The answer to a challenge: our key and a signature, which stands behind its length.
fn prove(own: Name, challenge: &[u8]) -> io::Result<Vec<u8>> {
    let key = key(own)?;
    let signed = key.sign(&blake3::derive_key(PURPOSE, challenge));
    let mut proof = Vec::new();
    let content = [key.public_key().as_ref(), &[64], signed.as_ref()].concat();
    frame(PROOF, &[&content], &mut proof);
    Ok(proof)
}

#[derive(Default)]
struct Frames {
    challenge: Option<Vec<u8>>,
    confirmed: bool,
    /// What stands before the body of a message to whom we aim at.
    head: Vec<u8>,
}

impl Codec for Frames {
    fn join(&mut self, _: &mut Wire, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn aim(&mut self, _: &mut Wire, to: Name) -> io::Result<()> {
        self.head = key(to)?.public_key().as_ref().to_vec();
        self.head.push(0);
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        frame(TO_RELAY, &[&self.head, body], out);
    }

    fn take(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some((content, after)) = split(rest)? {
            match content {
                [FROM_RELAY, content @ ..] if content.len() >= HEAD => {
                    each(Came::Message(&content[HEAD..]));
                }
                [CHALLENGE, challenge @ ..] => self.challenge = Some(challenge.to_vec()),
                [CONFIRMED, ..] => self.confirmed = true,
                [PING, content @ ..] => frame(PONG, &[content], answers),
                [PONG | GONE | STATUS, ..] => {}
                _ => return Err(super::strange(content)),
            }
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }
}

/// Appends a frame in a message of the WebSocket. A client has to mask what it sends; zeros change nothing.
fn frame(kind: u8, parts: &[&[u8]], out: &mut Vec<u8>) {
    let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.push(BINARY);
    match u16::try_from(length) {
        Ok(short @ ..126) => out.push(0x80 | short as u8),
        Ok(long) => {
            out.push(0x80 | 126);
            out.extend_from_slice(&long.to_be_bytes());
        }
        Err(_) => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0, 0, 0, 0, kind]);
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// The content of the first message and what is behind it, when it is whole.
fn split(bytes: &[u8]) -> io::Result<Option<(&[u8], &[u8])>> {
    let [head, length, rest @ ..] = bytes else {
        return Ok(None);
    };
    if *head != BINARY {
        return Err(super::strange(bytes));
    }
    let parts = match length {
        126 => rest
            .split_first_chunk()
            .map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest)),
        127 => rest
            .split_first_chunk()
            .map(|(length, rest)| (u64::from_be_bytes(*length), rest)),
        short => Some((u64::from(*short), rest)),
    };
    Ok(parts.and_then(|(length, rest)| rest.split_at_checked(length as usize)))
}
