//! Numbers that a peer states about itself in its hello.

use alloc::collections::BTreeMap;
use core::convert::Infallible;

use minicbor::{Encoder, encode};

use crate::{DecodeError, Hello, HelloError, HelloErrorKind, MAX_PARAMETERS, cbor::reader::Reader};

/// A number that a peer states about itself in its [`Hello`]. What a peer does not state has its
/// default; what a receiver does not know it ignores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// Of a service: the epoch of the sequence numbers that it uses. By default 0.
    Epoch,
    /// Of a service: 0 when messages for its identity are not to come over this session. By
    /// default 1.
    Receives,
    /// Of a service: how many durable messages may wait for its acknowledgement. By default 1,024.
    Unacknowledged,
    /// Of a router: how many bytes of messages may be sent on a fresh handle before more credit
    /// comes. By default 65,536.
    Credit,
    /// Of a router: how many handles a session may have bound at a time. By default 1,024.
    Handles,
    /// Of a router: how many groups a session may be in. By default 1,024.
    Groups,
    /// Of a router: within how many of a sender's last sequence numbers it recognises a durable
    /// message that it has already. By default 4,096.
    WindowMessages,
    /// Of a router: for how many seconds after a sender's last durable message it still recognises
    /// it. By default 86,400, a day.
    WindowSeconds,
    /// Of a router: the longest time, in milliseconds, for which it keeps a durable message; one
    /// that asks for more, or for no time, is kept for this long. By default 604,800,000, a week.
    TtlMax,
}

use Parameter::*;

impl Parameter {
    /// Every one that this version knows, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Epoch,
        Receives,
        Unacknowledged,
        Credit,
        Handles,
        Groups,
        WindowMessages,
        WindowSeconds,
        TtlMax,
    ];

    /// The number that stands for it in a hello.
    pub fn number(self) -> u64 {
        self as u64
    }

    /// The name in lower case, as the specification has it.
    pub fn name(self) -> &'static str {
        match self {
            Epoch => "epoch",
            Receives => "receives",
            Unacknowledged => "unacknowledged",
            Credit => "credit",
            Handles => "handles",
            Groups => "groups",
            WindowMessages => "window messages",
            WindowSeconds => "window seconds",
            TtlMax => "ttl max",
        }
    }

    /// What holds when a peer does not state it.
    pub fn default_value(self) -> u64 {
        match self {
            Epoch => 0,
            Receives => 1,
            Unacknowledged | Handles | Groups => 1_024,
            Credit => 65_536,
            WindowMessages => 4_096,
            WindowSeconds => 86_400,
            TtlMax => 604_800_000,
        }
    }
}

impl Hello {
    /// The same, with a parameter stated.
    ///
    /// # Errors
    /// [`HelloErrorKind::Parameters`] when there are already [`MAX_PARAMETERS`].
    pub fn with_parameter(mut self, parameter: Parameter, value: u64) -> Result<Self, HelloError> {
        self.parameters.insert(parameter.number(), value);
        if self.parameters.len() > MAX_PARAMETERS {
            return Err(HelloError::new(HelloErrorKind::Parameters));
        }
        Ok(self)
    }

    /// Every parameter that its sender states, by its number; those that this version does not know
    /// are among them.
    pub fn stated_parameters(&self) -> impl Iterator<Item = (u64, u64)> {
        self.parameters
            .iter()
            .map(|(&number, &value)| (number, value))
    }

    /// What its sender states of itself, or the default.
    pub fn parameter(&self, parameter: Parameter) -> u64 {
        let stated = self.parameters.get(&parameter.number());
        stated.copied().unwrap_or(parameter.default_value())
    }
}

pub(super) fn write<W: encode::Write<Error = Infallible>>(
    parameters: &BTreeMap<u64, u64>,
    encoder: &mut Encoder<W>,
) -> Result<(), encode::Error<Infallible>> {
    encoder.map(parameters.len() as u64)?;
    for (&number, &value) in parameters {
        encoder.u64(number)?.u64(value)?;
    }
    Ok(())
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<BTreeMap<u64, u64>, DecodeError> {
    let count = reader.map("parameters", MAX_PARAMETERS as u64, "a map of 0 to 32")?;
    (0..count)
        .map(|_| {
            let number = reader.uint("number of a parameter")?;
            Ok((number, reader.uint("value of a parameter")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn each_stands_at_the_index_of_its_number() {
        for (number, parameter) in (0..).zip(Parameter::ALL) {
            assert_eq!(parameter.number(), number, "{}", parameter.name());
        }
    }

    #[test]
    fn what_is_not_stated_has_its_default() {
        let hello = Hello::new(Role::Router, "test").unwrap();
        for parameter in Parameter::ALL {
            assert_eq!(hello.parameter(parameter), parameter.default_value());
        }
        let hello = hello
            .with_parameter(Parameter::Credit, 1)
            .and_then(|hello| hello.with_parameter(Parameter::Credit, 7))
            .unwrap();
        assert_eq!(hello.parameter(Parameter::Credit), 7);
        assert_eq!(hello.parameter(Parameter::Handles), 1_024);
    }
}
