//! In what protocols rightly differ.

use crate::NotRun;

/// In what byte stream protocols rightly differ, so that each law is run where it holds.
///
/// ```
/// use tuyau_conformance::Traits;
///
/// let tcp = Traits::stream();
/// let tls = Traits::stream().tells_truncation();
/// let serial_line = Traits::stream().without_end();
/// # let _ = (tcp, tls, serial_line);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    pub(crate) truncation: bool,
    pub(crate) reset: bool,
    pub(crate) half_close: bool,
    pub(crate) end: bool,
}

impl Traits {
    /// A byte stream as TCP is: each direction ends on its own, and a flow that was dropped looks like
    /// one that ended.
    pub const fn stream() -> Self {
        Self {
            truncation: false,
            reset: false,
            half_close: true,
            end: true,
        }
    }

    /// The peer can tell a flow that was dropped from one whose writing half was ended, as with TLS:
    /// [`ErrorKind::Truncated`](tuyau_core::ErrorKind::Truncated).
    pub const fn tells_truncation(mut self) -> Self {
        self.truncation = true;
        self
    }

    /// As [`tells_truncation`](Self::tells_truncation), but a flow that is dropped is reset: its peer is
    /// told before what it has not read, which may be lost, as with QUIC.
    pub const fn resets_when_dropped(mut self) -> Self {
        self.truncation = true;
        self.reset = true;
        self
    }

    /// Ending the writing half ends the flow: the peer can no longer answer.
    pub const fn without_half_close(mut self) -> Self {
        self.half_close = false;
        self
    }

    /// The peer cannot be told that a flow ended or was dropped, as on a serial line.
    /// `poll_close_write` then fails with
    /// [`ErrorKind::Unsupported`](tuyau_core::ErrorKind::Unsupported), or does nothing but flush.
    pub const fn without_end(mut self) -> Self {
        self.half_close = false;
        self.end = false;
        self
    }

    pub(crate) fn want_half_close(self) -> Result<(), NotRun> {
        match self.half_close {
            true => Ok(()),
            false => Err(NotRun::new("the protocol has no half-close")),
        }
    }

    pub(crate) fn want_end(self) -> Result<(), NotRun> {
        match self.end {
            true => Ok(()),
            false => Err(NotRun::new("the protocol does not tell an end")),
        }
    }
}
