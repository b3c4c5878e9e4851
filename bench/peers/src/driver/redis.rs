//! Redis: published messages of RESP 3, in which a subscriber may also publish.

use std::{io, path::Path, process::Command};

use super::Head;
use crate::{Came, Client, Codec, Keys, Name, Peer, Server, Site, Wire, server};

const PROGRAM: &str = "redis-server";

/// What begins what the server pushes: a message, with its channel and its body behind; a confirmation.
const MESSAGE: &[u8] = b">3\r\n$7\r\nmessage\r\n";
const SUBSCRIBED: &[u8] = b">3\r\n$9\r\nsubscribe\r\n";

/// The one of Debian.
pub struct Redis;

impl Peer for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn version(&self) -> Option<String> {
        server::version(Path::new(PROGRAM), &["--version"])
    }

    fn start(&self, site: Site) -> io::Result<Server> {
        let port = site.address.port();
        let ports = match &site.files {
            Some(files) => format!(
                "port 0\ntls-port {port}\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n\
                 tls-auth-clients yes\ntls-protocols TLSv1.3\n",
                files.certificate.display(),
                files.key.display(),
                files.authority.display()
            ),
            None => format!("port {port}\n"),
        };
        // Nothing on disk, and no subscriber is cut off for being slow.
        let config = site.write(
            "redis.conf",
            &format!(
                "bind 127.0.0.1\n{ports}save \"\"\nappendonly no\nmaxclients 16000\ntcp-backlog 1024\n\
                 client-output-buffer-limit pubsub 0 0 0\n"
            ),
        )?;
        Server::start(Command::new(PROGRAM).arg(config), site)
    }

    fn connect(&self, server: &Server, keys: &Keys, own: Name) -> io::Result<Client> {
        let mut wire = super::dial(server, keys)?;
        let mut codec = Resp::default();
        let mut question = command(&["HELLO", "3"]);
        // Without this there is an answer to each message that is published.
        question.extend(command(&["CLIENT", "REPLY", "OFF"]));
        question.extend(command(&["SUBSCRIBE", &super::text(own)]));
        super::ask(&mut wire, &mut codec, &question, |codec| {
            codec.subscribed == 1
        })?;
        Ok(Client::new(wire, codec))
    }
}

#[derive(Default)]
struct Resp {
    /// How many subscriptions were confirmed.
    subscribed: u64,
    /// What begins a message to whom we aim at.
    publish: Head,
}

impl Codec for Resp {
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()> {
        let question = command(&["SUBSCRIBE", &super::text(Name::Group(group))]);
        let done = self.subscribed + 1;
        super::ask(wire, self, &question, |codec| codec.subscribed == done)
    }

    fn aim(&mut self, _: &mut Wire, to: Name) -> io::Result<()> {
        let name = super::text(to);
        let length = name.len();
        self.publish = Head::new(format!("*3\r\n$7\r\nPUBLISH\r\n${length}\r\n{name}\r\n$"));
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
        _: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut rest = bytes;
        loop {
            if let Some(items) = rest.strip_prefix(MESSAGE) {
                let Some((body, after)) = message(items)? else {
                    break;
                };
                each(Came::Message(body));
                rest = after;
            } else if let Some(after) = skip(rest)? {
                match rest {
                    _ if rest.starts_with(SUBSCRIBED) => self.subscribed += 1,
                    // What the server says of itself, as it answers to HELLO.
                    [b'%', ..] => {}
                    _ => return Err(super::strange(rest)),
                }
                rest = after;
            } else {
                break;
            }
        }
        Ok(bytes.len() - rest.len())
    }
}

/// A command.
fn command(words: &[&str]) -> Vec<u8> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command += &format!("${}\r\n{word}\r\n", word.len());
    }
    command.into_bytes()
}

/// The body of a message behind its channel, and what is behind it, when both are whole.
fn message(bytes: &[u8]) -> io::Result<Option<(&[u8], &[u8])>> {
    match item(bytes)? {
        Some((_, rest)) => item(rest),
        None => Ok(None),
    }
}

/// What stands behind the first value, when that is whole.
fn skip(bytes: &[u8]) -> io::Result<Option<&[u8]>> {
    let Some(length) = super::line(bytes) else {
        return Ok(None);
    };
    let (line, mut rest) = bytes.split_at(length);
    let count = || super::decimal(line[1..].trim_ascii_end());
    match line[0] {
        b'$' | b'=' => Ok(rest.get(count()? + 2..)),
        b'*' | b'>' | b'~' | b'%' => {
            let each = if line[0] == b'%' { 2 } else { 1 };
            for _ in 0..count()? * each {
                match skip(rest)? {
                    Some(after) => rest = after,
                    None => return Ok(None),
                }
            }
            Ok(Some(rest))
        }
        _ => Ok(Some(rest)),
    }
}

/// The content of a bulk string and what is behind it, when it is whole.
fn item(bytes: &[u8]) -> io::Result<Option<(&[u8], &[u8])>> {
    let Some(length) = super::line(bytes) else {
        return Ok(None);
    };
    match bytes.split_at(length) {
        ([b'$', digits @ .., b'\r', b'\n'], rest) => {
            let length = super::decimal(digits)?;
            let parts = rest.split_at_checked(length + 2);
            Ok(parts.map(|(content, rest)| (&content[..length], rest)))
        }
        _ => Err(super::strange(bytes)),
    }
}
