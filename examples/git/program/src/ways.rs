//! The ways to a repository: protocols, and who finds their endpoints.

use std::{error::Error, net::SocketAddr, path::PathBuf};

use tuyau::{
    ssh::{self, SshKey},
    tcp::{SystemResolver, Tcp, TcpKey},
    tls::{self, TlsKey},
    tokio::TokioTimer,
};
use tuyau_core::{
    Answers, Context, Handle, Key, Layered, Over, ProtocolExt, Registry, Resolver, ResolverExt,
    Target,
};
use tuyau_git::{Dialect, Dialects, UploadPack};

use crate::arguments::Arguments;

/// TCP to a Git daemon.
pub(crate) const GIT: Key<TcpKey> = Key::instance(1);
/// TCP to a web server: the same kind of endpoint, and another key, since something else is spoken.
pub(crate) const HTTP: Key<TcpKey> = Key::instance(2);
/// TLS over TCP to a web server.
pub(crate) const HTTPS: Key<Over<TcpKey, TlsKey>> = Key::new();
/// SSH over TCP.
const SSH: Key<Over<TcpKey, SshKey>> = Key::new();

/// A way to a repository, as URLs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Git,
    Ssh,
    Http,
    Https,
}

impl Scheme {
    pub(crate) const ALL: [Self; 4] = [Self::Git, Self::Ssh, Self::Http, Self::Https];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Ssh => "ssh",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Git => 9418,
            Self::Ssh => 22,
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// Whether it is tried for a name without a scheme: one way to the same repository in two
    /// qualities. The others serve other paths.
    fn is_for_names(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

/// Everything that connects.
pub(crate) struct Ways {
    pub(crate) context: Context,
    pub(crate) dialects: Dialects,
    /// For a connect that is forced through SSH.
    pub(crate) ssh: Handle<Layered<Tcp, ssh::Connector>>,
}

impl Ways {
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        let mut registry = Registry::new();
        registry.protocol(HTTPS, Tcp::new().layer(web(arguments)?));
        let ssh = registry.protocol(SSH, Tcp::new().layer(shell(arguments)?));
        registry.protocol(GIT, Tcp::new());
        registry.protocol(HTTP, Tcp::new());

        // What protects comes first. Falling to the second rank has to be allowed.
        let on_port = |scheme| OnPort::new(scheme, arguments);
        let https = on_port(Scheme::Https).configure::<TlsKey, _>(tls::Peer::of);
        registry.resolver(HTTPS, 0, https);
        let user = arguments.user.clone();
        let shell = on_port(Scheme::Ssh).configure::<SshKey, _>(move |it| remote(it, &user));
        registry.resolver(SSH, 0, shell);
        registry.resolver(GIT, 1, on_port(Scheme::Git));
        registry.resolver(HTTP, 1, on_port(Scheme::Http));
        Ok(Self {
            context: registry.freeze(TokioTimer::new()),
            dialects: Dialects::new()
                .with(GIT, Dialect::Daemon)
                .with(SSH, Dialect::Process)
                .with(HTTP, Dialect::Http)
                .with(HTTPS, Dialect::Http),
            ssh,
        })
    }
}

/// The system's resolver for one scheme, with the port that is usual for it.
struct OnPort {
    scheme: Scheme,
    port: u16,
}

impl OnPort {
    fn new(scheme: Scheme, arguments: &Arguments) -> Self {
        let mut given = arguments.ports.iter().filter(|(it, _)| *it == scheme);
        let port = given.next().map_or(scheme.port(), |(_, port)| *port);
        Self { scheme, port }
    }
}

impl Resolver for OnPort {
    type Key = TcpKey;

    fn name(&self) -> &str {
        self.scheme.name()
    }

    fn takes(&self, scheme: &str) -> bool {
        scheme == self.scheme.name()
    }

    fn resolve(&self, target: &Target) -> Option<Answers<SocketAddr>> {
        let meant = match target.scheme() {
            Some(scheme) => self.takes(scheme),
            None => self.scheme.is_for_names(),
        };
        if !meant {
            return None;
        }
        match target.port_number() {
            Some(_) => SystemResolver.resolve(target),
            None => SystemResolver.resolve(&target.clone().port(self.port)),
        }
    }
}

/// TLS as web servers speak it: the authorities of the platform, or those of a file, vouch for names.
fn web(arguments: &Arguments) -> Result<tls::Connector, Box<dyn Error>> {
    let authenticator = match &arguments.authorities {
        Some(file) => tls::Authenticator::ca_file(file)?,
        None => tls::Authenticator::platform()?,
    };
    let settings = tls::Settings::anonymous(authenticator).alpn(["http/1.1"]);
    Ok(settings.connector()?)
}

/// SSH with the user's own files.
fn shell(arguments: &Arguments) -> Result<ssh::Connector, Box<dyn Error>> {
    let home = std::env::home_dir().unwrap_or_default().join(".ssh");
    let known_hosts = arguments.known_hosts.clone();
    let known_hosts = known_hosts.unwrap_or_else(|| home.join("known_hosts"));
    let mut settings = ssh::Settings::new().known_hosts_file(known_hosts);
    if std::env::var_os("SSH_AUTH_SOCK").is_some() {
        settings = settings.agent_of_environment();
    }
    let usual = || {
        ["id_ed25519", "id_ecdsa", "id_rsa"]
            .map(|name| home.join(name))
            .to_vec()
    };
    let keys: Vec<PathBuf> = match &arguments.key {
        Some(file) => vec![file.clone()],
        None => usual().into_iter().filter(|file| file.exists()).collect(),
    };
    for file in keys {
        match ssh::PrivateKey::read_file(&file, None) {
            Ok(key) => settings = settings.key(key),
            Err(error) if arguments.key.is_some() => return Err(error.into()),
            // One with a passphrase is the agent's affair.
            Err(_) => {}
        }
    }
    Ok(settings.connector())
}

/// What SSH opens for a target: the command that the library wants.
fn remote(target: &Target, user: &str) -> Option<ssh::Remote> {
    let service = target.find::<UploadPack>()?;
    let open = ssh::Open::command(&service.command());
    let variables = service.variables();
    let open = variables
        .iter()
        .fold(open, |open, (name, value)| open.with_variable(name, value));
    let port = target.port_number().unwrap_or(Scheme::Ssh.port());
    let user = target.user().unwrap_or(user);
    Some(ssh::Remote::new(user, target.host()?, port, open))
}
