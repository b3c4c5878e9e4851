//! Datagrams inside one process.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tuyau_core::{ErrorKind, FlowError};

/// How many datagrams one direction holds while nobody receives them; further ones are dropped.
pub const QUEUE: usize = 64;

/// The size of the largest datagram, in bytes: what UDP over IPv4 has room for.
pub const MAX_SIZE: usize = 65_507;

/// Two ends that exchange datagrams, each holding up to [`QUEUE`] of them.
///
/// ```
/// use tuyau::mem;
/// use tuyau_core::DatagramsExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tuyau_core::FlowError> {
/// let (mut near, mut far) = mem::datagram_pair();
/// near.send(b"one").await?;
/// near.send(b"two").await?;
/// let mut buffer = [0; 16];
/// assert_eq!(far.receive(&mut buffer).await?, 3);
/// assert_eq!(&buffer[..3], b"one");
/// # Ok(())
/// # }
/// ```
pub fn datagram_pair() -> (Datagrams, Datagrams) {
    let (there, back) = (Channel::default(), Channel::default());
    let near = Datagrams {
        input: back.clone(),
        output: there.clone(),
    };
    let far = Datagrams {
        input: there,
        output: back,
    };
    (near, far)
}

/// One end of an exchange of datagrams inside this process.
///
/// Dropping it makes the other end's sends fail, and its receives once the queue is empty.
#[derive(Debug)]
pub struct Datagrams {
    input: Channel,
    output: Channel,
}

#[derive(Clone, Debug, Default)]
struct Channel(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Box<[u8]>>,
    receiver: Option<Waker>,
    closed: bool,
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under this lock panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let receiver = state.receiver.take();
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.input.close();
        self.output.close();
    }
}

impl tuyau_core::Datagrams for Datagrams {
    fn poll_send(&mut self, _cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        if datagram.len() > MAX_SIZE {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        }
        let mut state = self.output.lock();
        if state.closed {
            return Poll::Ready(Err(ErrorKind::Refused.into()));
        }
        if state.queue.len() == QUEUE {
            return Poll::Ready(Ok(()));
        }
        state.queue.push_back(datagram.into());
        let receiver = state.receiver.take();
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let mut state = self.input.lock();
        let Some(datagram) = state.queue.pop_front() else {
            if state.closed {
                return Poll::Ready(Err(ErrorKind::Refused.into()));
            }
            state.receiver = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let Some(room) = buffer.get_mut(..datagram.len()) else {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        };
        room.copy_from_slice(&datagram);
        Poll::Ready(Ok(datagram.len()))
    }

    fn max_size(&self) -> usize {
        MAX_SIZE
    }
}
