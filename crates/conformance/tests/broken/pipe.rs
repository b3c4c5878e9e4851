//! A flow in memory that breaks one rule on purpose, or none.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use tuyau_core::{ErrorKind, Flow, FlowError};

/// How many bytes a direction holds.
const CAPACITY: usize = 10_000;

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    AbortChangesNothing,
    BufferedForever,
    ClaimsVectored,
    ClosesBothHalves,
    DropChangesNothing,
    DropIsSilent,
    DropTakesBack,
    EmptyReadWaits,
    EndIsForgotten,
    EndIsSilent,
    EndingTwiceFails,
    FillsTheCallersBuffer,
    ForgetsSlices,
    HalfDuplex,
    LosesWhatHasNoRoom,
    OneWaker,
    RefusedIsSent,
    Unbounded,
}

#[derive(Default)]
struct Way {
    bytes: VecDeque<u8>,
    ended: bool,
    unread: bool,
    reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// One end of a pipe.
pub(crate) struct Pipe {
    input: Arc<Mutex<Way>>,
    output: Arc<Mutex<Way>>,
    fault: Fault,
    aborted: bool,
    ends_seen: usize,
    filled: usize,
    held: Vec<u8>,
}

pub(crate) fn pair(fault: Fault) -> (Pipe, Pipe) {
    let (there, back) = (Arc::<Mutex<Way>>::default(), Arc::default());
    let one = Pipe::new(Arc::clone(&back), there.clone(), fault);
    (one, Pipe::new(there, back, fault))
}

impl Pipe {
    fn new(input: Arc<Mutex<Way>>, output: Arc<Mutex<Way>>, fault: Fault) -> Self {
        Self {
            input,
            output,
            fault,
            aborted: false,
            ends_seen: 0,
            filled: 0,
            held: Vec::new(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn check(&self) -> Result<(), FlowError> {
        if self.aborted && !self.is(Fault::AbortChangesNothing) {
            return Err(ErrorKind::Closed.into());
        }
        Ok(())
    }

    fn end(&mut self, silent: bool) {
        let mut way = self.output.lock().unwrap();
        way.ended = true;
        if !silent {
            way.reader.take().into_iter().for_each(Waker::wake);
        }
        drop(way);
        if self.is(Fault::ClosesBothHalves) {
            self.input.lock().unwrap().unread = true;
        }
    }
}

impl Flow for Pipe {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        let full = self.output.lock().unwrap().bytes.len() >= CAPACITY;
        let fault = self.fault;
        let mut way = self.input.lock().unwrap();
        if way.reset {
            return Poll::Ready(Err(ErrorKind::Reset.into()));
        }
        if buffer.is_empty() && fault != Fault::EmptyReadWaits {
            return Poll::Ready(Ok(0));
        }
        let one_at_a_time = fault == Fault::HalfDuplex && full;
        if (way.bytes.is_empty() && !way.ended) || one_at_a_time {
            way.reader = Some(cx.waker().clone());
            if fault == Fault::OneWaker {
                drop(way);
                self.output.lock().unwrap().writer = None;
            }
            return Poll::Pending;
        }
        if way.bytes.is_empty() {
            self.ends_seen += 1;
            if fault == Fault::EndIsForgotten && self.ends_seen > 1 {
                return Poll::Pending;
            }
            return Poll::Ready(Ok(0));
        }
        let begin = match fault {
            Fault::FillsTheCallersBuffer => self.filled.min(buffer.len()),
            _ => 0,
        };
        let count = way.bytes.len().min(buffer.len() - begin);
        for (to, from) in buffer[begin..].iter_mut().zip(way.bytes.drain(..count)) {
            *to = from;
        }
        if fault == Fault::LosesWhatHasNoRoom {
            way.bytes.clear();
        }
        if fault == Fault::FillsTheCallersBuffer && begin + count < buffer.len() {
            self.filled = begin + count;
            way.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.filled = 0;
        way.writer.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(begin + count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        let total: usize = slices.iter().map(|slice| slice.len()).sum();
        let fault = self.fault;
        let mut way = self.output.lock().unwrap();
        if way.ended {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        if way.unread || way.reset {
            return Poll::Ready(Err(ErrorKind::Reset.into()));
        }
        if total == 0 {
            return Poll::Ready(Ok(0));
        }
        let mut room = CAPACITY.saturating_sub(way.bytes.len());
        if fault == Fault::Unbounded {
            room = usize::MAX;
        }
        if room == 0 {
            if fault == Fault::RefusedIsSent && way.bytes.len() == CAPACITY {
                way.bytes.extend(slices.concat());
            }
            way.writer = Some(cx.waker().clone());
            if fault == Fault::OneWaker {
                drop(way);
                self.input.lock().unwrap().reader = None;
            }
            return Poll::Pending;
        }
        let first = slices.iter().position(|slice| !slice.is_empty());
        let slices = match fault {
            Fault::ClaimsVectored | Fault::ForgetsSlices => &slices[first.unwrap()..][..1],
            _ => slices,
        };
        let bytes = slices.concat();
        let count = bytes.len().min(room);
        if fault == Fault::BufferedForever {
            self.held.extend(&bytes[..count]);
            if self.held.len() >= 64 {
                way.bytes.extend(self.held.drain(..));
            }
        } else {
            way.bytes.extend(&bytes[..count]);
        }
        way.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(match fault {
            Fault::ForgetsSlices => total,
            _ => count,
        }))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(self.check())
    }

    fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        if self.is(Fault::EndingTwiceFails) && self.output.lock().unwrap().ended {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        self.end(self.is(Fault::EndIsSilent));
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.aborted = true;
        for way in [&self.input, &self.output] {
            let mut way = way.lock().unwrap();
            way.reset = true;
            way.reader.take().into_iter().for_each(Waker::wake);
            way.writer.take().into_iter().for_each(Waker::wake);
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.is(Fault::DropChangesNothing) {
            return;
        }
        if self.is(Fault::DropTakesBack) {
            self.output.lock().unwrap().bytes.clear();
        }
        self.end(self.is(Fault::DropIsSilent));
        let mut way = self.input.lock().unwrap();
        way.unread = true;
        way.writer.take().into_iter().for_each(Waker::wake);
    }
}
