//! What the session's task tells the accepting side.

use std::sync::{Arc, Mutex, PoisonError};

use russh::{
    Channel, ChannelId, ChannelOpenFailure, ChannelWriteHalf,
    keys::ssh_key,
    server::{Auth, ChannelOpenHandle, Msg, PublicKeyOffer, Session, VerifiedPublicKey},
};

use super::{
    Open, PeerKey, PublicKey, User,
    inbox::{Failure, Inbox},
};

/// Whether a user may come in with a key that was proved.
pub(super) type Authorize = Arc<dyn Fn(&str, &PublicKey) -> bool + Send + Sync>;

/// How many variables a client may set for a command, and how long each may be, in bytes.
const VARIABLES: usize = 64;
const VARIABLE_LENGTH: usize = 4096;

/// Lets clients in, and gives the first channel that one opens.
pub(super) struct Handler {
    pub(super) inbox: Inbox,
    pub(super) authorize: Authorize,
    pub(super) asked: Arc<Mutex<Asked>>,
}

/// What a client has asked for so far.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) key: Option<PeerKey>,
    pub(super) user: Option<User>,
    pub(super) half: Option<ChannelWriteHalf<Msg>>,
    /// The connection's only channel.
    own: Option<ChannelId>,
    environment: Vec<(String, String)>,
    pub(super) open: Option<Open>,
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.inbox.fail(Failure::Ended);
    }
}

impl Handler {
    fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn permits(&self, user: &str, key: &ssh_key::PublicKey) -> Option<PublicKey> {
        let key = PublicKey::new(key.clone());
        (self.authorize)(user, &key).then_some(key)
    }

    /// Takes the connection's only channel; what follows is refused.
    async fn take(&self, channel: Channel<Msg>, reply: ChannelOpenHandle, open: Option<Open>) {
        if !self.is_first(channel.id()) {
            return reply.reject(ChannelOpenFailure::ResourceShortage).await;
        }
        reply.accept().await;
        // What is received goes to the inbox, not through the channel.
        let (_, half) = channel.split();
        self.asked().half = Some(half);
        if let Some(open) = open {
            self.opened(open);
        }
    }

    fn is_first(&self, channel: ChannelId) -> bool {
        let mut asked = self.asked();
        let first = asked.own.is_none();
        asked.own.get_or_insert(channel);
        first
    }

    fn is_own(&self, channel: ChannelId) -> bool {
        self.asked().own == Some(channel)
    }

    fn opened(&self, open: Open) {
        self.asked().open = Some(open);
        self.inbox.update(|received| received.answer = Some(true));
    }

    /// Answers a request for a command or subsystem: a channel takes one.
    fn start(
        &self,
        channel: ChannelId,
        session: &mut Session,
        open: Open,
    ) -> Result<(), russh::Error> {
        if !self.is_own(channel) || self.asked().open.is_some() {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        self.opened(open);
        Ok(())
    }
}

impl russh::server::Handler for Handler {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        Ok(match self.permits(user, offer.public_key) {
            Some(_) => Auth::Accept,
            None => Auth::reject(),
        })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let Some(key) = self.permits(user, key.public_key) else {
            return Ok(Auth::reject());
        };
        let mut asked = self.asked();
        asked.key = Some(PeerKey(key));
        asked.user = Some(User(user.to_owned()));
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.take(channel, reply, None).await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        match u16::try_from(port) {
            Ok(port) => self.take(channel, reply, Some(Open::tcp(host, port))).await,
            Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
        }
        Ok(())
    }

    async fn channel_open_direct_streamlocal(
        &mut self,
        channel: Channel<Msg>,
        path: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.take(channel, reply, Some(Open::unix(path))).await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        let own = self.is_own(channel);
        let mut asked = self.asked();
        let few = asked.environment.len() < VARIABLES;
        if own && few && name.len() + value.len() <= VARIABLE_LENGTH {
            asked.environment.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let environment = std::mem::take(&mut self.asked().environment);
        let command = String::from_utf8_lossy(command).into_owned();
        let open = Open::Command {
            command,
            environment,
        };
        self.start(channel, session, open)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.start(channel, session, Open::Subsystem(name.to_owned()))
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(channel)
    }

    async fn data(
        &mut self,
        of: ChannelId,
        data: &[u8],
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.is_own(of) {
            self.inbox.push(data);
        }
        Ok(())
    }

    async fn channel_eof(&mut self, of: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        if self.is_own(of) {
            self.inbox.update(|received| received.ended = true);
        }
        Ok(())
    }

    async fn channel_close(&mut self, of: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        if self.is_own(of) {
            self.inbox.update(|received| received.closed = true);
        }
        Ok(())
    }
}
