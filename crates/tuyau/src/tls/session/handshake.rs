//! Driving a handshake to its end.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
};

use rustls::Connection;
use tuyau_core::Flow;

use super::{
    Flow as TlsFlow,
    farewell::{self, Patience},
    transport::Transport,
};
use crate::{
    halves::Half,
    tls::{Error, Kind, error::Scene},
};

/// Finishes the handshake, or says farewell to the peer and gives the reason.
pub(super) async fn finish<F: Flow>(
    mut transport: Transport<F>,
    scene: Scene,
    patience: &Patience,
) -> Result<TlsFlow<F>, Error> {
    // Behind the client's first message more may have come already.
    let begun = transport.session.process_new_packets();
    let shaken = match begun {
        Ok(_) => poll_fn(|cx| poll_handshake(&mut transport, cx)).await,
        Err(error) => Err(error.into()),
    };
    match shaken {
        Ok(()) => TlsFlow::new(transport, scene),
        Err(kind) => {
            let Transport { inner, session, .. } = transport;
            farewell::say(inner, alerts_of(session), patience).await;
            Err(scene.error(kind))
        }
    }
}

fn poll_handshake<F: Flow>(
    transport: &mut Transport<F>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Kind>> {
    loop {
        if let Err(error) = ready!(transport.poll_send(cx, Half::Write, 0)) {
            return Poll::Ready(Err(reason_beneath(transport, cx, error)));
        }
        if !transport.session.is_handshaking() {
            ready!(transport.inner.poll_flush(cx)).map_err(Kind::Io)?;
            return Poll::Ready(Ok(()));
        }
        if !ready!(transport.poll_fill(cx))? {
            return Poll::Ready(Err(Kind::Truncated));
        }
    }
}

/// Sending failed; perhaps because the peer closed after it had said why.
fn reason_beneath<F: Flow>(
    transport: &mut Transport<F>,
    cx: &mut Context<'_>,
    error: tuyau_core::FlowError,
) -> Kind {
    match transport.poll_fill(cx) {
        Poll::Ready(Err(kind @ Kind::PeerAlert(_))) => kind,
        _ => Kind::Io(error),
    }
}

/// The bytes that rustls still wants to send, an alert usually.
fn alerts_of(mut session: Box<Connection>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while session.wants_write() {
        // Writing into memory does not fail.
        let _ = session.write_tls(&mut bytes);
    }
    bytes
}
