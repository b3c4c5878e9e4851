//! Over datagrams that get lost.

use std::task::{Context, Poll};

use tuyau::mem;
use tuyau_core::{Datagrams, FlowError};

use crate::support::{say, tunnels};

/// Loses each tenth datagram, but none of the first ones: WireGuard repeats a handshake by the
/// system's clock only, and a test shall not wait for it.
struct Lossy {
    inner: mem::Datagrams,
    sent: u32,
}

impl Datagrams for Lossy {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        self.sent += 1;
        if self.sent > 5 && self.sent.is_multiple_of(10) {
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_send(cx, datagram)
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.inner.poll_receive(cx, buffer)
    }

    fn max_size(&self) -> usize {
        self.inner.max_size()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_on_the_way_arrives_all_the_same() {
    let (near, far) = mem::datagram_pair();
    let lossy = |inner| Lossy { inner, sent: 0 };
    let (near, far) = tunnels(lossy(near), lossy(far));
    let text: Vec<u8> = (0..200_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    say(&near, &far, "10.7.0.2:80", &text).await;
}
