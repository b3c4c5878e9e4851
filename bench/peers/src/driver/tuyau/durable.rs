//! Messages that our router keeps: stored in its state directory, and taken over a session.

use std::io;

use tuyau_wire::{Class, Level};

use super::{Frames, Tuyau, bind, tls};
use crate::{Client, Durable, Keys, Name, Peer, Server, Site, Wire};

impl Durable for Tuyau {
    fn modes(&self, synced: bool) -> &'static [&'static str] {
        match synced {
            true => &["tuyau"],
            // It syncs what it confirms, always.
            false => &[],
        }
    }

    fn drains(&self) -> &'static [&'static str] {
        &["tuyau"]
    }

    fn start(&self, site: Site, _: &str) -> io::Result<Server> {
        Peer::start(self, site)
    }

    fn mailbox(&self, _: &Server, _: &Keys, _: Name, _: &str) -> io::Result<()> {
        // Whoever is sent to has one.
        Ok(())
    }

    fn sender(&self, server: &Server, _: &Keys, to: Name) -> io::Result<Client> {
        let (mut wire, mut codec) = greet(server, Name::One(1))?;
        codec.to = Some(to);
        codec.request_of(&mut wire, |sequence| {
            bind(sequence, to, Class::Durable, Level::Stored)
        })?;
        (codec.sent, codec.limit) = (0, codec.credit);
        Ok(Client::new(wire, codec))
    }

    fn recipient(&self, server: &Server, _: &Keys, own: Name, _: &str) -> io::Result<Client> {
        let (wire, codec) = greet(server, own)?;
        Ok(Client::new(wire, codec))
    }
}

fn greet(server: &Server, own: Name) -> io::Result<(Wire, Frames)> {
    let mut wire = Wire::connect(server.address)?;
    wire.secure(&tls::config(own))?;
    let mut codec = Frames::default();
    codec.greet(&mut wire)?;
    Ok((wire, codec))
}
