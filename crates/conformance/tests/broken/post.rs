//! Datagrams in memory that break one rule on purpose, or none.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use tuyau_core::{Datagrams, ErrorKind, FlowError};

/// The size of the largest datagram, in bytes.
const MAX: usize = 2000;

/// How many datagrams wait for the receiver; more are dropped.
const QUEUE: usize = 50;

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    CutsToRoom,
    CutsToSize,
    DropIsSilent,
    EmptyIsNothing,
    OneWaker,
    PollForgets,
    RunsTogether,
    SizeIsAnother,
    Unbounded,
}

#[derive(Default)]
struct Way {
    waiting: VecDeque<Vec<u8>>,
    receiver: Option<Waker>,
    dropped: bool,
}

/// One end of an exchange.
pub(crate) struct Post {
    input: Arc<Mutex<Way>>,
    output: Arc<Mutex<Way>>,
    fault: Fault,
}

pub(crate) fn pair(fault: Fault) -> (Post, Post) {
    let (there, back) = (Arc::<Mutex<Way>>::default(), Arc::<Mutex<Way>>::default());
    let end = |input: &Arc<_>, output: &Arc<_>| Post {
        input: Arc::clone(input),
        output: Arc::clone(output),
        fault,
    };
    (end(&back, &there), end(&there, &back))
}

impl Datagrams for Post {
    fn poll_send(&mut self, _: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        let fits = datagram.len() <= MAX;
        let fault = self.fault;
        if !fits && fault != Fault::CutsToSize {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        }
        if fault == Fault::OneWaker {
            self.input.lock().unwrap().receiver = None;
        }
        let mut way = self.output.lock().unwrap();
        if datagram.is_empty() && fault == Fault::EmptyIsNothing {
            return Poll::Ready(Ok(()));
        }
        let room = way.waiting.len() < QUEUE || fault == Fault::Unbounded;
        match way.waiting.back_mut() {
            Some(last) if fault == Fault::RunsTogether => last.extend(datagram),
            _ if room => {
                let datagram = &datagram[..datagram.len().min(MAX)];
                way.waiting.push_back(datagram.to_vec());
            }
            _ => {}
        }
        way.receiver.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let mut way = self.input.lock().unwrap();
        let Some(datagram) = way.waiting.pop_front() else {
            if way.dropped {
                return Poll::Ready(Err(ErrorKind::Reset.into()));
            }
            way.receiver = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if self.fault == Fault::PollForgets {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let length = datagram.len().min(buffer.len());
        if length < datagram.len() && self.fault != Fault::CutsToRoom {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        }
        buffer[..length].copy_from_slice(&datagram[..length]);
        Poll::Ready(Ok(length))
    }

    fn max_size(&self) -> usize {
        match self.fault {
            Fault::SizeIsAnother => MAX + 1,
            _ => MAX,
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if self.fault == Fault::DropIsSilent {
            return;
        }
        let mut way = self.output.lock().unwrap();
        way.dropped = true;
        way.receiver.take().into_iter().for_each(Waker::wake);
    }
}
