//! The protocols of `tuyau connect`, and what the options ask of them.

use tuyau::{
    mem::Hub,
    stack::Stack,
    tcp::{self, SystemResolver, Tcp, TcpKey},
    tls::{Authenticator, CertificateForm, ExpectedPeer, Peer, PublicKey, TlsKey},
    tokio::TokioTimer,
    unix::{self, Unix, UnixKey},
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
        x509: bool,
    ) -> Result<Self, CommandError> {
        let mut registry = protocols(key, expected.is_none(), x509)?;
        let path = Literal::<UnixKey>::new();
        registry.resolver(TLS, 0, secure().for_scheme("tls"));
        // A bare name is tried without TLS when that is allowed.
        registry.resolver(tcp::KEY, 1, SystemResolver.for_scheme("tcp"));
        let secure = path.configure::<TlsKey, _>(Peer::of);
        registry.resolver(TLS_UNIX, 0, secure.only_scheme("tls+unix"));
        registry.resolver(unix::KEY, 0, path.only_scheme("unix"));
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
        x509: bool,
    ) -> Result<Self, CommandError> {
        let stack = Stack::with_settings(tuyau_client::tls_settings(key)?, Hub::new())?;
        let settings = Settings::new(key.clone()).agent(AGENT)?;
        let routes = secure().only_scheme("tls");
        let context = stack.context().clone();
        let table = RouterTable::at(context, address, router, settings, routes);
        let mut registry = protocols(key, false, x509)?;
        registry.resolver(TLS, 0, table);
        Ok(Self {
            context: registry.freeze(TokioTimer::new()),
            expected: Some(identity),
        })
    }

    /// The connect that the options describe.
    pub(super) fn connect(&self, target: Target, args: &ConnectArgs) -> Connect<'_> {
        let target = match &self.expected {
            Some(identity) => target.with(ExpectedPeer(PublicKey(*identity.as_bytes()))),
            None => target,
        };
        let mut connect = self.context.connect(target).deadline(args.deadline);
        if let Some(floor) = args.at_least {
            connect = connect.at_least(floor.into());
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
        }
    }
}

/// The protocols, without a resolver for any.
fn protocols(key: &SecretKey, any_peer: bool, x509: bool) -> Result<Registry, CommandError> {
    let mut settings = tuyau_client::tls_settings(key)?;
    if any_peer {
        settings = settings.authenticator(Authenticator::danger_accept_anyone());
    }
    if x509 {
        settings = settings.form(CertificateForm::X509);
    }
    let connector = settings.connector()?;
    let mut registry = Registry::new();
    registry.protocol(TLS, Tcp::new().layer(connector.clone()));
    registry.protocol(tcp::KEY, Tcp::new());
    registry.protocol(TLS_UNIX, Unix.layer(connector));
    registry.protocol(unix::KEY, Unix);
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
