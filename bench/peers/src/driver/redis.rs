//! Redis: published messages of RESP 3, in which a subscriber may also publish.

use std::{io, path::Path, process::Command};

use crate::{Came, Client, Codec, Keys, Name, Peer, Server, Site, Wire, server};

const PROGRAM: &str = "redis-server";

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
        let mut question = Vec::new();
        command(&[b"HELLO", b"3"], &mut question);
        // Without this there is an answer to each message that is published.
        command(&[b"CLIENT", b"REPLY", b"OFF"], &mut question);
        command(&[b"SUBSCRIBE", super::text(own).as_bytes()], &mut question);
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
    publish: Vec<u8>,
}

impl Codec for Resp {
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()> {
        let mut question = Vec::new();
        command(
            &[b"SUBSCRIBE", super::text(Name::Group(group)).as_bytes()],
            &mut question,
        );
        let done = self.subscribed + 1;
        super::ask(wire, self, &question, |codec| codec.subscribed == done)
    }

    fn aim(&mut self, _: &mut Wire, to: Name) -> io::Result<()> {
        self.publish = b"*3\r\n".to_vec();
        bulk(b"PUBLISH", &mut self.publish);
        bulk(super::text(to).as_bytes(), &mut self.publish);
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.publish);
        bulk(body, out);
    }

    fn take(
        &mut self,
        bytes: &[u8],
        _: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(after) = skip(rest)? {
            if let Some(items) = rest.strip_prefix(b">3\r\n") {
                let (kind, items) = item(items)?;
                let (_, items) = item(items)?;
                match kind {
                    b"message" => each(Came::Message(item(items)?.0)),
                    b"subscribe" => self.subscribed += 1,
                    _ => return Err(super::strange(rest)),
                }
            } else if rest.starts_with(b"-") {
                return Err(super::strange(rest));
            }
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }
}

fn command(words: &[&[u8]], out: &mut Vec<u8>) {
    out.push(b'*');
    super::digits(words.len(), out);
    out.extend_from_slice(b"\r\n");
    for word in words {
        bulk(word, out);
    }
}

fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'$');
    super::digits(bytes.len(), out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
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

/// The content of a bulk string that is whole, and what is behind it.
fn item(bytes: &[u8]) -> io::Result<(&[u8], &[u8])> {
    let length = super::line(bytes).ok_or_else(|| super::strange(bytes))?;
    let (line, rest) = bytes.split_at(length);
    match line {
        [b'$', digits @ ..] => {
            let (content, rest) = rest.split_at(super::decimal(digits.trim_ascii_end())?);
            Ok((content, &rest[2..]))
        }
        _ => Err(super::strange(bytes)),
    }
}
