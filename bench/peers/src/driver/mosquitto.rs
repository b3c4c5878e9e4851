//! Mosquitto: MQTT 3.1.1 at quality of service 0, its fastest.

use std::{io, path::Path, process::Command};

use crate::{Came, Client, Codec, Keys, Name, Peer, Server, Site, Wire, server};

/// Debian puts it where only root looks.
const PROGRAM: &str = "/usr/sbin/mosquitto";

const CONNECT: u8 = 0x10;
const CONNECTED: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBSCRIBED: u8 = 0x90;

/// The one of Debian.
pub struct Mosquitto;

impl Peer for Mosquitto {
    fn name(&self) -> &'static str {
        "mosquitto"
    }

    fn version(&self) -> Option<String> {
        server::version(Path::new(PROGRAM), &["-h"])
    }

    fn start(&self, site: Site) -> io::Result<Server> {
        let tls = site.files.as_ref().map_or(String::new(), |files| {
            format!(
                "cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\ntls_version tlsv1.3\n",
                files.authority.display(),
                files.certificate.display(),
                files.key.display()
            )
        });
        // Without bounds on what waits, since nothing may be dropped.
        let config = site.write(
            "mosquitto.conf",
            &format!(
                "listener {} 127.0.0.1\n{tls}allow_anonymous true\nuser root\nset_tcp_nodelay true\n\
                 persistence false\nsys_interval 0\nlog_type error\nmax_inflight_messages 0\n\
                 max_queued_messages 0\nmax_queued_bytes 0\n",
                site.address.port()
            ),
        )?;
        Server::start(Command::new(PROGRAM).arg("-c").arg(config), site)
    }

    fn connect(&self, server: &Server, keys: &Keys, own: Name) -> io::Result<Client> {
        let mut wire = super::dial(server, keys)?;
        let mut codec = Mqtt::default();
        // Version 4, a clean session that is never asked whether it is alive, named by the server.
        let mut content = Vec::new();
        text(b"MQTT", &mut content);
        content.extend_from_slice(&[4, 2, 0, 0]);
        text(b"", &mut content);
        let question = packet(CONNECT, &content);
        super::ask(&mut wire, &mut codec, &question, |codec| codec.connected)?;
        codec.subscribe(&mut wire, own)?;
        Ok(Client::new(wire, codec))
    }
}

#[derive(Default)]
struct Mqtt {
    connected: bool,
    subscribed: u16,
    /// Whom we aim at, as it stands in a message.
    topic: Vec<u8>,
}

impl Mqtt {
    fn subscribe(&mut self, wire: &mut Wire, name: Name) -> io::Result<()> {
        let number = self.subscribed + 1;
        let mut content = number.to_be_bytes().to_vec();
        text(super::text(name).as_bytes(), &mut content);
        content.push(0);
        super::ask(wire, self, &packet(SUBSCRIBE, &content), |codec| {
            codec.subscribed == number
        })
    }
}

impl Codec for Mqtt {
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()> {
        self.subscribe(wire, Name::Group(group))
    }

    fn aim(&mut self, _: &mut Wire, to: Name) -> io::Result<()> {
        self.topic.clear();
        text(super::text(to).as_bytes(), &mut self.topic);
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        out.push(PUBLISH);
        varint(self.topic.len() + body.len(), out);
        out.extend_from_slice(&self.topic);
        out.extend_from_slice(body);
    }

    fn take(
        &mut self,
        bytes: &[u8],
        _: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some((kind, content, after)) = split(rest) {
            match (kind, content) {
                (CONNECTED, [_, 0]) => self.connected = true,
                (SUBSCRIBED, [high, low, 0]) => self.subscribed = u16::from_be_bytes([*high, *low]),
                (PUBLISH, [high, low, content @ ..]) => {
                    let topic = usize::from(u16::from_be_bytes([*high, *low]));
                    each(Came::Message(&content[topic..]));
                }
                _ => return Err(super::strange(rest)),
            }
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }
}

/// The first packet's kind and content, and what is behind it, when it is whole.
fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, mut rest) = bytes.split_first()?;
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*kind, content, rest))
}

fn packet(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    varint(content.len(), &mut packet);
    packet.extend_from_slice(content);
    packet
}

fn text(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text);
}

fn varint(mut number: usize, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
