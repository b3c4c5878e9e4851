//! The router of this project, by its own wire protocol (`spec/README.md`).

mod durable;
mod routes;
mod tls;

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use tuyau_wire::{
    Binding, Class, Hello, Identity, Level, Message, Parameter, Record, Role as Part, SecretKey,
    Signed, Target, capability,
    fast::{self, Kind, Parts},
    frame,
};

use crate::{
    Bounded, Budget, Came, Client, Codec, Durable, Keys, Known, Name, Peer, Role, Server, Site,
    Wire, server,
};

/// The longest message, in bytes.
const LONGEST: usize = 1 << 20;

/// The router.
pub struct Tuyau;

impl Peer for Tuyau {
    fn name(&self) -> &'static str {
        "tuyau"
    }

    fn version(&self) -> Option<String> {
        server::version(&program(), &["--version"])
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn prepare(&self, clients: u32) {
        for number in 0..clients {
            tls::config(Name::One(number));
        }
    }

    fn start(&self, site: Site) -> io::Result<Server> {
        start(site, ROOM, "")
    }

    fn connect(&self, server: &Server, _: &Keys, own: Name) -> io::Result<Client> {
        let mut wire = Wire::connect(server.address)?;
        wire.secure(&tls::config(own))?;
        let mut codec = Frames::default();
        codec.greet(&mut wire)?;
        codec.register(&mut wire, &tls::key(own))?;
        Ok(Client::new(wire, codec))
    }

    fn durable(&self) -> Option<&dyn Durable> {
        Some(self)
    }

    fn known(&self) -> Option<&dyn Known> {
        Some(self)
    }

    fn bounded(&self) -> Option<&dyn Bounded> {
        Some(self)
    }
}

impl Bounded for Tuyau {
    fn start(&self, site: Site, budget: Budget) -> io::Result<Server> {
        start(site, budget, "")
    }
}

/// Room for the load of one sender at full speed.
const ROOM: Budget = Budget {
    queue: 16 << 20,
    credit: 4 << 20,
};

/// Starts it with more limits, lines of the configuration.
fn start(site: Site, budget: Budget, limits: &str) -> io::Result<Server> {
    if site.files.is_none() {
        return Err(io::Error::other("it speaks TLS alone"));
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(site.folder.join("identity.pem"))?;
    file.write_all(tls::router().to_pkcs8_pem().as_bytes())?;
    let config = site.write("router.yaml", &(config(&site, budget) + limits))?;
    let mut command = Command::new(program());
    command.arg("router").arg("--config").arg(config);
    Server::start(&mut command, site)
}

/// The one that is installed for measuring, or that was built beside this program.
fn program() -> PathBuf {
    let installed = crate::installed("bin/tuyau");
    if installed.exists() {
        return installed;
    }
    let beside = env::current_exe().unwrap_or_default();
    beside.with_file_name("tuyau")
}

/// As many connections as come, and nobody is parted from for being slow; the rest is as it comes.
fn config(site: &Site, budget: Budget) -> String {
    let Budget { queue, credit } = budget;
    let (address, state) = (site.address, Path::new("state").display());
    format!(
        "listen: [\"tls://{address}\"]\nstate_dir: {state}\nkey_file: identity.pem\ngreeting: null\n\
         limits:\n  connections: 100000\n  connections_per_address: 100000\n  \
         handshakes_per_second: 1000000\n  frame_seconds: 600\n  \
         queue_bytes: {queue}\n  credit_bytes: {credit}\n"
    )
}

/// How many kept messages may wait for their acknowledgement, the same as with the others.
const UNACKNOWLEDGED: u64 = 20_000;

/// The handles of whom we aim at: for messages, and for requests.
const MESSAGES: u64 = 0;
const REQUESTS: u64 = 1;

/// One session.
#[derive(Default)]
struct Frames {
    greeted: bool,
    /// The number used last.
    sequence: u64,
    /// How many receipts have come.
    receipts: u64,
    to: Option<Name>,
    /// What was sent to whom we aim at, and what may be, in bytes of messages.
    sent: u64,
    limit: u64,
    /// The bytes of the message sent last.
    cost: u64,
    /// What a fresh handle may be sent.
    credit: u64,
    /// Whether the handle for requests is bound.
    asks: bool,
    /// The router's handle and the number of the request that came last.
    asked: (u64, u64),
    /// The router's handles under which acknowledgements are wanted.
    keeps: Vec<u64>,
}

impl Frames {
    fn greet(&mut self, wire: &mut Wire) -> io::Result<()> {
        let hello = Hello::new(Part::Service, "peers").map_err(io::Error::other)?;
        let hello = hello.with_parameter(Parameter::Epoch, now());
        let hello = hello.and_then(|it| it.with_capability(capability::DURABLE));
        let hello =
            hello.and_then(|it| it.with_parameter(Parameter::Unacknowledged, UNACKNOWLEDGED));
        let hello = Message::Hello(hello.map_err(io::Error::other)?);
        super::ask(wire, self, &framed(&hello), |codec| codec.greeted)
    }

    fn register(&mut self, wire: &mut Wire, key: &SecretKey) -> io::Result<()> {
        let route = "tls://192.0.2.1:1".parse().map_err(io::Error::other)?;
        let record = Record {
            identity: key.identity(),
            sequence: now(),
            routes: vec![route],
            expires: now() / 1000 + 3600,
        };
        let record = Signed::sign(key, record).map_err(io::Error::other)?;
        self.request_of(wire, |sequence| Message::Listen { sequence, record })
    }

    /// Says something that is answered by a receipt, and waits for that.
    fn request_of(
        &mut self,
        wire: &mut Wire,
        message: impl FnOnce(u64) -> Message<'static>,
    ) -> io::Result<()> {
        self.sequence += 1;
        let done = self.receipts + 1;
        let frame = framed(&message(self.sequence));
        super::ask(wire, self, &frame, |codec| codec.receipts >= done)
    }

    fn put(&mut self, handle: u64, body: &[u8], out: &mut Vec<u8>) {
        self.sequence += 1;
        let parts = Parts {
            kind: Kind::Send,
            handle,
            sequence: self.sequence,
            body,
        };
        self.cost = fast::write(out, parts) as u64;
    }
}

impl Codec for Frames {
    fn join(&mut self, wire: &mut Wire, group: u32) -> io::Result<()> {
        let group = identity(Name::Group(group));
        let (durable, grant) = (false, None);
        self.request_of(wire, |sequence| Message::Join {
            sequence,
            group,
            durable,
            grant,
        })
    }

    fn aim(&mut self, wire: &mut Wire, to: Name) -> io::Result<()> {
        (self.to, self.asks) = (Some(to), false);
        self.request_of(wire, |sequence| {
            bind(sequence, to, Class::Fast, Level::None)
        })?;
        (self.sent, self.limit) = (0, self.credit);
        Ok(())
    }

    fn send(&mut self, body: &[u8], out: &mut Vec<u8>) {
        self.put(MESSAGES, body, out);
        self.sent += self.cost;
    }

    fn room(&self) -> u64 {
        let left = self.limit.saturating_sub(self.sent);
        // What begins within the credit is taken whole.
        left.div_ceil(self.cost.max(1))
    }

    fn request(&mut self, body: &[u8], out: &mut Vec<u8>) {
        if let Some(to) = self.to.filter(|_| !self.asks) {
            self.sequence += 1;
            bind(self.sequence, to, Class::Request, Level::None).encode_frame(out);
            self.asks = true;
        }
        self.put(REQUESTS, body, out);
    }

    fn reply(&mut self, body: &[u8], out: &mut Vec<u8>) {
        let (handle, sequence) = self.asked;
        let parts = Parts {
            kind: Kind::Reply,
            handle,
            sequence,
            body,
        };
        fast::write(out, parts);
    }

    fn take(
        &mut self,
        bytes: &[u8],
        answers: &mut Vec<u8>,
        each: &mut dyn FnMut(Came<'_>),
    ) -> io::Result<usize> {
        let mut at = 0;
        let mut came: Option<(u64, u64, u64)> = None;
        while let Some(frame) = frame::split(&bytes[at..], LONGEST).map_err(io::Error::other)? {
            at += frame.length;
            if let Some(parts) = fast::read(frame.message) {
                self.asked = (parts.handle, parts.sequence);
                each(Came::Message(parts.body));
                if self.keeps.contains(&parts.handle) {
                    // What came one after the other is acknowledged together.
                    came = match came {
                        Some((handle, first, last))
                            if (handle, last + 1) == (parts.handle, parts.sequence) =>
                        {
                            Some((handle, first, parts.sequence))
                        }
                        before => {
                            acknowledge(before, answers);
                            Some((parts.handle, parts.sequence, parts.sequence))
                        }
                    };
                }
                continue;
            }
            match Message::decode(frame.message).map_err(io::Error::other)? {
                Message::Hello(hello) => {
                    self.greeted = true;
                    self.credit = hello.parameter(Parameter::Credit);
                    // What was kept may be right behind it, and is for whoever reads next.
                    return Ok(at);
                }
                Message::Receipt {
                    level: Level::Stored,
                    first,
                    last,
                } => each(Came::Stored(last - first + 1)),
                Message::Receipt { .. } => self.receipts += 1,
                Message::Replied { body, .. } => each(Came::Message(body)),
                Message::Credit {
                    handle: MESSAGES,
                    limit,
                } => self.limit = limit,
                Message::Announce {
                    handle,
                    announcement,
                } if announcement.acknowledge => self.keeps.push(handle),
                Message::Credit { .. } | Message::Announce { .. } => {}
                Message::Ping { token } => Message::Pong { token }.encode_frame(answers),
                other => return Err(super::strange(format!("{other:?}").as_bytes())),
            }
        }
        acknowledge(came, answers);
        Ok(at)
    }
}

/// Acknowledges what came under one handle.
fn acknowledge(came: Option<(u64, u64, u64)>, answers: &mut Vec<u8>) {
    if let Some((handle, first, last)) = came {
        let acknowledge = Message::Acknowledge {
            handle,
            first,
            last,
        };
        acknowledge.encode_frame(answers);
    }
}

/// What binds the handle of a class.
fn bind(sequence: u64, to: Name, class: Class, level: Level) -> Message<'static> {
    let target = match to {
        Name::One(_) => Target::Identity(identity(to)),
        Name::Group(_) => Target::Group {
            group: identity(to),
            grant: None,
        },
    };
    let handle = match class {
        Class::Request => REQUESTS,
        _ => MESSAGES,
    };
    let binding = Binding {
        target,
        class,
        level,
        ttl: 0,
    };
    Message::Bind {
        sequence,
        handle,
        binding,
    }
}

fn framed(message: &Message<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    message.encode_frame(&mut frame);
    frame
}

fn identity(name: Name) -> Identity {
    tls::key(name).identity()
}

/// The time in milliseconds since the begin of 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as u64
}
