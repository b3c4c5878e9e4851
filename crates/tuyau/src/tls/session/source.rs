//! The flow beneath, as rustls reads from it.

use std::{
    io,
    task::{Context, Poll},
};

use tuyau_core::{Flow, FlowError};

use super::PlainText;
use crate::tls::Kind;

/// What a read into rustls's own buffer brought.
pub(super) struct Came {
    /// How many bytes; none at the end of the stream.
    pub(super) count: usize,
    /// Whether they took all the room that there was.
    pub(super) filled: bool,
}

/// Lets rustls read once, by its `read_tls`, without a buffer of ours between.
///
/// Until the peer `began`, what comes is looked at before rustls sees it: many other protocols are
/// recognised by their first bytes.
pub(super) fn poll_read<F: Flow>(
    inner: &mut F,
    cx: &mut Context<'_>,
    began: bool,
    read_tls: impl FnOnce(&mut dyn io::Read) -> io::Result<usize>,
) -> Poll<Result<Came, Kind>> {
    let mut source = Source {
        inner,
        cx,
        began,
        filled: false,
        end: None,
    };
    let result = read_tls(&mut source);
    let filled = source.filled;
    Poll::Ready(match (result, source.end) {
        (Ok(count), _) => Ok(Came { count, filled }),
        (Err(_), Some(End::Pending)) => return Poll::Pending,
        (Err(_), Some(End::Failed(error))) => Err(Kind::Io(error)),
        (Err(_), Some(End::Plain(text))) => Err(Kind::PlainText(text)),
        (Err(error), None) => Err(Kind::from_session(error)),
    })
}

struct Source<'a, 'b, F> {
    inner: &'a mut F,
    cx: &'a mut Context<'b>,
    began: bool,
    filled: bool,
    end: Option<End>,
}

/// Why a read gave nothing.
enum End {
    Pending,
    Failed(FlowError),
    Plain(PlainText),
}

impl<F: Flow> Source<'_, '_, F> {
    fn came(&mut self, bytes: &[u8], room: usize) -> Result<usize, End> {
        if !self.began
            && let Some(text) = PlainText::detect(bytes)
        {
            return Err(End::Plain(text));
        }
        self.filled = bytes.len() == room;
        Ok(bytes.len())
    }
}

impl<F: Flow> io::Read for Source<'_, '_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = match self.inner.poll_read(self.cx, buffer) {
            Poll::Ready(Ok(count)) => self.came(&buffer[..count], buffer.len()),
            Poll::Ready(Err(error)) => Err(End::Failed(error)),
            Poll::Pending => Err(End::Pending),
        };
        result.map_err(|end| {
            self.end = Some(end);
            io::ErrorKind::Other.into()
        })
    }
}
