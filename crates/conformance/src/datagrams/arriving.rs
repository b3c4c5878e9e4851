//! What arrives, arrives whole.

use tuyau_core::{Datagrams, DatagramsExt, ErrorKind};

use super::DatagramTraits;
use crate::{NotRun, helpers::pattern, tasks::both};

/// Room for any datagram of the usual protocols, in bytes.
const ROOM: usize = 70_000;

/// One send is one datagram, whatever its size; several on their way do not run together.
pub(super) async fn boundaries_are_kept(
    mut near: impl Datagrams,
    mut far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    for size in [1, 2, 100, 1000, 3] {
        arrives(&mut near, &mut far, &pattern(size)).await;
        arrives(&mut far, &mut near, &pattern(size + 1)).await;
    }
    for number in 0..3 {
        near.send(&[number; 7][..usize::from(number) + 1])
            .await
            .unwrap();
    }
    let mut lengths = Vec::new();
    for _ in 0..3 {
        let mut room = [9; 7];
        let length = far.receive(&mut room).await.unwrap();
        assert!(
            room[..length]
                .iter()
                .all(|&byte| usize::from(byte) + 1 == length)
        );
        lengths.push(length);
    }
    // The order is the protocol's own affair.
    lengths.sort_unstable();
    assert_eq!(lengths, [1, 2, 3]);
    Ok(())
}

/// A datagram of no bytes is one.
pub(super) async fn an_empty_datagram_arrives(
    mut near: impl Datagrams,
    mut far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    arrives(&mut near, &mut far, b"").await;
    arrives(&mut near, &mut far, b"full").await;
    arrives(&mut far, &mut near, b"").await;
    Ok(())
}

/// A datagram of the greatest size arrives.
pub(super) async fn the_largest_datagram_arrives(
    mut near: impl Datagrams,
    mut far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    let size = near.max_size();
    assert!(
        (1..ROOM).contains(&size),
        "{size} bytes are not a size of datagrams"
    );
    arrives(&mut near, &mut far, &pattern(size)).await;
    Ok(())
}

/// One byte more than the greatest size is refused, and the next datagram goes through.
pub(super) async fn a_datagram_that_is_too_large_is_refused(
    mut near: impl Datagrams,
    mut far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    let refused = near.send(&pattern(near.max_size() + 1)).await;
    let error = refused.expect_err("it is too large to be sent");
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    arrives(&mut near, &mut far, b"small").await;
    Ok(())
}

/// A datagram for which the receiver's buffer has no room is an error, and the next one arrives.
pub(super) async fn a_datagram_without_room_is_an_error(
    mut near: impl Datagrams,
    mut far: impl Datagrams,
    _: DatagramTraits,
) -> Result<(), NotRun> {
    near.send(&pattern(100)).await.unwrap();
    let mut room = [0; 99];
    let received = far.receive(&mut room).await;
    let error = received.expect_err("it was cut to what there was room for");
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    near.send(&pattern(99)).await.unwrap();
    assert_eq!(far.receive(&mut room).await.unwrap(), 99);
    assert!(room[..] == pattern(99), "bytes have changed on their way");
    Ok(())
}

async fn arrives(from: &mut impl Datagrams, to: &mut impl Datagrams, datagram: &[u8]) {
    let mut room = vec![0; ROOM];
    let (sent, received) = both(from.send(datagram), to.receive(&mut room)).await;
    sent.unwrap();
    let length = received.unwrap();
    assert_eq!(length, datagram.len(), "its length has changed on its way");
    assert!(
        room[..length] == *datagram,
        "its bytes have changed on their way"
    );
}
