//! Waiting for datagrams, and datagrams that wait.

use std::task::Poll;

use tuyau_core::{Datagrams, DatagramsExt};

use super::DatagramTraits;
use crate::{
    NotRun,
    helpers::{Shared, pattern},
    tasks::{both, poll_once, yield_now},
};

/// No protocol may hold so much for a receiver that does not receive, in bytes.
const BOUND: usize = 64 * 1024 * 1024;

/// How many empty rounds mean that nothing more is on its way.
const QUIET: usize = 100;

/// How many receives in a row are given up before one is not.
const CANCELLED: usize = 5;

/// How many exchanges the two tasks of each side make.
const ROUNDS: u16 = 200;

/// A receive that was dropped while it waited has taken nothing.
pub(super) async fn a_cancelled_receive_loses_nothing(
    mut near: impl Datagrams,
    mut far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    let mut room = [0; 1000];
    assert!(poll_once(far.receive(&mut room)).is_pending());
    for size in 1..100 {
        let datagram = pattern(size);
        near.send(&datagram).await.unwrap();
        let length = receive_at_last(&mut far, &mut room).await;
        assert!(
            room[..length] == datagram,
            "a cancelled receive took a datagram with it"
        );
    }
    Ok(())
}

/// Receives after some receives that were given up.
async fn receive_at_last(side: &mut impl Datagrams, room: &mut [u8]) -> usize {
    for _ in 0..CANCELLED {
        if let Poll::Ready(length) = poll_once(side.receive(room)) {
            return length.unwrap();
        }
        yield_now().await;
    }
    side.receive(room).await.unwrap()
}

/// A task that receives and one that sends share a side; each is woken for its own direction.
pub(super) async fn receiving_and_sending_tasks_do_not_hinder_each_other(
    near: impl Datagrams,
    far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    let (near, far) = (Shared::new(near), Shared::new(far));
    for round in 0..ROUNDS {
        // One on its way at a time, so that nothing is lost for want of room.
        send_while_receiving(&near, &far, round).await;
        send_while_receiving(&far, &near, round).await;
    }
    Ok(())
}

/// One task of `from` waits for an answer before another one asks.
async fn send_while_receiving<A: Datagrams, B: Datagrams>(
    from: &Shared<A>,
    to: &Shared<B>,
    number: u16,
) {
    let asking = async {
        yield_now().await;
        send(from, number).await;
        assert_eq!(receive(to).await, number);
        send(to, number + 1).await;
    };
    let (answer, ()) = both(receive(from), asking).await;
    assert_eq!(answer, number + 1);
}

async fn send<D: Datagrams>(side: &Shared<D>, number: u16) {
    let bytes = number.to_be_bytes();
    let sent = side.with(|side, cx| side.poll_send(cx, &bytes)).await;
    sent.unwrap();
}

async fn receive<D: Datagrams>(side: &Shared<D>) -> u16 {
    let mut room = [0; 10];
    let length = side.with(|side, cx| side.poll_receive(cx, &mut room)).await;
    assert_eq!(length.unwrap(), 2);
    u16::from_be_bytes([room[0], room[1]])
}

/// What waits for a receiver that does not receive is bounded: the rest is dropped, or not accepted.
pub(super) async fn what_waits_is_bounded(
    mut near: impl Datagrams,
    mut far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    let datagram = pattern(near.max_size().min(8000));
    let mut sent = 0;
    while sent < BOUND {
        match poll_once(near.send(&datagram)) {
            Poll::Ready(done) => done.unwrap(),
            Poll::Pending => break,
        }
        sent += datagram.len();
    }
    let mut room = vec![0; datagram.len()];
    let (mut received, mut quiet) = (0, 0);
    while quiet < QUIET {
        match poll_once(far.receive(&mut room)) {
            Poll::Ready(length) => received += length.unwrap(),
            Poll::Pending => {
                quiet += 1;
                yield_now().await;
            }
        }
    }
    assert!(received <= sent, "more came than was sent");
    assert!(
        received < BOUND,
        "it keeps without end what nobody receives"
    );
    Ok(())
}

/// Where the protocol can tell, receiving fails once the other side was dropped.
pub(super) async fn dropping_is_told(
    near: impl Datagrams,
    mut far: impl Datagrams,
    traits: DatagramTraits,
) -> Result<(), NotRun> {
    traits.want_drop()?;
    let dropping = async {
        yield_now().await;
        drop(near);
    };
    let mut room = [0; 10];
    let (received, ()) = both(far.receive(&mut room), dropping).await;
    received.expect_err("nobody is left to send anything");
    Ok(())
}
