//! Dialling Unix sockets.

use std::path::PathBuf;

use ::tokio::net::UnixStream;
use tuyau_core::{Attempt, ErrorKind, FlowError, Protocol, Stage};

use super::{Flow, PathTooLong, UnixKey};

/// Unix stream sockets on tokio. Connecting wants a tokio runtime with its I/O driver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unix;

impl Protocol for Unix {
    type Key = UnixKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("unix");

    async fn connect(&self, path: &PathBuf, _attempt: &Attempt) -> Result<Flow, FlowError> {
        if let Some(error) = PathTooLong::check(path) {
            return Err(FlowError::new(ErrorKind::Unsupported, error));
        }
        let stream = UnixStream::connect(path).await?;
        Ok(Flow::dialled(stream, path))
    }
}
