//! The rules of a session, as far as one direction shows them.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{Finding, FindingKind as Kind};
use crate::{
    Binding, Class, Grant, Hello, Identity, Level, Message, Role, Signed, Statement, Target,
    VERSION, capability,
};

/// What was said so far in one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    role: Option<Role>,
    /// The capabilities of the hello; none before it came.
    capabilities: Option<Vec<String>>,
    begun: bool,
    ended: bool,
    last_number: Option<u64>,
    /// The handles that are bound, or announced.
    handles: BTreeSet<u64>,
    /// The last message delivered under each handle that was not delivered again.
    delivered: BTreeMap<u64, u64>,
}

/// What is found in one message.
struct Findings {
    offset: usize,
    all: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, kind: Kind, found: impl Into<String>) {
        self.all.push(Finding::new(kind, self.offset, found));
    }
}

impl Watch {
    pub(super) fn role(&self) -> Option<Role> {
        self.role
    }

    /// Takes note of a message that could not be read.
    pub(super) fn see_unread(&mut self, offset: usize) -> Vec<Finding> {
        let mut findings = Findings {
            offset,
            all: Vec::new(),
        };
        self.after_end(&mut findings);
        self.begun = true;
        findings.all
    }

    /// Takes note of a message, and says what is wrong with it here.
    pub(super) fn see(&mut self, offset: usize, message: &Message<'_>) -> Vec<Finding> {
        let mut findings = Findings {
            offset,
            all: Vec::new(),
        };
        self.after_end(&mut findings);
        match message {
            Message::Hello(hello) => self.hello(hello, &mut findings),
            // A session may be refused before a hello is read.
            Message::Reject { sequence: None, .. } => {}
            other if !self.begun => {
                let found = format!("the first message is {}, not hello", other.name());
                findings.add(Kind::NoHello, found);
            }
            _ => {}
        }
        self.begun = true;
        self.side(message, &mut findings);
        self.number(message, &mut findings);
        self.handle(message, &mut findings);
        self.capability(message, &mut findings);
        signatures(message, &mut findings);
        self.ended |= matches!(message, Message::Reject { sequence: None, .. });
        findings.all
    }

    fn after_end(&self, findings: &mut Findings) {
        if self.ended {
            findings.add(Kind::AfterEnd, "a message behind a reject of the session");
        }
    }

    fn hello(&mut self, hello: &Hello, findings: &mut Findings) {
        if self.capabilities.is_some() {
            findings.add(Kind::SecondHello, "a second hello");
            return;
        }
        if self.begun {
            findings.add(Kind::NoHello, "hello is not the first message");
        }
        if !hello.versions().contains(&VERSION) {
            let found = format!("a hello with the versions {:?}", hello.versions());
            findings.add(Kind::Version, found);
        }
        self.role = Some(hello.role());
        self.capabilities = Some(hello.capabilities().into());
    }

    /// Who may say it. The first message that only one side says tells who it is, without a hello.
    fn side(&mut self, message: &Message<'_>, findings: &mut Findings) {
        let may = |role| message.is_from(role);
        match self.role {
            Some(role) if may(role) => {}
            Some(role) => {
                let side = match role {
                    Role::Service => "service",
                    Role::Router => "router",
                };
                let found = format!("{} from a {side}", message.name());
                findings.add(Kind::WrongSide, found);
            }
            None => {
                self.role = match (may(Role::Service), may(Role::Router)) {
                    (true, false) => Some(Role::Service),
                    (false, true) => Some(Role::Router),
                    _ => None,
                };
            }
        }
    }

    /// Numbers of a service grow, and those of a sender under one handle of a router.
    fn number(&mut self, message: &Message<'_>, findings: &mut Findings) {
        let before = match *message {
            Message::Deliver {
                handle, sequence, ..
            } => self
                .delivered
                .insert(handle, sequence)
                .map(|it| (it, sequence)),
            Message::Redeliver { handle, .. } | Message::Announce { handle, .. } => {
                self.delivered.remove(&handle);
                None
            }
            _ => own_number(message).and_then(|number| {
                let before = self.last_number.replace(number)?;
                Some((before, number))
            }),
        };
        if let Some((before, number)) = before.filter(|(before, number)| number <= before) {
            findings.add(Kind::Sequence, format!("number {number} behind {before}"));
        }
    }

    /// A handle is bound or announced before it is used. What was said before a capture that begins
    /// without a hello is not known.
    fn handle(&mut self, message: &Message<'_>, findings: &mut Findings) {
        let is_whole = self.capabilities.is_some();
        match *message {
            Message::Bind { handle, .. } => {
                self.handles.insert(handle);
            }
            Message::Unbind { handle } => {
                self.handles.remove(&handle);
            }
            Message::Announce { handle, .. } => {
                self.handles.insert(handle);
            }
            Message::Send { handle, .. } if is_whole && !self.handles.contains(&handle) => {
                let found = format!("send on handle {handle}, which is not bound");
                findings.add(Kind::Unbound, found);
            }
            Message::Deliver { handle, .. }
            | Message::Redeliver { handle, .. }
            | Message::Missed { handle, .. }
                if is_whole && !self.handles.contains(&handle) =>
            {
                let name = message.name();
                let found = format!("{name} under handle {handle}, which was not announced");
                findings.add(Kind::Unannounced, found);
            }
            _ => {}
        }
        if let Message::Bind { binding, .. } = message {
            combination(binding, findings);
        }
    }

    fn capability(&self, message: &Message<'_>, findings: &mut Findings) {
        let needed = match message {
            Message::Lookup { .. } | Message::Found { .. } => capability::LOOKUP,
            Message::Join { durable: true, .. } => capability::DURABLE,
            Message::Bind { binding, .. } if binding.class == Class::Durable => capability::DURABLE,
            _ => return,
        };
        let Some(named) = &self.capabilities else {
            return;
        };
        if !named.iter().any(|name| name == needed) {
            let name = message.name();
            let found = format!("{name} needs the capability {needed:?}, which the hello lacks");
            findings.add(Kind::Capability, found);
        }
    }
}

/// The number that a service gave to its message.
fn own_number(message: &Message<'_>) -> Option<u64> {
    match *message {
        Message::Listen { sequence, .. }
        | Message::Unlisten { sequence, .. }
        | Message::Bind { sequence, .. }
        | Message::Send { sequence, .. }
        | Message::Join { sequence, .. }
        | Message::Leave { sequence, .. }
        | Message::Declare { sequence, .. }
        | Message::Lookup { sequence, .. } => Some(sequence),
        _ => None,
    }
}

/// Not every class goes with every level and target.
fn combination(binding: &Binding, findings: &mut Findings) {
    let group = matches!(binding.target, Target::Group { .. });
    let fits = match (binding.class, binding.level) {
        (Class::Fast, Level::Stored) => false,
        (Class::Fast, Level::Delivered) => !group,
        (Class::Request, level) => level == Level::None && !group,
        _ => true,
    };
    if !fits {
        let to = if group { "a group" } else { "a service" };
        let (class, level) = (binding.class, binding.level);
        let found = format!("a handle for {to} of class {class} with level {level}");
        findings.add(Kind::Combination, found);
    }
}

fn signatures(message: &Message<'_>, findings: &mut Findings) {
    match message {
        Message::Listen { record, .. } | Message::Found { record, .. } => verify(record, findings),
        Message::Unlisten { withdrawal, .. } => verify(withdrawal, findings),
        Message::Declare { rules, .. } => verify(rules, findings),
        Message::Join {
            group,
            grant: Some(grant),
            ..
        } => check_grant(group, grant, findings),
        Message::Bind { binding, .. } => {
            if let Target::Group {
                group,
                grant: Some(grant),
            } = &binding.target
            {
                check_grant(group, grant, findings);
            }
        }
        _ => {}
    }
}

fn check_grant(group: &Identity, grant: &Signed<Grant>, findings: &mut Findings) {
    verify(grant, findings);
    let granted = grant.claims().group;
    if granted != *group {
        findings.add(Kind::ForeignGrant, format!("a grant of {granted}"));
    }
}

fn verify<T: Statement>(signed: &Signed<T>, findings: &mut Findings) {
    if let Err(error) = signed.clone().verify() {
        findings.add(Kind::Signature, error.to_string());
    }
}
