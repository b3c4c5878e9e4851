//! Keys name endpoint types.

use core::{
    any::TypeId,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
};

/// The type of an endpoint, and how it is printed.
///
/// ```
/// use core::fmt;
/// use tuyau_core::{EndpointKey, Key};
///
/// /// A serial line.
/// pub struct SerialKey;
///
/// impl EndpointKey for SerialKey {
///     type Endpoint = String;
///     const NAME: &'static str = "serial";
///
///     fn show(endpoint: &String, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str(endpoint)
///     }
/// }
///
/// pub const SERIAL: Key<SerialKey> = Key::new();
/// # assert_eq!(SERIAL.id().to_string(), "serial");
/// ```
pub trait EndpointKey: 'static {
    /// What a protocol under this key needs to connect.
    type Endpoint: Clone + Send + Sync + 'static;

    /// The short lower-case name in reports.
    const NAME: &'static str;

    /// Prints an endpoint for a report: what a person needs to recognise it, no secrets.
    fn show(endpoint: &Self::Endpoint, f: &mut fmt::Formatter<'_>) -> fmt::Result;

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

    /// Prints a configuration for a report; nothing when there is nothing to tell.
    fn show(config: &Self::Config, f: &mut fmt::Formatter<'_>) -> fmt::Result;
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

    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(L::NAME)?;
        f.write_str("/")?;
        K::describe(f)
    }
}

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

/// A key without its type: what a registry compares and a report prints.
#[derive(Clone, Copy)]
pub struct KeyId {
    kind: TypeId,
    instance: u32,
    describe: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
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
