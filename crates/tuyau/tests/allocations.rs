//! Erasing a flow costs no allocation for each read or write (its own process, because it counts all).
#![cfg(feature = "mem")]

use std::task::{Context, Poll, Waker};

use tuyau::mem;
use tuyau_core::{AnyFlow, Flow};

/// One round of everything that is done for each message.
fn round(near: &mut impl Flow, far: &mut impl Flow, buffer: &mut [u8]) {
    let cx = &mut Context::from_waker(Waker::noop());
    let ready = |poll| matches!(poll, Poll::Ready(Ok(4)));
    assert!(ready(near.poll_write(cx, b"four")));
    assert!(ready(far.poll_read(cx, buffer)));
    assert!(ready(near.poll_write_vectored(cx, &[b"fo", b"ur"])));
    assert!(matches!(near.poll_flush(cx), Poll::Ready(Ok(()))));
    assert!(ready(far.poll_read(cx, buffer)));
    assert!(far.poll_read(cx, buffer).is_pending());
}

/// Law 9: no allocation for a read or a write.
#[test]
fn law_9_erased_reads_and_writes_allocate_nothing() {
    let (near, far) = mem::pair();
    let (mut near, mut far) = (AnyFlow::new(near), AnyFlow::new(far));
    let mut buffer = [0; 64];
    // The pipes allocate what they need once.
    round(&mut near, &mut far, &mut buffer);
    let counted = allocation_counter::measure(|| {
        for _ in 0..1000 {
            round(&mut near, &mut far, &mut buffer);
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn erasing_allocates_once_and_not_again() {
    let (near, far) = mem::pair();
    let mut flow = None;
    let counted = allocation_counter::measure(|| flow = Some(AnyFlow::new(near)));
    assert_eq!(counted.count_total, 1);
    let counted = allocation_counter::measure(|| flow = flow.take().map(AnyFlow::new));
    // The second box is made and taken apart again, not kept.
    assert_eq!(counted.count_current, 0);
    drop(far);
}
