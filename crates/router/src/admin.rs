//! The admin socket of a running router: a Unix socket that its owner alone can open.
//!
//! The stream has the same frames as the wire protocol. A client sends a [`Request`] and gets a
//! [`Response`]; any number of times. The socket is local and both ends are of one version, so the
//! messages are not part of the specification.

mod client;
mod message;
mod policy;

use std::{error::Error, path::Path, time::Duration};

use tokio::sync::mpsc;
use tuyau::{ListenError, unix};
use tuyau_core::{
    AnyFlow, AnyListener, Chain, ErrorKind, FlowError, FlowExt, Listener, ListenerExt,
};
use tuyau_wire::frame;

pub use client::{AdminClient, AdminError, AdminErrorKind};
#[cfg(fuzzing)]
pub use message::assert_decodes_soundly;

use crate::{
    PolicySource,
    hub::Input,
    journal::Event,
    reload,
    router::{self, Watched},
    snapshot,
};
use message::{Request, Response};

/// The longest message, in bytes: a snapshot of a million entries.
const MAX_MESSAGE: usize = 1 << 30;

/// How long accepting pauses after it failed, as it does when files run out.
const PAUSE: Duration = Duration::from_millis(100);

/// How much is read at a time, in bytes.
const READ: usize = 64 * 1024;

/// Listens on the socket, which only its owner can open.
pub(crate) fn listen(path: &Path) -> Result<AnyListener, ListenError> {
    unix::Listener::bind(path).map(ListenerExt::erase)
}

/// Serves the socket until the task is aborted.
pub(crate) async fn serve(
    mut listener: AnyListener,
    inputs: mpsc::WeakSender<Input>,
    watched: Watched,
) {
    loop {
        let incoming = match listener.accept().await {
            Ok(incoming) => incoming,
            Err(error) => {
                let (address, reason) = (listener.address().clone(), Chain(&error).to_string());
                if let Some(inputs) = inputs.upgrade() {
                    let event = Event::AcceptFailed { address, reason };
                    let _ = inputs.send(Input::Tell(event)).await;
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (inputs, watched) = (inputs.clone(), watched.clone());
        tokio::spawn(async move {
            if let Ok(mut flow) = incoming.handshake.await {
                // A client that goes away mid-way has nothing to be told.
                let _ = serve_one(&mut flow, &inputs, &watched).await;
            }
        });
    }
}

async fn serve_one(
    flow: &mut AnyFlow,
    inputs: &mpsc::WeakSender<Input>,
    watched: &Watched,
) -> Result<(), FlowError> {
    let mut input = Vec::new();
    loop {
        let message = match read_message(flow, &mut input).await {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Protocol => {
                let failed = Response::Failed(Chain(&error).to_string());
                write_message(flow, &failed.encode()).await?;
                return flow.close_write().await;
            }
            Err(error) => return Err(error),
        };
        let response = match Request::decode(&message) {
            Ok(request) => answer(request, inputs, watched).await,
            Err(error) => Response::Failed(format!("a request of another version: {error}")),
        };
        write_message(flow, &response.encode()).await?;
    }
}

async fn answer(request: Request, inputs: &mpsc::WeakSender<Input>, watched: &Watched) -> Response {
    let ended = || Response::Failed("the router is ending".into());
    let Some(inputs) = inputs.upgrade() else {
        return ended();
    };
    match request {
        Request::View { first, count } => {
            let watched = watched.clone();
            let view = router::ask(&inputs, move |hub| watched.view(&hub.engine, first, count));
            view.await.map_or_else(ended, Response::View)
        }
        Request::Save => {
            let save = router::ask(&inputs, |hub| snapshot::encode(hub.engine.state()));
            save.await.map_or_else(ended, Response::Snapshot)
        }
        Request::Restore(bytes) => match router::decode(bytes, watched.max_entries).await {
            Ok(state) => {
                let restored = router::restore(&inputs, state).await;
                restored.map_or_else(ended, |()| Response::Restored)
            }
            Err(error) => Response::Failed(Chain(&error).to_string()),
        },
        Request::Reload => {
            let source = watched.policy.as_ref();
            match reload::reload(&inputs, source).await {
                Ok(replaced) => {
                    let name = source.map(PolicySource::name).unwrap_or_default();
                    Response::Reloaded(name.to_owned(), replaced)
                }
                Err(error) => Response::Failed(match error.source() {
                    // Places in a file stand on lines of their own.
                    Some(source) => format!("{error}\n{}", Chain(source)),
                    None => error.to_string(),
                }),
            }
        }
        Request::Policy(about) => {
            let name = watched.policy.as_ref().map(|it| it.name().to_owned());
            let policy = router::ask(&inputs, |hub| hub.engine.policy().clone()).await;
            policy.map_or_else(ended, |it| Response::Policy(name, it.excerpt(&about)))
        }
    }
}

/// Reads one message; `None` at the end of the stream.
async fn read_message(
    flow: &mut AnyFlow,
    input: &mut Vec<u8>,
) -> Result<Option<Vec<u8>>, FlowError> {
    loop {
        match frame::split(input, MAX_MESSAGE) {
            Ok(Some(frame)) => {
                let (message, length) = (frame.message.to_vec(), frame.length);
                input.drain(..length);
                return Ok(Some(message));
            }
            Ok(None) => {}
            Err(error) => return Err(FlowError::new(ErrorKind::Protocol, error)),
        }
        let filled = input.len();
        input.resize(filled + READ, 0);
        let count = flow.read(&mut input[filled..]).await?;
        input.truncate(filled + count);
        if count == 0 {
            return Ok(None);
        }
    }
}

async fn write_message(flow: &mut AnyFlow, message: &[u8]) -> Result<(), FlowError> {
    flow.write_all(&message::frame_head(message.len())).await?;
    flow.write_all(message).await?;
    flow.flush().await
}
