//! Peers that send more than is read.

use std::{
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::timeout;
use tuyau::{mem, ssh};
use tuyau_core::{Acceptor as _, Flow, FlowExt};

use crate::support::{acceptor, dial, settings, settle};

/// Lets a peer send for as long as it can, and gives how many bytes it got rid of.
async fn flood(peer: &mut ssh::Flow) -> usize {
    let mut cx = Context::from_waker(Waker::noop());
    let bytes = [7; 64 * 1024];
    let mut sent = 0;
    loop {
        let before = sent;
        while let Poll::Ready(written) = peer.poll_write(&mut cx, &bytes) {
            sent += written.unwrap();
        }
        settle().await;
        if sent == before {
            return sent;
        }
    }
}

/// A flow of bytes that nobody reads is bounded, and holds up nothing that goes the other way.
async fn what_is_written_arrives(mut flooded: ssh::Flow, mut peer: ssh::Flow) {
    let sent = flood(&mut peer).await;
    // What either side's windows and buffers hold, and not all that there is.
    assert!(sent < 8 * 1024 * 1024, "{sent}");
    let mut text = [0; 5];
    for said in [b"hello", b"again"] {
        flooded.write_all(said).await.unwrap();
        flooded.flush().await.unwrap();
        let arrived = timeout(Duration::from_secs(10), peer.read_exact(&mut text)).await;
        arrived.expect("what was flushed").unwrap();
        assert_eq!(&text, said);
    }
    let closing = async {
        peer.flush().await.unwrap();
        peer.close_write().await.unwrap();
        // Open until the other side has read everything.
        peer
    };
    let reading = async {
        let (mut read, mut buffer) = (0, vec![0; 64 * 1024]);
        loop {
            match flooded.read(&mut buffer).await.unwrap() {
                0 => return read,
                count => read += count,
            }
        }
    };
    let (_peer, read) = tokio::join!(closing, reading);
    assert_eq!(read, sent);
}

async fn pair() -> (ssh::Flow, ssh::Flow) {
    let (near, far) = mem::pair();
    let (client, server) = tokio::join!(dial(near, settings()), acceptor().accept(far));
    (client.unwrap(), server.unwrap())
}

/// What is flushed arrives without a further poll.
#[tokio::test(start_paused = true)]
async fn what_a_client_writes_arrives_while_it_reads_nothing() {
    let (client, server) = pair().await;
    what_is_written_arrives(client, server).await;
}

/// What is flushed arrives without a further poll.
#[tokio::test(start_paused = true)]
async fn what_a_server_writes_arrives_while_it_reads_nothing() {
    let (client, server) = pair().await;
    what_is_written_arrives(server, client).await;
}
