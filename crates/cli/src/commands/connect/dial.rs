//! The protocols of `tuyau connect`, and what the options ask of them.

use tuyau::{
    mem::Hub,
    stack::Stack,
    tcp::{self, SystemResolver, Tcp, TcpKey},
    tls::{self, Authenticator, CertificateForm, ExpectedPeer, Peer, PublicKey, TlsKey},
    tokio::TokioTimer,
    unix::{self, Unix, UnixKey},
    websocket::{self, Request, WebSocketKey},
};
use tuyau_client::{RouterTable, Settings};
use tuyau_core::{
    Address, Connect, Context, Key, Literal, Over, ProtocolExt as _, Registry, Resolver,
    ResolverExt as _, Security, Target,
};
use tuyau_wire::{Identity, SecretKey};

use crate::{
    args::{ConnectArgs, Floor, Only},
    commands::{CommandError, transport::AGENT},
};

const TLS: Key<Over<TcpKey, TlsKey>> = Key::new();
const TLS_UNIX: Key<Over<UnixKey, TlsKey>> = Key::new();
const WSS: Key<Over<Over<TcpKey, TlsKey>, WebSocketKey>> = Key::new();
const WS: Key<Over<TcpKey, WebSocketKey>> = Key::new();

/// What connects.
pub(super) struct Dialler {
    context: Context,
    expected: Option<Identity>,
}

impl Dialler {
    /// Without somebody expected, whoever answers is taken, and the flow counts as encrypted only.
    pub(super) fn new(
        key: &SecretKey,
        expected: Option<Identity>,
        args: &ConnectArgs,
    ) -> Result<Self, CommandError> {
        let settings = match authority(args)? {
            Some(authenticator) => tls::Settings::anonymous(authenticator),
            None if expected.is_some() => identities(key, args)?,
            None => identities(key, args)?.authenticator(Authenticator::danger_accept_anyone()),
        };
        let mut registry = protocols(settings, args)?;
        let path = Literal::<UnixKey>::new();
        registry.resolver(TLS, 0, secure().for_scheme("tls"));
        // A bare name is tried without TLS when that is allowed.
        registry.resolver(tcp::KEY, 1, SystemResolver.for_scheme("tcp"));
        let secure = path.configure::<TlsKey, _>(Peer::of);
        registry.resolver(TLS_UNIX, 0, secure.only_scheme("tls+unix"));
        registry.resolver(unix::KEY, 0, path.only_scheme("unix"));
        let web = self::secure().configure::<WebSocketKey, _>(Request::of);
        registry.resolver(WSS, 0, web.only_scheme("wss"));
        let web = SystemResolver.configure::<WebSocketKey, _>(Request::of);
        registry.resolver(WS, 0, web.only_scheme("ws"));
        Ok(Self {
            context: registry.freeze(TokioTimer::new()),
            expected,
        })
    }

    /// What connects to an identity, wherever this router says that it is.
    pub(super) fn by_router(
        key: &SecretKey,
        identity: Identity,
        (address, router): (Address, Identity),
        args: &ConnectArgs,
    ) -> Result<Self, CommandError> {
        let stack = Stack::with_settings(tuyau_client::tls_settings(key)?, Hub::new())?;
        let settings = Settings::new(key.clone()).agent(AGENT)?;
        let routes = secure().only_scheme("tls");
        let context = stack.context().clone();
        let table = RouterTable::at(context, address, router, settings, routes);
        let mut registry = protocols(identities(key, args)?, args)?;
        registry.resolver(TLS, 0, table);
        Ok(Self {
            context: registry.freeze(TokioTimer::new()),
            expected: Some(identity),
        })
    }

    /// What the connection has to be worth, in words or because less could not prove what is expected.
    fn floor(&self, args: &ConnectArgs) -> Option<Security> {
        let proof = self.expected.is_some() || args.web || args.ca.is_some();
        let agreement = !args.alpn.is_empty();
        [
            args.at_least.map(Security::from),
            proof.then_some(Security::Authenticated),
            agreement.then_some(Security::Encrypted),
        ]
        .into_iter()
        .max()
        .flatten()
    }

    /// The connect that the options describe.
    pub(super) fn connect(&self, target: Target, args: &ConnectArgs) -> Connect<'_> {
        let target = match &self.expected {
            Some(identity) => target.with(ExpectedPeer(PublicKey(*identity.as_bytes()))),
            None => target,
        };
        let mut connect = self.context.connect(target).deadline(args.deadline);
        if let Some(floor) = self.floor(args) {
            connect = connect.at_least(floor);
        }
        if args.allow_downgrade {
            connect = connect.allow_downgrade();
        }
        match args.only {
            None => connect,
            Some(Only::Tls) => connect.key(TLS),
            Some(Only::Tcp) => connect.key(tcp::KEY),
            Some(Only::TlsUnix) => connect.key(TLS_UNIX),
            Some(Only::Unix) => connect.key(unix::KEY),
            Some(Only::Wss) => connect.key(WSS),
            Some(Only::Ws) => connect.key(WS),
        }
    }
}

/// The authorities that have to vouch for the peer, where the options want that.
fn authority(args: &ConnectArgs) -> Result<Option<Authenticator>, CommandError> {
    Ok(match &args.ca {
        Some(file) => Some(Authenticator::ca_file(file)?),
        None if args.web => Some(Authenticator::platform()?),
        None => None,
    })
}

/// TLS between two sides that both prove a key.
fn identities(key: &SecretKey, args: &ConnectArgs) -> Result<tls::Settings, CommandError> {
    let settings = tuyau_client::tls_settings(key)?;
    Ok(match args.x509 {
        true => settings.form(CertificateForm::X509),
        false => settings,
    })
}

/// The protocols, without a resolver for any.
fn protocols(settings: tls::Settings, args: &ConnectArgs) -> Result<Registry, CommandError> {
    let settings = settings.alpn(&args.alpn);
    let connector = settings.connector()?;
    let mut registry = Registry::new();
    registry.protocol(TLS, Tcp::new().layer(connector.clone()));
    registry.protocol(tcp::KEY, Tcp::new());
    registry.protocol(TLS_UNIX, Unix.layer(connector.clone()));
    registry.protocol(unix::KEY, Unix);
    let web = websocket::Connector::new();
    let secure = Tcp::new().layer(connector);
    registry.protocol(WSS, secure.layer(web.clone()));
    registry.protocol(WS, Tcp::new().layer(web));
    Ok(registry)
}

/// Resolves a host, and expects there whom the target names.
fn secure() -> impl Resolver<Key = Over<TcpKey, TlsKey>> {
    SystemResolver.configure::<TlsKey, _>(Peer::of)
}

impl From<Floor> for Security {
    fn from(floor: Floor) -> Self {
        match floor {
            Floor::Plain => Self::Plain,
            Floor::Encrypted => Self::Encrypted,
            Floor::Authenticated => Self::Authenticated,
        }
    }
}
