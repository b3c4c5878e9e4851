//! The first message in either direction, and what two peers agree on by it.

mod codec;
mod error;
mod parameter;

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec, vec::Vec};

use crate::{MAX_AGENT, MAX_CAPABILITIES, MAX_CAPABILITY, MAX_FRAME, MIN_MAX_FRAME, VERSION};

pub use error::{HelloError, HelloErrorKind, NoCommonVersion};
pub use parameter::Parameter;

/// The first message in either direction: what a peer speaks and can do.
///
/// It has the same form in every version of the protocol.
///
/// ```
/// use tuyau_wire::{Hello, Role};
///
/// let service = Hello::new(Role::Service, "example/1.0")?;
/// let router = Hello::new(Role::Router, "tuyau/0.1.0")?.with_max_frame(65_536)?;
/// let agreement = service.negotiate(&router).expect("both speak version 2");
/// assert_eq!(agreement.version, 2);
/// assert_eq!(agreement.max_frame, 65_536);
/// # Ok::<(), tuyau_wire::HelloError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    versions: Vec<u64>,
    capabilities: Vec<String>,
    role: Role,
    agent: String,
    max_frame: u64,
    parameters: BTreeMap<u64, u64>,
}

/// What a peer is in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// It registers, sends and receives.
    Service,
    /// It keeps the table and delivers.
    Router,
}

/// What two peers agreed on, from the point of view of the one that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {
    /// The version of the protocol that is spoken from now on.
    pub version: u64,
    /// The capabilities that both sides have, sorted.
    pub capabilities: Vec<String>,
    /// The longest message that the other side accepts, in bytes.
    pub max_frame: u64,
}

impl Agreement {
    /// Whether both sides have this capability.
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }
}

impl Hello {
    /// A hello of this crate's version, without capabilities, that accepts messages of up to
    /// [`MAX_FRAME`] bytes.
    ///
    /// `agent` names the program and its version for a person who reads a log.
    ///
    /// # Errors
    /// [`HelloErrorKind::Agent`] unless `agent` is 1 to [`MAX_AGENT`] printable ASCII characters.
    pub fn new(role: Role, agent: &str) -> Result<Self, HelloError> {
        if !is_agent(agent) {
            return Err(HelloError::new(HelloErrorKind::Agent));
        }
        let versions = vec![VERSION];
        let (capabilities, max_frame) = (Vec::new(), MAX_FRAME as u64);
        Ok(Self {
            versions,
            capabilities,
            role,
            agent: agent.to_owned(),
            max_frame,
            parameters: BTreeMap::new(),
        })
    }

    /// The same, with a capability more. Naming one twice is as good as once.
    ///
    /// # Errors
    /// [`HelloErrorKind::Capability`] unless it is 1 to [`MAX_CAPABILITY`] printable ASCII
    /// characters without a space, [`HelloErrorKind::Capabilities`] when there are already
    /// [`MAX_CAPABILITIES`].
    pub fn with_capability(mut self, capability: &str) -> Result<Self, HelloError> {
        if !is_capability(capability) {
            return Err(HelloError::new(HelloErrorKind::Capability));
        }
        let Err(index) = self
            .capabilities
            .binary_search_by(|known| known.as_str().cmp(capability))
        else {
            return Ok(self);
        };
        if self.capabilities.len() == MAX_CAPABILITIES {
            return Err(HelloError::new(HelloErrorKind::Capabilities));
        }
        self.capabilities.insert(index, capability.to_owned());
        Ok(self)
    }

    /// The same, with another longest message that its sender accepts, in bytes.
    ///
    /// # Errors
    /// [`HelloErrorKind::MaxFrame`] when it is less than [`MIN_MAX_FRAME`].
    pub fn with_max_frame(mut self, bytes: u64) -> Result<Self, HelloError> {
        if bytes < MIN_MAX_FRAME {
            return Err(HelloError::new(HelloErrorKind::MaxFrame));
        }
        self.max_frame = bytes;
        Ok(self)
    }

    /// The versions of the protocol that the sender speaks, ascending.
    pub fn versions(&self) -> &[u64] {
        &self.versions
    }

    /// What the sender can do beyond its versions, sorted.
    pub fn capabilities(&self) -> &[String] {
        &self.capabilities
    }

    /// What the sender is in this session.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The name of the sender's program, for a person; printable ASCII.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The longest message that the sender accepts, in bytes; at least [`MIN_MAX_FRAME`].
    pub fn max_frame(&self) -> u64 {
        self.max_frame
    }

    /// What the sender of this hello and the sender of the `other` may use: the highest version
    /// that both name, and the capabilities that both name.
    ///
    /// # Errors
    /// When no version is in both; the session ends with the code `version`.
    pub fn negotiate(&self, other: &Hello) -> Result<Agreement, NoCommonVersion> {
        let common = self
            .versions
            .iter()
            .rev()
            .find(|version| other.versions.contains(version));
        let Some(&version) = common else {
            return Err(NoCommonVersion::new(&self.versions, &other.versions));
        };
        let both = |name: &&String| other.capabilities.binary_search(name).is_ok();
        let capabilities = self.capabilities.iter().filter(both).cloned().collect();
        Ok(Agreement {
            version,
            capabilities,
            max_frame: other.max_frame,
        })
    }
}

fn is_agent(text: &str) -> bool {
    (1..=MAX_AGENT).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_capability(text: &str) -> bool {
    (1..=MAX_CAPABILITY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn hello(versions: &[u64], capabilities: &[&str]) -> Hello {
        let mut hello = Hello::new(Role::Service, "test").unwrap();
        hello.versions = versions.to_vec();
        for capability in capabilities {
            hello = hello.with_capability(capability).unwrap();
        }
        hello
    }

    #[test]
    fn agrees_on_the_highest_common_version() {
        let agreement = hello(&[1, 2, 5], &[])
            .negotiate(&hello(&[1, 2, 3], &[]))
            .unwrap();
        assert_eq!(agreement.version, 2);
    }

    #[test]
    fn without_a_common_version_says_what_each_side_speaks() {
        let error = hello(&[1], &[])
            .negotiate(&hello(&[2, 3], &[]))
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("1") && text.contains("2, 3"), "{text}");
    }

    #[test]
    fn keeps_the_capabilities_that_both_have() {
        let ours = hello(&[1], &["zip", "group", "group"]);
        assert_eq!(ours.capabilities(), ["group", "zip"]);
        let agreement = ours.negotiate(&hello(&[1], &["group", "x"])).unwrap();
        assert_eq!(agreement.capabilities, ["group"]);
    }

    #[test]
    fn refuses_what_its_decoder_would_refuse() {
        let kind = |error: HelloError| error.kind();
        let long = "x".repeat(MAX_AGENT + 1);
        for agent in ["", "a\nb", "é", &long] {
            let error = Hello::new(Role::Router, agent).unwrap_err();
            assert_eq!(kind(error), HelloErrorKind::Agent);
        }
        let long = "x".repeat(MAX_CAPABILITY + 1);
        for name in ["", "a b", "é", &long] {
            let error = hello(&[1], &[]).with_capability(name).unwrap_err();
            assert_eq!(kind(error), HelloErrorKind::Capability);
        }
        let names: Vec<_> = (0..MAX_CAPABILITIES)
            .map(|number| number.to_string())
            .collect();
        let full = hello(&[1], &names.iter().map(String::as_str).collect::<Vec<_>>());
        let error = full.with_capability("more").unwrap_err();
        assert_eq!(kind(error), HelloErrorKind::Capabilities);
        let error = hello(&[1], &[])
            .with_max_frame(MIN_MAX_FRAME - 1)
            .unwrap_err();
        assert_eq!(kind(error), HelloErrorKind::MaxFrame);
    }
}
