//! What every session of a service has in common.

use std::time::Duration;

use tuyau_wire::{Hello, HelloError, MAX_FRAME, Parameter, Role, SecretKey, capability};

use crate::{
    Sequence,
    seen::{SEEN_MESSAGES, SEEN_TIME, Seen},
};

/// The time for connecting, the TLS handshake and the hello together, unless set otherwise.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// The time for a request to be answered, unless set otherwise. A router may have to dial the
/// recipient before it answers a send.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(30);

/// After how long without a word the router is asked whether it is there, unless set otherwise.
pub const IDLE: Duration = Duration::from_secs(60);

/// The longest deadline; a longer one is cut to it. Whoever waits for a day waits for ever.
pub const DEADLINE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// What every session of a service has in common: its key, what it says of itself, its limits.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) key: SecretKey,
    pub(crate) sequence: Sequence,
    pub(crate) hello: Hello,
    pub(crate) handshake_deadline: Duration,
    pub(crate) request_deadline: Duration,
    pub(crate) idle: Duration,
    pub(crate) seen: Seen,
    /// The epoch of all sessions; none when each has one of its own.
    pub(crate) epoch: Option<u64>,
}

impl Settings {
    /// The settings for the service that has this key, with the defaults of this crate.
    pub fn new(key: SecretKey) -> Self {
        let agent = concat!("tuyau-client/", env!("CARGO_PKG_VERSION"));
        let hello = hello(agent);
        Self {
            key,
            sequence: Sequence::new(),
            hello: hello.expect("the name of this crate is an agent"),
            handshake_deadline: HANDSHAKE_DEADLINE,
            request_deadline: REQUEST_DEADLINE,
            idle: IDLE,
            seen: Seen::new(SEEN_MESSAGES, SEEN_TIME),
            epoch: None,
        }
    }

    /// Sets the name and version of the program, as the router's log shows it.
    ///
    /// # Errors
    /// When it is not 1 to 128 printable ASCII characters.
    pub fn agent(mut self, agent: &str) -> Result<Self, HelloError> {
        let before = self.hello;
        self.hello = hello(agent)?.with_max_frame(before.max_frame())?;
        for parameter in [Parameter::Receives, Parameter::Unacknowledged] {
            let value = before.parameter(parameter);
            if value != parameter.default_value() {
                self.hello = self.hello.with_parameter(parameter, value)?;
            }
        }
        Ok(self)
    }

    /// Sets the longest message that is accepted, in bytes; 1 MiB unless set.
    ///
    /// # Errors
    /// When it is less than 4,096.
    pub fn max_frame(mut self, bytes: u64) -> Result<Self, HelloError> {
        self.hello = self.hello.with_max_frame(bytes)?;
        Ok(self)
    }

    /// Sets where the sequence numbers of registrations and withdrawals come from.
    pub fn sequence(mut self, sequence: Sequence) -> Self {
        self.sequence = sequence;
        self
    }

    /// Sets the time for connecting, the TLS handshake and the hello together, at most
    /// [`DEADLINE_MAX`].
    pub fn handshake_deadline(mut self, deadline: Duration) -> Self {
        self.handshake_deadline = deadline.min(DEADLINE_MAX);
        self
    }

    /// Sets the time for a request to be answered, at most [`DEADLINE_MAX`].
    pub fn request_deadline(mut self, deadline: Duration) -> Self {
        self.request_deadline = deadline.min(DEADLINE_MAX);
        self
    }

    /// Sets after how long without a word from the router it is asked whether it is there, at least a
    /// second; after the same time again without an answer the session ends. A minute unless set.
    pub fn idle(mut self, time: Duration) -> Self {
        self.idle = time.clamp(Duration::from_secs(1), DEADLINE_MAX);
        self
    }

    /// Sets whether messages for this service's identity may come over the session; otherwise it
    /// gets only what is published to groups that it joins. They may unless set.
    pub fn receives(mut self, receives: bool) -> Self {
        self.state(Parameter::Receives, u64::from(receives));
        self
    }

    /// Sets how many durable messages the router delivers before it waits for their acknowledgement;
    /// 1,024 unless set.
    pub fn unacknowledged(mut self, messages: u64) -> Self {
        self.state(Parameter::Unacknowledged, messages.max(1));
        self
    }

    /// Sets how many durable messages are remembered once they are acknowledged, so that they are not
    /// handed out again, and for how long: 16,384 and a day unless set.
    pub fn seen(mut self, messages: usize, time: Duration) -> Self {
        self.seen = Seen::new(messages, time);
        self
    }

    fn state(&mut self, parameter: Parameter, value: u64) {
        let hello = self.hello.clone().with_parameter(parameter, value);
        self.hello = hello.expect("there is room for what this crate states");
    }

    /// The longest message that is accepted, in bytes.
    pub(crate) fn frame_limit(&self) -> usize {
        usize::try_from(self.hello.max_frame()).unwrap_or(MAX_FRAME)
    }
}

/// What a service of this crate can do, under the name of a program.
fn hello(agent: &str) -> Result<Hello, HelloError> {
    Hello::new(Role::Service, agent)?
        .with_capability(capability::LOOKUP)?
        .with_capability(capability::DURABLE)
}
