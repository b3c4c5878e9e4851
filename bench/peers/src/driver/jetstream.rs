//! What NATS keeps: JetStream with files and one replica, taken by a pull consumer that acknowledges.

use std::io;

use super::nats::{self, Nats, Text};
use crate::{Came, Client, Codec, Durable, Keys, Name, Server, Site, Wire};

const ALWAYS: &str = "JetStream, sync always";
const DEFAULT: &str = "JetStream, sync every 2 min";
const DRAIN: &str = "JetStream, each acknowledged";
const DRAIN_QUEUE: &str = "JetStream, each acknowledged, work queue";
const DRAIN_BATCH: &str = "JetStream, batches acknowledged";

/// Where answers to what we ask come, and messages that were pulled.
const INBOX: &str = "_INBOX.bench";

/// How many messages one request pulls; two requests are under way.
const PULL: usize = 2000;

impl Durable for Nats {
    fn modes(&self, synced: bool) -> &'static [&'static str] {
        match synced {
            // Older ones cannot be told to sync each time.
            true if self.is_newer() => &[ALWAYS],
            true => &[],
            false => &[DEFAULT],
        }
    }

    fn drains(&self) -> &'static [&'static str] {
        &[DRAIN, DRAIN_QUEUE, DRAIN_BATCH]
    }

    fn start(&self, site: Site, mode: &str) -> io::Result<Server> {
        let sync = if mode == ALWAYS {
            "sync_interval: always\n"
        } else {
            ""
        };
        let more = format!(
            "jetstream {{\n store_dir: \"{}\"\n {sync}}}\n",
            site.path("store")
        );
        nats::start(self.program(), site, &more)
    }

    fn mailbox(&self, server: &Server, keys: &Keys, name: Name, mode: &str) -> io::Result<()> {
        let mut wire = nats::greet(server, keys)?;
        let mut text = Text::default();
        text.subscribe(&mut wire, INBOX)?;
        let subject = subject(name);
        let retention = if mode == DRAIN_QUEUE {
            "workqueue"
        } else {
            "limits"
        };
        let stream = format!(
            "{{\"name\":\"BOX\",\"subjects\":[\"{subject}\"],\"storage\":\"file\",\
             \"retention\":\"{retention}\",\"num_replicas\":1}}"
        );
        call(&mut wire, &mut text, "$JS.API.STREAM.CREATE.BOX", &stream)?;
        let acknowledge = if mode == DRAIN_BATCH {
            "all"
        } else {
            "explicit"
        };
        let consumer = format!(
            "{{\"stream_name\":\"BOX\",\"config\":{{\"durable_name\":\"OWNER\",\
             \"deliver_policy\":\"all\",\"ack_policy\":\"{acknowledge}\",\"ack_wait\":30000000000,\
             \"max_ack_pending\":20000}}}}"
        );
        call(
            &mut wire,
            &mut text,
            "$JS.API.CONSUMER.DURABLE.CREATE.BOX.OWNER",
            &consumer,
        )
    }

    fn sender(&self, server: &Server, keys: &Keys, to: Name) -> io::Result<Client> {
        let mut wire = nats::greet(server, keys)?;
        let mut text = Text::default();
        text.subscribe(&mut wire, INBOX)?;
        text.publish_to(&subject(to), INBOX);
        Ok(Client::new(wire, Storing { text, stored: 0 }))
    }

    fn recipient(&self, server: &Server, keys: &Keys, _: Name, mode: &str) -> io::Result<Client> {
        let mut wire = nats::greet(server, keys)?;
        let mut text = Text::default();
        text.subscribe(&mut wire, INBOX)?;
        let codec = Pulling {
            text,
            batches: mode == DRAIN_BATCH,
            pulled: 0,
        };
        let mut question = Vec::new();
        codec.pull(&mut question);
        codec.pull(&mut question);
        wire.write(&question)?;
        Ok(Client::new(wire, codec))
    }
}

fn subject(name: Name) -> String {
    format!("box.{}", super::text(name))
}

/// Asks the server's interface for something, which must not answer with an error.
fn call(wire: &mut Wire, text: &mut Text, subject: &str, question: &str) -> io::Result<()> {
    wire.write(format!("PUB {subject} {INBOX} {}\r\n{question}\r\n", question.len()).as_bytes())?;
    let mut said = Vec::new();
    while said.is_empty() {
        wire.read()?;
        let used = text.take(wire.plain(), &mut Vec::new(), &mut |came| {
            if let Came::Message(body) = came {
                said.extend_from_slice(body);
            }
        })?;
        wire.take(used);
    }
    match find(&said, b"\"error\"") {
        Some(_) => Err(super::strange(&said)),
        None => Ok(()),
    }
}

/// One whose messages are confirmed, each by a message with its place in the stream.
struct Storing {
    text: Text,
    stored: usize,
}

impl Codec for Storing {
    fn join(&mut self, _: &mut Wire, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn aim(&mut self, _: &mut Wire, to: Name) -> io::Result<()> {
        self.text.publish_to(&subject(to), INBOX);
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.text.send(body, out);
    }

    fn take(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let before = self.stored;
        let stored = &mut self.stored;
        let used = self.text.scan(bytes, answers, &mut |_, body, _| {
            let start = find(body, b"\"seq\":").ok_or_else(|| super::strange(body))?;
            let digits = body[start..].split(|byte| !byte.is_ascii_digit()).next();
            *stored += 1;
            // One sender alone: its messages are numbered without a gap.
            match super::decimal(digits.unwrap_or_default())? == *stored {
                true => Ok(()),
                false => Err(super::strange(body)),
            }
        })?;
        each(Came::Stored((self.stored - before) as u64));
        Ok(used)
    }
}

/// One who pulls and acknowledges.
struct Pulling {
    text: Text,
    /// Whether an acknowledgement is for all messages before it too.
    batches: bool,
    /// How many came of the batch that was asked for first.
    pulled: usize,
}

impl Pulling {
    fn pull(&self, out: &mut Vec<u8>) {
        let question = format!("{{\"batch\":{PULL},\"expires\":60000000000}}");
        let length = question.len();
        let line =
            format!("PUB $JS.API.CONSUMER.MSG.NEXT.BOX.OWNER {INBOX} {length}\r\n{question}\r\n");
        out.extend_from_slice(line.as_bytes());
    }
}

impl Codec for Pulling {
    fn join(&mut self, _: &mut Wire, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn aim(&mut self, _: &mut Wire, _: Name) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn send(&mut self, _: &[u8], _: &mut Vec<u8>) {}

    fn take(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut last = Vec::new();
        let (batches, pulled) = (self.batches, &mut self.pulled);
        let used = self.text.scan(bytes, answers, &mut |line, body, answers| {
            let reply = line
                .split(|byte| *byte == b' ')
                .nth(3)
                .ok_or_else(|| super::strange(line))?;
            each(Came::Message(body));
            *pulled += 1;
            if batches {
                last.clear();
                last.extend_from_slice(reply);
            } else {
                acknowledge(reply, answers);
            }
            Ok(())
        })?;
        if !last.is_empty() {
            acknowledge(&last, answers);
        }
        while self.pulled >= PULL {
            self.pulled -= PULL;
            self.pull(answers);
        }
        Ok(used)
    }
}

fn acknowledge(reply: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"PUB ");
    out.extend_from_slice(reply);
    out.extend_from_slice(b" 0\r\n\r\n");
}

/// Where what follows some text begins.
fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let at = bytes
        .windows(text.len())
        .position(|window| window == text)?;
    Some(at + text.len())
}
