//! The plain relay, whose frames `bin/plain-relay.rs` describes.

use std::{env, io, process::Command};

use crate::{Came, Client, Codec, Keys, Name, Peer, Role, Server, Site, Wire};

const HEAD: usize = 8;

/// The ceiling.
pub struct Relay;

impl Peer for Relay {
    fn name(&self) -> &'static str {
        "plain relay"
    }

    fn version(&self) -> Option<String> {
        Some("of this folder".to_owned())
    }

    fn role(&self) -> Role {
        Role::Ceiling
    }

    fn start(&self, site: Site) -> io::Result<Server> {
        let mut command = Command::new(env::current_exe()?.with_file_name("plain-relay"));
        command.arg(site.address.to_string());
        if let Some(files) = &site.files {
            command.args([&files.authority, &files.certificate, &files.key]);
        }
        Server::start(&mut command, site)
    }

    fn connect(&self, server: &Server, keys: &Keys, own: Name) -> io::Result<Client> {
        let mut wire = super::dial(server, keys)?;
        let mut codec = Frames {
            bound: 0,
            confirmed: 0,
        };
        codec.control(&mut wire, &key(own))?;
        Ok(Client::new(wire, codec))
    }
}

struct Frames {
    /// The number bound last, from 1.
    bound: u32,
    /// How many control frames have come back.
    confirmed: u64,
}

impl Frames {
    fn control(&mut self, wire: &mut Wire, body: &[u8]) -> io::Result<()> {
        let mut frame = Vec::new();
        push(0, body, &mut frame);
        let done = self.confirmed + 1;
        super::ask(wire, self, &frame, |codec| codec.confirmed == done)
    }
}

impl Codec for Frames {
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()> {
        self.control(wire, &key(Name::Group(group)))
    }

    fn aim(&mut self, wire: &mut Wire, to: Name) -> io::Result<()> {
        let mut body = key(to).to_vec();
        body.push(0);
        self.control(wire, &body)?;
        self.bound += 1;
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        push(self.bound, body, out);
    }

    fn take(
        &mut self,
        bytes: &[u8],
        _: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some((head, after)) = rest.split_first_chunk::<HEAD>() {
            let [a, b, c, d, number @ ..] = *head;
            let length = u32::from_le_bytes([a, b, c, d]) as usize - 4;
            let Some((body, after)) = after.split_at_checked(length) else {
                break;
            };
            match u32::from_le_bytes(number) {
                0 => self.confirmed += 1,
                _ => each(Came::Message(body)),
            }
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }
}

fn push(number: u32, body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(body.len() as u32 + 4).to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(body);
}

fn key(name: Name) -> [u8; 32] {
    let (kind, number) = match name {
        Name::One(number) => (1, number),
        Name::Group(number) => (2, number),
    };
    let mut key = [kind; 32];
    key[..4].copy_from_slice(&number.to_le_bytes());
    key
}
