//! Zenoh: published messages over its transport, in batches, with key expressions declared beforehand.

use std::{
    io,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{Came, Client, Codec, Keys, Name, Peer, Server, Site, Wire, installed, server};

mod wire;

use wire::{Bytes, number};

/// What a batch holds at most over TLS, in bytes, with its length.
const BATCH: usize = 48 * 1024;

/// What begins a frame or a fragment, at most, in bytes, with the length of its batch.
const HEAD: usize = 10;

/// Messages of the transport, and their flags.
const INIT: u8 = 0x01;
const OPEN: u8 = 0x02;
const KEEP_ALIVE: u8 = 0x04;
const FRAME: u8 = 0x05;
const FRAGMENT: u8 = 0x06;
const ACKNOWLEDGES: u8 = 0x20;
const SIZES: u8 = 0x40;
const SECONDS: u8 = 0x40;
const RELIABLE: u8 = 0x20;
const MORE: u8 = 0x40;

/// Messages of the network, and their flags.
const PUSH: u8 = 0x1d;
const DECLARE: u8 = 0x1e;
const INTEREST: u8 = 0x19;
const NAMED: u8 = 0x20;
const BY_SENDER: u8 = 0x40;
const EXTENDED: u8 = 0x80;

/// What is declared.
const KEY: u8 = 0x00;
const SUBSCRIBER: u8 = 0x02;
const FINAL: u8 = 0x1a;

const PUT: u8 = 0x01;
const VERSION: u8 = 0x09;
const CLIENT: u8 = 0b10;

/// The usual priority, and no message may be dropped; the second one is not kept back for a batch.
const QOS: [u8; 2] = [0x21, 5 | 0x08];
const EXPRESS: [u8; 2] = [0x21, 5 | 0x08 | 0x10];

/// No session has the name of another one.
static SESSIONS: AtomicU32 = AtomicU32::new(1);

/// The one of crates.io.
pub struct Zenoh;

impl Peer for Zenoh {
    fn name(&self) -> &'static str {
        "zenoh"
    }

    fn version(&self) -> Option<String> {
        server::version(&installed("bin/zenohd"), &["--version"])
    }

    fn start(&self, site: Site) -> io::Result<Server> {
        let (kind, tls) = match &site.files {
            Some(files) => (
                "tls",
                format!(
                    "link: {{ tls: {{ enable_mtls: true, root_ca_certificate: {:?}, \
                     listen_certificate: {:?}, listen_private_key: {:?} }} }},",
                    files.authority, files.certificate, files.key
                ),
            ),
            None => ("tcp", String::new()),
        };
        // No time is put on messages, and nobody is looked for.
        let config = site.write(
            "zenoh.json5",
            &format!(
                "{{ mode: \"router\", listen: {{ endpoints: [\"{kind}/{}\"] }},
                 scouting: {{ multicast: {{ enabled: false }}, gossip: {{ enabled: false }} }},
                 timestamping: {{ enabled: {{ router: false, peer: false, client: false }} }},
                 transport: {{ {tls} unicast: {{ max_sessions: 16000, accept_pending: 1000 }} }} }}",
                site.address
            ),
        )?;
        let mut command = Command::new(installed("bin/zenohd"));
        command.arg("-c").arg(config).env("RUST_LOG", "error");
        Server::start(&mut command, site)
    }

    fn connect(&self, server: &Server, keys: &Keys, own: Name) -> io::Result<Client> {
        let mut wire = super::dial(server, keys)?;
        open(&mut wire)?;
        let mut codec = Session::default();
        codec.subscribe(&mut wire, own)?;
        Ok(Client::new(wire, codec))
    }
}

/// Shakes hands on the transport; our first frame has the number 0.
fn open(wire: &mut Wire) -> io::Result<()> {
    let session = SESSIONS.fetch_add(1, Ordering::Relaxed);
    let mut init = vec![INIT, VERSION, 15 << 4 | CLIENT];
    init.extend_from_slice(&session.to_le_bytes());
    init.extend_from_slice(&[1; 12]);
    let said = exchange(wire, &init)?;
    let cookie = cookie(&said).ok_or_else(|| super::strange(&said))?;
    // Long enough that we need not say that we live.
    let mut open = vec![OPEN | SECONDS];
    number(3600, &mut open);
    number(0, &mut open);
    number(cookie.len() as u64, &mut open);
    open.extend_from_slice(cookie);
    let said = exchange(wire, &open)?;
    match said.first() {
        Some(head) if head & 0x3f == OPEN | ACKNOWLEDGES => Ok(()),
        _ => Err(super::strange(&said)),
    }
}

/// Writes a batch and reads one.
fn exchange(wire: &mut Wire, batch: &[u8]) -> io::Result<Vec<u8>> {
    let mut question = (batch.len() as u16).to_le_bytes().to_vec();
    question.extend_from_slice(batch);
    wire.write(&question)?;
    loop {
        if let Some((batch, used)) = Bytes::batch(wire.plain()) {
            let batch = batch.to_vec();
            wire.take(used);
            return Ok(batch);
        }
        wire.read()?;
    }
}

fn cookie(said: &[u8]) -> Option<&[u8]> {
    let mut bytes = Bytes(said);
    let head = bytes.byte()?;
    if head & 0x3f != INIT | ACKNOWLEDGES {
        return None;
    }
    bytes.byte()?;
    let length = bytes.byte()? >> 4;
    bytes.take(usize::from(length) + 1)?;
    if head & SIZES != 0 {
        bytes.take(3)?;
    }
    bytes.piece()
}

#[derive(Default)]
struct Session {
    /// The number of our next frame or fragment.
    sequence: u64,
    /// Key expressions that we have declared.
    keys: u64,
    /// Subscribers, which have been confirmed up to the second number.
    subscribers: u64,
    confirmed: u64,
    /// What begins a message to whom we aim at, and one that is not to wait.
    push: Vec<u8>,
    express: Vec<u8>,
    /// Where the frame that may get more messages begins and ends in what is to be written.
    frame: (usize, usize),
    /// Fragments that wait for the last one.
    parts: Vec<u8>,
}

impl Session {
    fn subscribe(&mut self, wire: &mut Wire, name: Name) -> io::Result<()> {
        self.subscribers += 1;
        let id = self.subscribers;
        let mut declare = vec![DECLARE, SUBSCRIBER | NAMED];
        number(id, &mut declare);
        named(name, &mut declare);
        let mut out = Vec::new();
        self.message(&declare, &mut out);
        // The router says when it has told us about all tokens, of which there are none: then it has read
        // what we declared before.
        let mut interest = vec![INTEREST | 1 << 5];
        number(id, &mut interest);
        interest.push(1 << 3 | 1 << 4 | 1 << 5);
        named(name, &mut interest);
        self.message(&interest, &mut out);
        self.frame = (0, 0);
        super::ask(wire, self, &out, |session| session.confirmed == id)
    }

    /// Appends a message, to the frame that is there when it fits.
    fn message(&mut self, message: &[u8], out: &mut Vec<u8>) {
        self.message_of(&[message], out);
    }

    fn message_of(&mut self, parts: &[&[u8]], out: &mut Vec<u8>) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length + HEAD > BATCH {
            return self.fragments(&parts.concat(), out);
        }
        let (start, end) = self.frame;
        let open = end == out.len() && end > start && end - start + length <= BATCH;
        let start = if open {
            start
        } else {
            self.begin(FRAME | RELIABLE, out)
        };
        for part in parts {
            out.extend_from_slice(part);
        }
        self.frame = (start, out.len());
        finish(start, out);
    }

    fn fragments(&mut self, message: &[u8], out: &mut Vec<u8>) {
        let mut chunks = message.chunks(BATCH - HEAD).peekable();
        while let Some(chunk) = chunks.next() {
            let more = if chunks.peek().is_some() { MORE } else { 0 };
            let start = self.begin(FRAGMENT | RELIABLE | more, out);
            out.extend_from_slice(chunk);
            finish(start, out);
        }
        self.frame = (0, 0);
    }

    /// Begins a batch with a message of the transport; gives where.
    fn begin(&mut self, head: u8, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.extend_from_slice(&[0, 0, head]);
        number(self.sequence, out);
        self.sequence += 1;
        start
    }

    fn batch(&mut self, batch: &[u8], each: &mut dyn FnMut(Came<'_>)) -> Option<()> {
        let mut bytes = Bytes(batch);
        while !bytes.0.is_empty() {
            let head = bytes.byte()?;
            match head & 0x1f {
                FRAME => {
                    bytes.number()?;
                    bytes.extensions(head)?;
                    self.messages(&mut bytes, each)?;
                }
                FRAGMENT => {
                    bytes.number()?;
                    bytes.extensions(head)?;
                    self.parts.extend_from_slice(bytes.rest());
                    if head & MORE == 0 {
                        let whole = std::mem::take(&mut self.parts);
                        self.messages(&mut Bytes(&whole), each)?;
                        self.parts = whole;
                        self.parts.clear();
                    }
                }
                KEEP_ALIVE => bytes.extensions(head)?,
                _ => return None,
            }
        }
        Some(())
    }

    /// Messages of the network, up to one of the transport.
    fn messages(&mut self, bytes: &mut Bytes<'_>, each: &mut dyn FnMut(Came<'_>)) -> Option<()> {
        while let Some(head) = bytes.0.first().copied()
            && head & 0x1f >= INTEREST
        {
            bytes.byte()?;
            match head & 0x1f {
                PUSH => {
                    bytes.expression(head)?;
                    bytes.extensions(head)?;
                    each(Came::Message(bytes.put()?));
                }
                DECLARE => {
                    let answers = if head & NAMED != 0 {
                        bytes.number()?
                    } else {
                        0
                    };
                    bytes.extensions(head)?;
                    let what = bytes.byte()?;
                    if what & 0x1f == FINAL {
                        self.confirmed = answers;
                    } else {
                        bytes.number()?;
                        if what & 1 == 0 {
                            bytes.expression(what)?;
                        }
                    }
                    bytes.extensions(what)?;
                }
                // What else routers say to each other does not concern a client.
                _ => {
                    bytes.rest();
                }
            }
        }
        Some(())
    }
}

impl Codec for Session {
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()> {
        self.subscribe(wire, Name::Group(group))
    }

    fn aim(&mut self, wire: &mut Wire, to: Name) -> io::Result<()> {
        self.keys += 1;
        let mut declare = vec![DECLARE, KEY | NAMED];
        number(self.keys, &mut declare);
        named(to, &mut declare);
        let mut out = Vec::new();
        self.message(&declare, &mut out);
        self.frame = (0, 0);
        wire.write(&out)?;
        for (push, qos) in [(&mut self.push, QOS), (&mut self.express, EXPRESS)] {
            *push = vec![PUSH | BY_SENDER | EXTENDED];
            number(self.keys, push);
            push.extend_from_slice(&qos);
            push.push(PUT);
        }
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        let mut head = std::mem::take(&mut self.push);
        self.put(&mut head, body, out);
        self.push = head;
    }

    fn request(&mut self, body: &[u8], out: &mut Vec<u8>) {
        let mut head = std::mem::take(&mut self.express);
        self.put(&mut head, body, out);
        self.express = head;
    }

    fn reply(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.request(body, out);
    }

    fn take(
        &mut self,
        bytes: &[u8],
        _: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut done = 0;
        while let Some((batch, used)) = Bytes::batch(&bytes[done..]) {
            self.batch(batch, each)
                .ok_or_else(|| super::strange(batch))?;
            done += used;
        }
        Ok(done)
    }
}

impl Session {
    fn put(&mut self, head: &mut Vec<u8>, body: &[u8], out: &mut Vec<u8>) {
        let length = head.len();
        number(body.len() as u64, head);
        self.message_of(&[head, body], out);
        head.truncate(length);
    }
}

/// Sets the length of the batch that begins there and ends what is to be written.
fn finish(start: usize, out: &mut [u8]) {
    let length = (out.len() - start - 2) as u16;
    out[start..start + 2].copy_from_slice(&length.to_le_bytes());
}

/// A key expression by its name alone.
fn named(name: Name, out: &mut Vec<u8>) {
    let name = super::text(name).replace('.', "/");
    number(0, out);
    number(name.len() as u64, out);
    out.extend_from_slice(name.as_bytes());
}
