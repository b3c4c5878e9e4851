//! What only shows with a hand on rustls: key updates.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tuyau_core::{Acceptor, Attempt, Flow as _, FlowExt, Layer, Stage};

use super::{Flow, UNSENT};
use crate::{
    mem,
    tls::{KeyPair, Peer, Settings},
};

/// Counts how often a task is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Runs two futures to their ends, in turns.
fn both<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..100_000 {
        if one.is_none()
            && let Poll::Ready(done) = first.as_mut().poll(&mut cx)
        {
            one = Some(done);
        }
        if other.is_none()
            && let Poll::Ready(done) = second.as_mut().poll(&mut cx)
        {
            other = Some(done);
        }
        if one.is_some() && other.is_some() {
            break;
        }
    }
    (one.expect("it ends"), other.expect("it ends"))
}

fn pair() -> (Flow<mem::Flow>, Flow<mem::Flow>) {
    let (near, far) = mem::pair_with_capacity(5000);
    let (client, server) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let peer = Peer::key(server.public_key());
    let connector = Settings::new(client).connector().unwrap();
    let acceptor = Settings::new(server).acceptor().unwrap();
    let attempt = Attempt::new(Stage::new("tls"));
    let (near, far) = both(
        connector.connect(near, &peer, &attempt),
        acceptor.accept(far),
    );
    (near.unwrap(), far.unwrap())
}

/// Fills the flow until it takes nothing more, and gives how much it took.
fn fill(flow: &mut Flow<mem::Flow>, cx: &mut Context<'_>) -> usize {
    let mut total = 0;
    while let Poll::Ready(count) = flow.poll_write(cx, &[9; 3000]) {
        total += count.unwrap();
    }
    total
}

#[test]
fn a_peer_that_reads_nothing_is_owed_a_bounded_number_of_bytes() {
    let (mut near, _far) = pair();
    let total = fill(&mut near, &mut Context::from_waker(Waker::noop()));
    assert!((UNSENT..UNSENT * 2).contains(&total), "{total}");
}

#[test]
fn keys_can_be_renewed_while_both_sides_talk() {
    let (mut near, mut far) = pair();
    for round in 0..10 {
        near.transport.session.refresh_traffic_keys().unwrap();
        far.transport.session.refresh_traffic_keys().unwrap();
        for (from, to) in [(0, 1), (1, 0)] {
            let mut flows = [&mut near, &mut far];
            let [first, second] = &mut flows;
            let (from, to) = match from < to {
                true => (first, second),
                false => (second, first),
            };
            let writing = async {
                from.write_all(&[round; 20_000]).await?;
                from.flush().await
            };
            let mut read = [0; 20_000];
            let (written, read_all) = both(writing, to.read_exact(&mut read));
            written.and(read_all).unwrap();
            assert_eq!(read, [round; 20_000]);
        }
    }
}

#[test]
fn an_answer_sent_by_the_reader_does_not_displace_the_waiting_writer() {
    let (mut near, mut far) = pair();
    let (reader, writer) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let (read_waker, write_waker) = (Waker::from(reader.clone()), Waker::from(writer.clone()));

    let total = fill(&mut near, &mut Context::from_waker(&write_waker));
    far.transport.session.refresh_traffic_keys().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(far.poll_flush(&mut cx).is_ready());
    // Reading meets the request for new keys, and cannot send the answer yet.
    let mut cx = Context::from_waker(&read_waker);
    assert!(near.poll_read(&mut cx, &mut [0; 8]).is_pending());
    reader.take();
    writer.take();

    let mut buffer = vec![0; 3000];
    let mut cx = Context::from_waker(Waker::noop());
    while far.poll_read(&mut cx, &mut buffer).is_pending() {
        assert_eq!(writer.take(), 1, "the writer may go on");
        let mut cx = Context::from_waker(&write_waker);
        let _ = near.poll_flush(&mut cx);
    }
    let rest = total - 3000;
    let mut read = vec![0; rest];
    let (closed, all) = both(near.close_write(), far.read_exact(&mut read));
    closed.and(all).unwrap();
    assert!(read.iter().all(|byte| *byte == 9));
}
