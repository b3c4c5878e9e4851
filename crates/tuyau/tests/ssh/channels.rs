//! Servers that open channels by themselves.

use std::sync::Arc;

use russh::{
    Channel, ChannelId, ChannelOpenFailure, Error,
    keys::{Algorithm, PrivateKey, key::safe_rng},
    server::{self, Auth, ChannelOpenHandle, Handle, Msg, PublicKeyOffer, Session},
};
use tokio::sync::oneshot;
use tuyau::mem;
use tuyau_core::FlowExt;

use crate::support::{dial, settings};

/// Lets everybody in, takes each command, and tells of its channel.
struct Server(Option<oneshot::Sender<ChannelId>>);

impl server::Handler for Server {
    type Error = Error;

    async fn auth_publickey_offered(
        &mut self,
        _: &str,
        _: PublicKeyOffer<'_>,
    ) -> Result<Auth, Error> {
        Ok(Auth::Accept)
    }

    async fn auth_publickey(
        &mut self,
        _: &str,
        _: server::VerifiedPublicKey<'_>,
    ) -> Result<Auth, Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        if let Some(asked) = self.0.take() {
            asked.send(channel).unwrap();
        }
        session.channel_success(channel)
    }
}

async fn open_all(server: &Handle) -> Vec<Result<Channel<Msg>, Error>> {
    vec![
        server.channel_open_session().await,
        server
            .channel_open_direct_tcpip("here", 80, "there", 1)
            .await,
        server.channel_open_direct_streamlocal("/here").await,
        server
            .channel_open_forwarded_tcpip("here", 80, "there", 1)
            .await,
        server.channel_open_forwarded_streamlocal("/here").await,
        server.channel_open_x11("there", 1).await,
        server.channel_open_agent().await,
    ]
}

/// Bad input: a server opens each kind of channel and speaks there.
#[tokio::test]
async fn a_channel_that_the_server_opens_is_refused_and_says_nothing_to_the_flow() {
    let (near, far) = mem::pair();
    let (asked, channel) = oneshot::channel();
    let serving = tokio::spawn(async move {
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap();
        let config = server::Config {
            keys: vec![key],
            ..server::Config::default()
        };
        let stream = tuyau::tokio::Compat::new(far);
        let running = server::run_stream(Arc::new(config), stream, Server(Some(asked)));
        let session = running.await.unwrap();
        let server = session.handle();
        tokio::spawn(session);
        let own = channel.await.unwrap();
        let opened = open_all(&server).await;
        for stranger in opened.iter().flatten() {
            server
                .data(stranger.id(), b"strange".to_vec())
                .await
                .unwrap();
            server.exit_status_request(stranger.id(), 7).await.unwrap();
            server.eof(stranger.id()).await.unwrap();
            server.close(stranger.id()).await.unwrap();
        }
        server.data(own, b"expected".to_vec()).await.unwrap();
        server.exit_status_request(own, 0).await.unwrap();
        server.eof(own).await.unwrap();
        opened
    });
    let mut flow = dial(near, settings()).await.unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 100];
    loop {
        match flow.read(&mut buffer).await.unwrap() {
            0 => break,
            count => read.extend(&buffer[..count]),
        }
    }
    assert_eq!(String::from_utf8(read).unwrap(), "expected");
    assert!(flow.exit_status().unwrap().success());
    for opened in serving.await.unwrap() {
        let refused = ChannelOpenFailure::AdministrativelyProhibited;
        let error = opened.expect_err("no channel");
        assert!(matches!(error, Error::ChannelOpenFailure(why) if why == refused));
    }
}
