//! A router in memory, and peers that check every single thing they are told.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use tokio::time::Instant;
use tuyau::mem;
use tuyau_core::AnyListener;
use tuyau_router::{Clock, Settings, Storage, Timestamp, store::SimulatedDisk};
use tuyau_wire::{
    Announcement, Binding, Class, Grant, Hello, Identity, Level, Message, RejectCode, Rights,
    Rules, Signed, Target, capability,
};

use crate::support::{Peer, TestRouter, hello, key, peer::fast, stack_in, start};

/// Who sends, and who is to receive. Of the others each test says who they are.
pub(crate) const SENDER: u8 = 1;
pub(crate) const RECIPIENT: u8 = 2;
pub(crate) const OTHER: u8 = 3;
pub(crate) const ROUTER: u8 = 100;

/// The key of the group.
pub(crate) const GROUP: u8 = 50;

pub(crate) fn id(seed: u8) -> Identity {
    key(seed).identity()
}

/// A router, and the place where it and its peers find each other.
pub(crate) struct World {
    pub(crate) router: TestRouter,
    hub: mem::Hub,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let hub = mem::Hub::new();
        let router = start(|settings| {
            settings.listen = vec!["tls+mem://router".parse().unwrap()];
            settings.hub = hub.clone();
            change(settings);
        });
        let router = router.await;
        Self { router, hub }
    }

    /// A world whose router keeps messages on this disk.
    pub(crate) async fn on(disk: &Disk, change: impl FnOnce(&mut Settings)) -> Self {
        let (storage, clock) = (disk.storage(), disk.clock.clone());
        Self::with(|settings| {
            settings.storage = Some(storage);
            settings.clock = clock;
            // Time passes at once here, and those who only wait are not asked whether they are there.
            settings.limits.ping = Duration::ZERO;
            change(settings);
        })
        .await
    }

    /// A world in which the recipient has a route.
    pub(crate) async fn with_route(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with(|settings| {
            has_route(settings);
            change(settings);
        })
        .await
    }

    /// Where the router finds the recipient when it dials.
    pub(crate) async fn route(&self) -> AnyListener {
        let stack = stack_in(RECIPIENT, &self.hub);
        let address = "tls+mem://recipient".parse().unwrap();
        stack.listen(&address).await.unwrap()
    }

    /// Waits until the end of a session of this key is known.
    pub(crate) async fn forgets(&mut self, seed: u8) {
        self.router.disconnected(seed).await;
    }

    pub(crate) async fn connect(&self, seed: u8) -> Strict {
        self.connect_with(seed, hello()).await
    }

    /// Connects somebody for whom something may be kept, which comes at once.
    pub(crate) async fn returns(&self, seed: u8) -> Strict {
        self.returns_with(seed, durable_hello()).await
    }

    pub(crate) async fn returns_with(&self, seed: u8, hello: Hello) -> Strict {
        let stack = stack_in(seed, &self.hub);
        Strict(self.router.greet_with(seed, &stack, hello).await)
    }

    pub(crate) async fn connect_with(&self, seed: u8, hello: Hello) -> Strict {
        let stack = stack_in(seed, &self.hub);
        let mut peer = Strict(self.router.greet_with(seed, &stack, hello).await);
        // The hello has been handled when something behind it is answered.
        peer.hears_nothing().await;
        peer
    }
}

/// Gives the recipient a route.
pub(crate) fn has_route(settings: &mut Settings) {
    let route = vec!["tls+mem://recipient".parse().unwrap()];
    settings.static_routes = vec![(id(RECIPIENT), route)];
}

/// The disk of a router, which outlives it, and the clock beside it.
pub(crate) struct Disk {
    pub(crate) mailboxes: SimulatedDisk,
    pub(crate) directory: SimulatedDisk,
    clock: Clock,
    delay: Duration,
    cache_bytes: usize,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let (start, begin) = (Timestamp::now(), Instant::now());
        Self {
            mailboxes: SimulatedDisk::new(1),
            directory: SimulatedDisk::new(2),
            clock: Clock::new(move || start + begin.elapsed()),
            delay: Duration::ZERO,
            cache_bytes: 1 << 20,
        }
    }

    /// A disk that takes so long whenever it is asked.
    pub(crate) fn slow(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::new()
        }
    }

    /// A disk beside which no messages are kept in memory.
    pub(crate) fn without_cache() -> Self {
        let cache_bytes = 0;
        Self {
            cache_bytes,
            ..Self::new()
        }
    }

    /// Damages these bytes, which are in one of the files.
    pub(crate) fn damage(&self, bytes: &[u8]) {
        for (name, content) in self.mailboxes.files() {
            let mut places = content.windows(bytes.len());
            if let Some(at) = places.position(|it| it == bytes) {
                return self.mailboxes.overwrite(&name, at, &[!bytes[0]]);
            }
        }
        panic!("they are in none");
    }

    /// The disk after a power cut: what was not synced is lost or torn.
    pub(crate) fn power_cut(&self) -> Self {
        Self {
            mailboxes: self.mailboxes.power_cut(),
            directory: self.directory.power_cut(),
            clock: self.clock.clone(),
            delay: self.delay,
            cache_bytes: self.cache_bytes,
        }
    }

    fn storage(&self) -> Storage {
        let delay = self.delay;
        Storage {
            mailboxes: Box::new(self.mailboxes.clone()),
            directory: Box::new(self.directory.clone()),
            segment_bytes: 1 << 20,
            cache_bytes: self.cache_bytes,
            seed: 3,
            delay: Box::new(move || delay),
        }
    }
}

/// A hello that names the capability durable.
pub(crate) fn durable_hello() -> Hello {
    hello().with_capability(capability::DURABLE).unwrap()
}

/// A binding for durable messages to an identity.
pub(crate) fn durable(to: Identity, level: Level) -> Binding {
    Binding {
        target: Target::Identity(to),
        class: Class::Durable,
        level,
        ttl: 0,
    }
}

/// A peer that expects exactly what it is told.
pub(crate) struct Strict(pub(crate) Peer);

impl Deref for Strict {
    type Target = Peer;

    fn deref(&self) -> &Peer {
        &self.0
    }
}

impl DerefMut for Strict {
    fn deref_mut(&mut self) -> &mut Peer {
        &mut self.0
    }
}

impl Strict {
    /// Accepts the router, which dials.
    pub(crate) async fn accept(listener: &mut AnyListener) -> Self {
        Self(Peer::accept(listener, RECIPIENT).await)
    }

    /// The next message but credit, which comes when it comes.
    pub(crate) async fn heard(&mut self) -> Vec<u8> {
        loop {
            let bytes = self.hear().await.expect("the session goes on");
            if !matches!(Message::decode(&bytes), Ok(Message::Credit { .. })) {
                return bytes;
            }
        }
    }

    /// The next message is this one.
    pub(crate) async fn hears(&mut self, expected: &Message<'_>) {
        let bytes = self.heard().await;
        assert_eq!(&Message::decode(&bytes).unwrap(), expected);
    }

    /// Everything that was said before has been handled, and no answer to it is left.
    pub(crate) async fn hears_nothing(&mut self) {
        let token = 1_000_000 + self.number;
        self.say(&Message::Ping { token }).await;
        self.hears(&Message::Pong { token }).await;
    }

    /// Everything that was said before has been handled; what was answered does not matter.
    pub(crate) async fn drain(&mut self) {
        let token = 2_000_000 + self.number;
        self.say(&Message::Ping { token }).await;
        loop {
            let bytes = self.heard().await;
            if Message::decode(&bytes).unwrap() == (Message::Pong { token }) {
                return;
            }
        }
    }

    pub(crate) async fn hears_receipt(&mut self, level: Level, sequence: u64) {
        let (first, last) = (sequence, sequence);
        self.hears(&Message::Receipt { level, first, last }).await;
    }

    /// The next message is a refusal of this number with this code; gives its text.
    pub(crate) async fn hears_reject(&mut self, number: u64, expected: RejectCode) -> String {
        let bytes = self.heard().await;
        match Message::decode(&bytes).unwrap() {
            Message::Reject {
                sequence: Some(sequence),
                code,
                text,
            } => {
                assert_eq!((sequence, code), (number, expected), "{text}");
                text.to_owned()
            }
            other => panic!("{other:?}"),
        }
    }

    /// The next message announces what comes from a sender, with this class; gives the handle.
    pub(crate) async fn hears_announce(
        &mut self,
        from: u8,
        class: Class,
        acknowledge: bool,
        ttl: u64,
    ) -> u64 {
        let (identity, epoch, group) = (id(from), 0, None);
        let expected = Announcement {
            identity,
            epoch,
            group,
            class,
            acknowledge,
            ttl,
        };
        self.hears_announced(expected).await
    }

    pub(crate) async fn hears_announced(&mut self, expected: Announcement) -> u64 {
        let bytes = self.heard().await;
        match Message::decode(&bytes).unwrap() {
            Message::Announce {
                handle,
                announcement,
            } => {
                assert_eq!(announcement, expected);
                handle
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn hears_deliver(&mut self, handle: u64, sequence: u64, body: &[u8]) {
        self.hears(&Message::Deliver {
            handle,
            sequence,
            body,
        })
        .await;
    }

    /// Binds a handle to the recipient for fast messages.
    pub(crate) async fn bind_fast(&mut self, handle: u64, level: Level) {
        let binding = fast(id(RECIPIENT), level);
        assert_eq!(self.bind(handle, binding).await, None);
    }

    /// A binding is refused with this code, and what is sent on it is as well.
    pub(crate) async fn is_not_bound(&mut self, binding: Binding, code: RejectCode) {
        let handle = 77;
        let refused = self.bind(handle, binding).await.expect("it is refused");
        assert_eq!(refused.0, code, "{}", refused.1);
        let sent = self.post(handle, b"x").await;
        self.hears_reject(sent, RejectCode::Unbound).await;
    }

    pub(crate) async fn acknowledge(&mut self, handle: u64, first: u64, last: u64) {
        self.say(&Message::Acknowledge {
            handle,
            first,
            last,
        })
        .await;
    }

    pub(crate) async fn reply(&mut self, handle: u64, sequence: u64, body: &[u8]) {
        self.say(&Message::Reply {
            handle,
            sequence,
            body,
        })
        .await;
    }

    /// Joins the group for the session, and gives the number of the join.
    pub(crate) async fn join(&mut self, grant: Option<Signed<Grant>>) -> u64 {
        let (sequence, group, durable) = (self.next(), id(GROUP), false);
        self.say(&Message::Join {
            sequence,
            group,
            durable,
            grant,
        })
        .await;
        sequence
    }

    pub(crate) async fn joins(&mut self) {
        let joined = self.join(None).await;
        self.hears_receipt(Level::Accepted, joined).await;
    }

    /// Binds a handle to the group, and gives the refusal if it is one.
    pub(crate) async fn bind_group(
        &mut self,
        handle: u64,
        level: Level,
        grant: Option<Signed<Grant>>,
    ) -> Option<RejectCode> {
        let binding = publish(level, grant);
        self.bind(handle, binding).await.map(|(code, _)| code)
    }

    /// Brings rules of the group.
    pub(crate) async fn declare(&mut self, rules: Signed<Rules>) {
        let sequence = self.next();
        self.say(&Message::Declare { sequence, rules }).await;
        assert_eq!(self.answer().await, None);
    }
}

/// A binding for fast messages to the group.
pub(crate) fn publish(level: Level, grant: Option<Signed<Grant>>) -> Binding {
    let grant = grant.map(Box::new);
    let target = Target::Group {
        group: id(GROUP),
        grant,
    };
    let (class, ttl) = (Class::Fast, 0);
    Binding {
        target,
        class,
        level,
        ttl,
    }
}

/// A binding for requests to the recipient.
pub(crate) fn request(ttl: u64) -> Binding {
    let (class, level) = (Class::Request, Level::None);
    Binding {
        class,
        ttl,
        ..fast(id(RECIPIENT), level)
    }
}

/// What is announced of what the sender publishes to the group.
pub(crate) fn from_group(sender: u8) -> Announcement {
    Announcement {
        identity: id(sender),
        epoch: 0,
        group: Some(id(GROUP)),
        class: Class::Fast,
        acknowledge: false,
        ttl: 0,
    }
}

/// Rules of the group by which joining and publishing want grants from this number on.
pub(crate) fn restricted(sequence: u64, grants_from: u64) -> Signed<Rules> {
    let rules = Rules {
        group: id(GROUP),
        sequence,
        join_restricted: true,
        publish_restricted: true,
        grants_from,
    };
    Signed::sign(&key(GROUP), rules).unwrap()
}

/// A grant with this number, of the group's key, for the next hour.
pub(crate) fn grant(to: u8, sequence: u64, rights: Rights) -> Signed<Grant> {
    grant_by(GROUP, to, sequence, rights)
}

/// The same, signed by any key.
pub(crate) fn grant_by(signer: u8, to: u8, sequence: u64, rights: Rights) -> Signed<Grant> {
    let grant = Grant {
        group: id(signer),
        identity: id(to),
        sequence,
        rights,
        expires: tuyau_router::Timestamp::now().seconds() + 3600,
    };
    Signed::sign(&key(signer), grant).unwrap()
}
