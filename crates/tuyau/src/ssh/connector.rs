//! The dialling side.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use russh::{
    Preferred,
    client::{self, Config, Handle},
    keys::Algorithm,
};
use tuyau_core::{Attempt, Flow, FlowExt, Layer, LocalAddress, PeerAddress, Security, Stage};

use super::{
    Error, Flow as SshFlow, HostKey, Kind, Open, Remote, Settings, SshKey,
    auth::Login,
    channel::ClientChannel,
    client::{Handler, Trust},
    flow::{Facts, Parts},
    inbox::{Failure, Inbox},
    known_hosts::{Known, name_of},
    wire::{self, Link},
};

/// SSH as a client, made by [`Settings::connector`]. Connecting wants a tokio runtime.
///
/// It opens what runs on the server, a command or a subsystem. What the server connects to beyond itself
/// is [`Kind::Forwarded`], since the key that it proves is not that of who is there: a
/// [`Forwarder`](super::Forwarder) opens it.
#[derive(Clone, Debug)]
pub struct Connector {
    settings: Arc<Settings>,
}

impl Connector {
    /// The stage in which this side proves itself, by keys or a password (RFC 4252); it follows that
    /// of the layer, in which the server did.
    pub const AUTHENTICATE: Stage = Stage::new("authenticate");

    /// The stage in which what was asked for is opened (RFC 4254).
    pub const CHANNEL: Stage = Stage::new("channel");

    pub(super) fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self { settings }
    }

    /// By what the server's key is judged.
    fn trust(&self, remote: &Remote) -> Result<Trust, Kind> {
        let settings = &self.settings;
        let known = Known::read(&settings.known_hosts, &remote.host, remote.port)?;
        let learn = settings.known_hosts.first().filter(|_| settings.accept_new);
        Ok(Trust {
            known,
            any: settings.any_host_key,
            learn: learn.cloned(),
            host: remote.host.clone(),
            port: remote.port,
        })
    }

    /// Connects, and opens whatever it is.
    pub(super) async fn dial<F: Flow>(
        &self,
        inner: F,
        remote: &Remote,
        attempt: &Attempt,
    ) -> Result<SshFlow, Error> {
        let inbox = Inbox::default();
        let opened = self.open(inner, remote, &inbox, attempt).await;
        opened.map_err(|kind| error(explain(kind, &inbox, &remote.open), remote))
    }

    async fn open<F: Flow>(
        &self,
        inner: F,
        remote: &Remote,
        inbox: &Inbox,
        attempt: &Attempt,
    ) -> Result<SshFlow, Kind> {
        let facts = addresses(&inner);
        let trust = self.trust(remote)?;
        let config = Arc::new(Config {
            preferred: preferred(&trust.known),
            ..Config::default()
        });
        let proved = Arc::new(OnceLock::new());
        let handler = Handler {
            inbox: inbox.clone(),
            trust,
            proved: proved.clone(),
            own: None,
        };
        // From here on, dropping the link ends everything.
        let (wire, link) = wire::pair(inner, inbox.clone());
        let connected = client::connect_stream(config, wire, handler).await;
        let mut session = connected.map_err(|kind| not_ssh(kind, &link))?;
        attempt.enter(Self::AUTHENTICATE);
        Login::perform(&mut session, &self.settings, &remote.user).await?;
        attempt.enter(Self::CHANNEL);
        let half = open_channel(&session, &remote.open, inbox).await?;
        let channel = Arc::new(ClientChannel {
            half,
            _handle: session,
        });
        let host_key = proved.get().cloned().map(HostKey);
        Ok(SshFlow::new(Parts {
            channel,
            link,
            inbox: inbox.clone(),
            facts: Facts { host_key, ..facts },
            exits: remote.open.exits(),
        }))
    }
}

impl<F: Flow> Layer<F> for Connector {
    type Key = SshKey;
    type Flow = SshFlow;
    type Error = Error;

    /// The exchange of keys (RFC 4253), in which the server proves itself.
    const STAGE: Stage = Stage::new("ssh");

    async fn connect(
        &self,
        inner: F,
        config: &Remote,
        attempt: &Attempt,
    ) -> Result<SshFlow, Error> {
        if config.open.ends_elsewhere() {
            let open = config.open.clone();
            return Err(error(Kind::Forwarded { open }, config));
        }
        self.dial(inner, config, attempt).await
    }

    fn security(&self) -> Security {
        // A host that is trusted on first use has not proved to be the right one.
        if self.settings.any_host_key || self.settings.accept_new {
            Security::Encrypted
        } else {
            Security::Authenticated
        }
    }
}

fn error(kind: Kind, remote: &Remote) -> Error {
    let host = name_of(&remote.host, remote.port);
    Error::new(kind, &host, &remote.user)
}

/// Asks for the host's key first in the kinds in which it is known, as OpenSSH does: a server with
/// several keys would otherwise prove one that is not known.
fn preferred(known: &Known) -> Preferred {
    let mut algorithms: Vec<Algorithm> = Vec::new();
    let defaults = Preferred::DEFAULT.key.iter().cloned();
    let secure = defaults.filter(|it| !matches!(it, Algorithm::Rsa { hash: None }));
    let known = known.keys().flat_map(|key| key.host_algorithms());
    for algorithm in known.chain(secure) {
        if !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    Preferred {
        key: Cow::Owned(algorithms),
        ..Preferred::DEFAULT
    }
}

async fn open_channel(
    session: &Handle<Handler>,
    open: &Open,
    inbox: &Inbox,
) -> Result<russh::ChannelWriteHalf<client::Msg>, Kind> {
    let opened = match open {
        Open::Command { .. } | Open::Subsystem(_) => session.channel_open_session().await,
        Open::Tcp { host, port } => {
            let (host, port) = (host.as_str(), u32::from(*port));
            // Whoever connects here is not known, which RFC 4254, section 7.2, leaves room for.
            let connected = session.channel_open_direct_tcpip(host, port, "127.0.0.1", 0);
            connected.await
        }
        Open::Unix { path } => session.channel_open_direct_streamlocal(path).await,
    };
    // What is received goes to the inbox, not through the channel.
    let (_, half) = opened?.split();
    match open {
        Open::Command {
            command,
            environment,
        } => {
            for (name, value) in environment {
                half.set_env(false, name, value).await?;
            }
            half.exec(true, command.as_str()).await?;
        }
        Open::Subsystem(name) => half.request_subsystem(true, name).await?,
        Open::Tcp { .. } | Open::Unix { .. } => return Ok(half),
    }
    let answer = inbox.until(|received| match (received.answer, &received.failure) {
        (Some(answer), _) => Some(Ok(answer)),
        (None, Some(_)) => Some(Err(Kind::Ended { reason: None })),
        (None, None) => received.closed.then_some(Ok(false)),
    });
    if answer.await? {
        return Ok(half);
    }
    Err(Kind::NotOpened {
        open: open.clone(),
        reason: "it refused the request".to_owned(),
    })
}

/// Tells a peer that is no SSH server from one that vanished.
pub(super) fn not_ssh(kind: Kind, link: &Link) -> Kind {
    let heard = link.heard();
    let silent = heard.is_empty();
    let mut lines = heard.split(|&byte| byte == b'\n');
    // Other lines may come first (RFC 4253, section 4.2).
    if silent || lines.any(|line| line.starts_with(b"SSH-")) {
        return kind;
    }
    let first = heard.split(|&byte| byte == b'\r' || byte == b'\n').next();
    let first = String::from_utf8_lossy(first.unwrap_or_default());
    Kind::NotSsh {
        said: first.chars().take(80).collect(),
    }
}

/// Puts what the server said into an error.
fn explain(kind: Kind, inbox: &Inbox, open: &Open) -> Kind {
    let mut received = inbox.lock();
    match (kind, received.failure.take()) {
        (Kind::Protocol(russh::Error::ChannelOpenFailure(why)), _) => Kind::NotOpened {
            open: open.clone(),
            reason: received.refusal.take().unwrap_or(format!("{why:?}")),
        },
        (Kind::Ended { .. }, Some(Failure::Disconnected(reason))) => Kind::Ended {
            reason: Some(reason),
        },
        (kind, _) => kind,
    }
}

/// The addresses that a flow or one beneath it knows.
pub(super) fn addresses(flow: &impl Flow) -> Facts {
    Facts {
        peer: flow.info::<PeerAddress>().cloned(),
        local: flow.info::<LocalAddress>().cloned(),
        ..Facts::default()
    }
}
