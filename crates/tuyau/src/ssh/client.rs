//! What the session's task tells the dialling side.

use std::{path::PathBuf, sync::Arc};

use russh::{
    Channel, ChannelId, ChannelOpenFailure, Sig,
    client::{ChannelOpenHandle, DisconnectReason, Msg, Session},
    keys::PublicKeyOrCertificate,
};

use super::{
    ExitStatus, Kind, PublicKey,
    inbox::{Failure, Inbox, Received},
    known_hosts::{self, Known},
};

/// Judges the server's key, and puts into the inbox what the server sends.
pub(super) struct Handler {
    pub(super) inbox: Inbox,
    pub(super) trust: Trust,
    /// The server's key, once it is trusted.
    pub(super) proved: Arc<std::sync::OnceLock<PublicKey>>,
    /// The channel that this side asked for, once the server has opened it.
    pub(super) own: Option<ChannelId>,
}

impl Handler {
    /// The inbox, unless the server speaks of a channel that is not the flow's.
    fn inbox_of(&self, channel: ChannelId) -> Option<&Inbox> {
        (self.own == Some(channel)).then_some(&self.inbox)
    }

    fn update(&self, channel: ChannelId, change: impl FnOnce(&mut Received)) {
        if let Some(inbox) = self.inbox_of(channel) {
            inbox.update(change);
        }
    }
}

/// By what a server's key is judged.
pub(super) struct Trust {
    pub(super) known: Known,
    pub(super) any: bool,
    /// The file that a new host's key is added to, if it may be.
    pub(super) learn: Option<PathBuf>,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Trust {
    fn judge(&self, key: &PublicKey) -> Result<(), Kind> {
        match self.known.judge(key) {
            Err(_) if self.any => Ok(()),
            // A host that is known by another key is not new.
            Err(Kind::HostKeyUnknown {
                other: None,
                authority: None,
                broken: None,
                ..
            }) if self.learn.is_some() => {
                let Some(file) = &self.learn else {
                    return Ok(());
                };
                known_hosts::learn(file, &self.host, self.port, key)
                    .map_err(|error| Kind::KnownHosts(file.clone(), error))
            }
            judged => judged,
        }
    }
}

/// The task is gone, for whatever reason.
impl Drop for Handler {
    fn drop(&mut self) {
        self.inbox.fail(Failure::Ended);
    }
}

impl russh::client::Handler for Handler {
    type Error = Kind;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Kind> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Err(Kind::HostCertificate);
        };
        let key = PublicKey::new(key.clone());
        self.trust.judge(&key)?;
        // It is asked once, at the first exchange of keys.
        let _ = self.proved.set(key);
        Ok(true)
    }

    async fn channel_open_confirmation(
        &mut self,
        channel: ChannelId,
        _max_packet_size: u32,
        _window_size: u32,
        _: &mut Session,
    ) -> Result<(), Kind> {
        self.own.get_or_insert(channel);
        Ok(())
    }

    async fn data(&mut self, of: ChannelId, data: &[u8], _: &mut Session) -> Result<(), Kind> {
        if let Some(inbox) = self.inbox_of(of) {
            inbox.push(data);
        }
        Ok(())
    }

    async fn extended_data(
        &mut self,
        of: ChannelId,
        kind: u32,
        data: &[u8],
        _: &mut Session,
    ) -> Result<(), Kind> {
        // SSH_EXTENDED_DATA_STDERR (RFC 4254, section 5.2) is the only kind there is.
        if let Some(inbox) = self.inbox_of(of).filter(|_| kind == 1) {
            inbox.push_error_output(data);
        }
        Ok(())
    }

    async fn channel_eof(&mut self, of: ChannelId, _: &mut Session) -> Result<(), Kind> {
        self.update(of, |received| received.ended = true);
        Ok(())
    }

    async fn channel_close(&mut self, of: ChannelId, _: &mut Session) -> Result<(), Kind> {
        self.update(of, |received| received.closed = true);
        Ok(())
    }

    async fn exit_status(
        &mut self,
        of: ChannelId,
        status: u32,
        _: &mut Session,
    ) -> Result<(), Kind> {
        let status = ExitStatus::Code(status);
        self.update(of, |received| received.exit = Some(status));
        Ok(())
    }

    async fn exit_signal(
        &mut self,
        of: ChannelId,
        signal: Sig,
        _core_dumped: bool,
        _message: &str,
        _language: &str,
        _: &mut Session,
    ) -> Result<(), Kind> {
        let name = match signal {
            Sig::Custom(name) => name,
            signal => format!("{signal:?}"),
        };
        let status = ExitStatus::Signal(name);
        self.update(of, |received| received.exit = Some(status));
        Ok(())
    }

    async fn channel_success(&mut self, of: ChannelId, _: &mut Session) -> Result<(), Kind> {
        self.update(of, |received| received.answer = Some(true));
        Ok(())
    }

    async fn channel_failure(&mut self, of: ChannelId, _: &mut Session) -> Result<(), Kind> {
        self.update(of, |received| received.answer = Some(false));
        Ok(())
    }

    async fn channel_open_failure(
        &mut self,
        _: ChannelId,
        reason: ChannelOpenFailure,
        description: &str,
        _language: &str,
        _: &mut Session,
    ) -> Result<(), Kind> {
        let code = match reason {
            ChannelOpenFailure::AdministrativelyProhibited => "not permitted",
            ChannelOpenFailure::ConnectFailed => "it could not connect",
            ChannelOpenFailure::UnknownChannelType => "it does not know such channels",
            ChannelOpenFailure::ResourceShortage => "it lacks the resources",
            _ => "no reason is given",
        };
        let text = match description {
            "" => code.to_owned(),
            text => format!("{code} ({text})"),
        };
        self.inbox.update(|received| received.refusal = Some(text));
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Kind> {
        refuse(reply).await
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Kind> {
        refuse(reply).await
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Kind> {
        refuse(reply).await
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Kind> {
        refuse(reply).await
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Kind> {
        refuse(reply).await
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Kind> {
        refuse(reply).await
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Kind> {
        refuse(reply).await
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Kind>) -> Result<(), Kind> {
        self.inbox.fail(match reason {
            DisconnectReason::ReceivedDisconnect(info) => Failure::Disconnected(info.message),
            DisconnectReason::Error(kind) => failure_of(&kind),
        });
        Ok(())
    }
}

/// A server opens nothing at a client that has offered it nothing (RFC 4254, sections 6.1, 6.3.2 and
/// 7.2), where russh would take it.
async fn refuse(reply: ChannelOpenHandle) -> Result<(), Kind> {
    let reason = ChannelOpenFailure::AdministrativelyProhibited;
    reply.reject(reason).await;
    Ok(())
}

fn failure_of(kind: &Kind) -> Failure {
    match kind {
        Kind::Protocol(error) => Failure::of(error),
        Kind::Io(error) => Failure::Beneath(error.kind().into()),
        Kind::Ended { .. } => Failure::Ended,
        other => Failure::Protocol(format!("{other:?}")),
    }
}
