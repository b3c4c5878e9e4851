//! The first message in either direction.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, timeout, timeout_at};
use tuyau_wire::{Agreement, Hello, Message, RejectCode, Role};

use super::{
    error::{OutOfTurn, SessionError, SessionErrorKind as Kind},
    stream::Stream,
};

/// The time in which a peer that is refused takes the reason.
const FAREWELL: Duration = Duration::from_secs(1);

/// Sends our hello and reads the peer's, both at once.
pub(super) async fn exchange(
    stream: &mut Stream,
    ours: &Hello,
    deadline: Instant,
) -> Result<(Hello, Agreement), SessionError> {
    stream.push(&Message::Hello(ours.clone()));
    let result = match timeout_at(deadline, poll_fn(|cx| poll_hello(stream, cx))).await {
        Ok(result) => result,
        Err(_) => Err(SessionError::new(Kind::TimedOut)),
    };
    let result = result.and_then(|theirs| agree(ours, theirs));
    if let Err(error) = &result {
        farewell(stream, error).await;
    }
    result
}

fn agree(ours: &Hello, theirs: Hello) -> Result<(Hello, Agreement), SessionError> {
    let agreement = ours
        .negotiate(&theirs)
        .map_err(|error| SessionError::caused(Kind::Version, error))?;
    if theirs.role() != Role::Router {
        return Err(SessionError::new(Kind::Role));
    }
    Ok((theirs, agreement))
}

fn poll_hello(stream: &mut Stream, cx: &mut Context<'_>) -> Poll<Result<Hello, SessionError>> {
    // A peer that ends without reading may have said why.
    let unwritten = match stream.poll_flush(cx) {
        Poll::Ready(Err(error)) => Some(error),
        _ => None,
    };
    let flow = |error| SessionError::caused(Kind::Flow, error);
    loop {
        match stream.take() {
            Ok(Some(bytes)) => return Poll::Ready(read_hello(bytes)),
            Ok(None) => {}
            Err(error) => return Poll::Ready(Err(SessionError::caused(Kind::Malformed, error))),
        }
        if !ready!(stream.poll_fill(cx)).map_err(flow)? {
            let error = unwritten.map_or(SessionError::new(Kind::Ended), flow);
            return Poll::Ready(Err(error));
        }
    }
}

fn read_hello(bytes: &[u8]) -> Result<Hello, SessionError> {
    let message =
        Message::decode(bytes).map_err(|error| SessionError::caused(Kind::Malformed, error))?;
    match message {
        Message::Hello(hello) => Ok(hello),
        Message::Reject {
            sequence: None,
            code,
            text,
        } => Err(SessionError::rejected(code, text)),
        other => {
            let (expected, found) = ("hello", other.name());
            let error = OutOfTurn { expected, found };
            Err(SessionError::caused(Kind::Unexpected, error))
        }
    }
}

/// Tells a peer that it is not the one that may be here.
pub(super) async fn turn_away(stream: &mut Stream) {
    stream.push(&Message::Reject {
        sequence: None,
        code: RejectCode::WrongIdentity,
        text: "this is a service, and only its own router may connect to it",
    });
    end(stream).await;
}

/// Tells the peer why the session ends, as far as it takes that.
pub(super) async fn farewell(stream: &mut Stream, error: &SessionError) {
    if let Some(code) = error.reject_code() {
        let text = tuyau_core::Chain(error).to_string();
        stream.push(&Message::Reject {
            sequence: None,
            code,
            text: &text,
        });
    }
    end(stream).await;
}

async fn end(stream: &mut Stream) {
    let closed = poll_fn(|cx| stream.poll_close(cx));
    // Nobody is left to be told that it failed.
    let _ = timeout(FAREWELL, closed).await;
}
