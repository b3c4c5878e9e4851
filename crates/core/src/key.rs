//! Keys name endpoint types.

use alloc::{boxed::Box, format};
use core::{
    any::TypeId,
    error::Error,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use crate::Address;

/// The type of an endpoint, and its textual form: the one place that prints and reads it.
///
/// ```
/// use core::fmt;
/// use tuyau_core::{Address, EndpointError, EndpointKey, Key};
///
/// /// A room with an intercom, by its number.
/// pub struct IntercomKey;
///
/// impl EndpointKey for IntercomKey {
///     type Endpoint = u16;
///     const NAME: &'static str = "intercom";
///
///     fn show(room: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "{room}")
///     }
///
///     fn read(address: &Address) -> Result<u16, EndpointError> {
///         let room = address.host().and_then(|host| host.parse().ok());
///         room.ok_or_else(|| EndpointError::new(address, "a room, as in `intercom://12`"))
///     }
/// }
///
/// pub const INTERCOM: Key<IntercomKey> = Key::new();
///
/// assert_eq!(IntercomKey::read(&"intercom://12".parse()?)?, 12);
/// assert_eq!(Address::of::<IntercomKey>("intercom", &12)?.to_string(), "intercom://12");
/// assert_eq!(
///     IntercomKey::read(&"intercom://hall".parse()?).unwrap_err().to_string(),
///     "address \"intercom://hall\" is not an endpoint: expected a room, as in `intercom://12`",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait EndpointKey: 'static {
    /// What a protocol under this key needs to connect.
    type Endpoint: Clone + Send + Sync + 'static;

    /// The short lower-case name in reports.
    const NAME: &'static str;

    /// Prints an endpoint as what stands after `scheme://` in an address, for addresses and reports:
    /// what a person needs to recognise it, no secrets.
    fn show(endpoint: &Self::Endpoint, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Reads the endpoint that an address says in full, whatever its scheme: what
    /// [`show`](Self::show) prints, this reads back. What else an address has is refused when the scheme is
    /// the key's own, and otherwise left to the layers that the scheme names.
    ///
    /// # Errors
    /// When the address is not such an endpoint, with what was expected. A key whose endpoints have
    /// no textual form keeps the default, which reads none.
    fn read(address: &Address) -> Result<Self::Endpoint, EndpointError> {
        Err(EndpointError::new(
            address,
            "a name that a resolver knows, since these endpoints have no textual form",
        ))
    }

    /// Prints the key itself; a composed key prints its parts.
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

/// What a layer needs beside the endpoint beneath it, and how that is printed.
pub trait LayerKey: 'static {
    /// What the layer needs for one connect, such as the key that is expected of the peer.
    type Config: Clone + Send + Sync + 'static;

    /// The short lower-case name in reports.
    const NAME: &'static str;

    /// Whether a flow of the layer ends elsewhere than the one beneath, as behind a proxy. Then what
    /// protects the flow beneath does not protect this one, and the schemes beneath are not its own.
    const ENDS_ELSEWHERE: bool = false;

    /// Prints a configuration for a report; nothing when there is nothing to tell.
    fn show(config: &Self::Config, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Reads a configuration that an address says in full.
    ///
    /// # Errors
    /// When the address does not say it, with what was expected; the default reads none.
    fn read(address: &Address) -> Result<Self::Config, EndpointError> {
        Err(EndpointError::new(
            address,
            "a resolver that configures this layer, since an address does not say it",
        ))
    }
}

/// The key of a layer `L` over the key `K`. It is the same key whoever derives it.
pub struct Over<K, L>(PhantomData<fn() -> (K, L)>);

impl<K: EndpointKey, L: LayerKey> EndpointKey for Over<K, L> {
    type Endpoint = (K::Endpoint, L::Config);
    const NAME: &'static str = L::NAME;

    fn show((endpoint, config): &Self::Endpoint, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        K::show(endpoint, f)?;
        L::show(config, f)
    }

    fn read(address: &Address) -> Result<Self::Endpoint, EndpointError> {
        Ok((K::read(address)?, L::read(address)?))
    }

    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(L::NAME)?;
        f.write_str("/")?;
        K::describe(f)
    }
}

/// Prints an endpoint as its key does.
pub(crate) struct Shown<'a, K: EndpointKey>(pub(crate) &'a K::Endpoint);

impl<K: EndpointKey> fmt::Display for Shown<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        K::show(self.0, f)
    }
}

/// An address is not an endpoint of some key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError {
    address: Box<str>,
    expected: Box<str>,
}

impl EndpointError {
    /// Makes an error from the address and what was expected of it, with an example.
    pub fn new(address: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self {
            address: format!("{address}").into(),
            expected: format!("{expected}").into(),
        }
    }

    /// The address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What was expected.
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, expected) = (&self.address, &self.expected);
        write!(
            f,
            "address {address:?} is not an endpoint: expected {expected}"
        )
    }
}

impl Error for EndpointError {}

/// A typed name for endpoints of `K`, a constant.
///
/// Two keys are the same when their types and instances are. The instance tells two stacks of one
/// kind apart, as a host with two separate TCP/IP stacks has them.
pub struct Key<K: EndpointKey> {
    instance: u32,
    endpoint: PhantomData<fn() -> K>,
}

impl<K: EndpointKey> Key<K> {
    /// The key of the only stack of this kind.
    pub const fn new() -> Self {
        Self::instance(0)
    }

    /// The key of stack number `instance` of this kind; `instance(0)` is [`new`](Self::new).
    pub const fn instance(instance: u32) -> Self {
        Self {
            instance,
            endpoint: PhantomData,
        }
    }

    /// The key without its type.
    pub fn id(self) -> KeyId {
        KeyId {
            kind: TypeId::of::<K>(),
            instance: self.instance,
            describe: K::describe,
        }
    }
}

impl<K: EndpointKey> Default for Key<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EndpointKey> Clone for Key<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: EndpointKey> Copy for Key<K> {}

impl<K: EndpointKey> fmt::Debug for Key<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

/// A key without its type: what a registry compares and a report prints. Of several stacks of one kind, the
/// further ones have the number of their instance behind `#`: `tcp`, `tcp#1`.
#[derive(Clone, Copy)]
pub struct KeyId {
    kind: TypeId,
    instance: u32,
    describe: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
}

impl KeyId {
    /// Whether it is that of one of several stacks of a kind, and not of the first one.
    pub(crate) fn is_further_instance(self) -> bool {
        self.instance != 0
    }
}

impl PartialEq for KeyId {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.instance) == (other.kind, other.instance)
    }
}

impl Eq for KeyId {}

impl Hash for KeyId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, self.instance).hash(state);
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.describe)(f)?;
        if self.instance == 0 {
            Ok(())
        } else {
            write!(f, "#{}", self.instance)
        }
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
