//! The stacks that the router and its clients use: TCP, Unix sockets and memory, each plain and
//! under TLS, dialled and listened at by one textual address.
//!
//! | scheme | stack |
//! |---|---|
//! | `tls://host:port` | TLS over TCP |
//! | `tcp://host:port` | TCP |
//! | `tls+unix:///path` | TLS over a Unix socket |
//! | `unix:///path` | a Unix socket |
//! | `tls+mem://name` | TLS inside this process |
//! | `mem://name` | memory |
//!
//! A target without scheme is taken as `tls://`. Whether plain stacks may be used is the caller's
//! decision: [`Connect::at_least`](tuyau_core::Connect::at_least).
//!
//! ```
//! use tuyau::{mem, stack::Stack, tls};
//! use tuyau_core::{Address, FlowExt, ListenerExt, Security, Target};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (alice, bob) = (tls::KeyPair::generate()?, tls::KeyPair::generate()?);
//! let server = Stack::new(bob.clone(), None, mem::Hub::new())?;
//! let client = Stack::new(alice.clone(), None, mem::Hub::new())?;
//!
//! let mut listener = server.listen(&"tls://127.0.0.1:0".parse()?).await?;
//! let address = tuyau_core::Listener::address(&listener).clone();
//! let serving = tokio::spawn(async move { listener.accept().await?.handshake.await });
//!
//! let target = Target::from(address).with(tls::ExpectedPeer(bob.public_key()));
//! let connect = client.context().connect(target).at_least(Security::Authenticated);
//! let mut connected = connect.open().await?;
//! let accepted = serving.await??;
//!
//! let peer = accepted.info::<tls::PeerKey>().expect("TLS knows its peer");
//! assert_eq!(peer.0, alice.public_key());
//! # connected.flow.close_write().await?;
//! # Ok(())
//! # }
//! ```

use tuyau_core::{
    Address, AnyListener, Context, EndpointKey, Flow, Handle, Key, Layered, Listener, ListenerExt,
    Literal, Over, ProtocolExt, Registry, Resolver, ResolverExt,
};

use crate::{
    ListenError, ListenErrorKind, mem,
    tcp::{self, SystemResolver, Tcp},
    tls::{self, Authority, KeyPair, SetupError, TlsKey},
    tokio::TokioTimer,
    unix::{self, Unix, UnixKey},
};

/// The schemes that a [`Stack`] dials and listens at.
pub const SCHEMES: [&str; 6] = ["tls", "tcp", "tls+unix", "unix", "tls+mem", "mem"];

/// TLS over a protocol.
type Tls<P> = Layered<P, tls::Connector>;

/// What an application dials and listens with: one key, one context, one hub.
#[derive(Clone, Debug)]
pub struct Stack {
    context: Context,
    acceptor: tls::Acceptor,
    hub: mem::Hub,
    handles: Handles,
}

/// The protocols of a [`Stack`], for forcing one of them by
/// [`Connect::via`](tuyau_core::Connect::via).
#[derive(Clone, Debug)]
pub struct Handles {
    /// TLS over TCP.
    pub tls: Handle<Tls<Tcp>>,
    /// TCP.
    pub tcp: Handle<Tcp>,
    /// TLS over a Unix socket.
    pub tls_unix: Handle<Tls<Unix>>,
    /// A Unix socket.
    pub unix: Handle<Unix>,
    /// TLS inside this process.
    pub tls_mem: Handle<Tls<mem::Protocol>>,
    /// Memory.
    pub mem: Handle<mem::Protocol>,
}

impl Stack {
    /// The stacks of a side that proves `key`, under an authority if one is given, and that meets
    /// others of this process in `hub`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        key: KeyPair,
        authority: Option<Authority>,
        hub: mem::Hub,
    ) -> Result<Self, SetupError> {
        let mut settings = tls::Settings::new(key);
        if let Some(authority) = authority {
            settings = settings.authority(authority);
        }
        Self::with_settings(settings, hub)
    }

    /// Like [`new`](Self::new), for settings of one's own.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn with_settings(settings: tls::Settings, hub: mem::Hub) -> Result<Self, SetupError> {
        let timer = TokioTimer::new();
        let acceptor = settings.clone().farewell(timer).acceptor()?;
        let connector = settings.connector()?;
        let mut registry = Registry::new();
        let handles = protocols(&mut registry, &connector, &hub);
        resolvers(&mut registry);
        Ok(Self {
            context: registry.freeze(timer),
            acceptor,
            hub,
            handles,
        })
    }

    /// What dials. A library is given this and nothing else.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The protocols, for forcing one of them.
    pub fn handles(&self) -> &Handles {
        &self.handles
    }

    /// The place where this process's memory listeners are.
    pub fn hub(&self) -> &mem::Hub {
        &self.hub
    }

    /// Listens at an address of one of the [`SCHEMES`]; a host must be an IP address, and port 0
    /// takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub async fn listen(&self, address: &Address) -> Result<AnyListener, ListenError> {
        let listening = match address.scheme() {
            "tcp" => tcp::Listener::bind(address).map(ListenerExt::erase),
            "tls" => self.protect(address, tcp::Listener::bind(address)?),
            "unix" => self.bind_unix(address).map(ListenerExt::erase),
            "tls+unix" => self.protect(address, self.bind_unix(address)?),
            "mem" => self.bind_mem(address).map(ListenerExt::erase),
            "tls+mem" => self.protect(address, self.bind_mem(address)?),
            _ => Err(unsupported(address)),
        };
        listening.map_err(|error| error.at(address))
    }

    fn protect<L>(&self, address: &Address, listener: L) -> Result<AnyListener, ListenError>
    where
        L: Listener,
        tls::Acceptor: tuyau_core::Acceptor<L::Flow, Flow: Flow>,
    {
        let protected = listener.layer(address.scheme(), self.acceptor.clone());
        let protected = protected.map_err(|_| unsupported(address))?;
        Ok(protected.erase())
    }

    fn bind_unix(&self, address: &Address) -> Result<unix::Listener, ListenError> {
        let path = UnixKey::read(address)?;
        unix::Listener::bind(path).map_err(|error| error.at(address))
    }

    fn bind_mem(&self, address: &Address) -> Result<mem::Listener, ListenError> {
        let name = mem::MemKey::read(address)?;
        self.hub.listen(&name).map_err(|error| error.at(address))
    }
}

fn protocols(registry: &mut Registry, connector: &tls::Connector, hub: &mem::Hub) -> Handles {
    let mem = mem::Protocol::new(hub.clone());
    Handles {
        tls: registry.protocol(Key::new(), Tcp::new().layer(connector.clone())),
        tcp: registry.protocol(tcp::KEY, Tcp::new()),
        tls_unix: registry.protocol(Key::new(), Unix.layer(connector.clone())),
        unix: registry.protocol(unix::KEY, Unix),
        tls_mem: registry.protocol(Key::new(), mem.clone().layer(connector.clone())),
        mem: registry.protocol(mem::KEY, mem),
    }
}

fn resolvers(registry: &mut Registry) {
    let path = Literal::<UnixKey>::new();
    let name = Literal::<mem::MemKey>::new();
    registry.resolver(Key::new(), 0, protected(SystemResolver).for_scheme("tls"));
    registry.resolver(tcp::KEY, 0, SystemResolver.only_scheme("tcp"));
    registry.resolver(Key::new(), 0, protected(path).only_scheme("tls+unix"));
    registry.resolver(unix::KEY, 0, path.only_scheme("unix"));
    registry.resolver(Key::new(), 0, protected(name).only_scheme("tls+mem"));
    registry.resolver(mem::KEY, 0, name.only_scheme("mem"));
}

fn protected<R: Resolver>(resolver: R) -> impl Resolver<Key = Over<R::Key, TlsKey>> {
    resolver.configure::<TlsKey, _>(tls::Peer::of)
}

fn unsupported(address: &Address) -> ListenError {
    let remedy = format!("use one of the schemes {}", SCHEMES.join(", "));
    ListenError::new(address, ListenErrorKind::UnsupportedScheme, remedy)
}
