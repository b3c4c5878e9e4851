//! Ends, in good order and otherwise.

use std::time::Duration;

use tuyau::smoltcp::BUFFER;
use tuyau_core::{ErrorKind, FlowExt};

use crate::support::{Hosts, after, dial, listen};

#[tokio::test(start_paused = true)]
async fn what_was_received_can_be_read_long_after_both_sides_ended() {
    let hosts = Hosts::new();
    let (mut near, mut far) = hosts.connected().await;
    near.close_write().await.unwrap();
    far.write_all(&[7; 5000]).await.unwrap();
    far.close_write().await.unwrap();
    // Longer than TIME-WAIT.
    after(Duration::from_secs(60)).await;
    let mut all = vec![0; 5000];
    near.read_exact(&mut all).await.unwrap();
    assert!(all.iter().all(|byte| *byte == 7));
    for _ in 0..3 {
        assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 0);
    }
    assert_eq!(
        near.write_all(b"x").await.unwrap_err().kind(),
        ErrorKind::Closed
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_a_flow_with_unread_bytes_resets_the_peer() {
    let hosts = Hosts::new();
    let (mut near, far) = hosts.connected().await;
    near.write_all(b"nobody reads this").await.unwrap();
    after(Duration::from_millis(100)).await;
    drop(far);
    let error = near.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Reset);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_closes_is_reset_after_a_while() {
    let hosts = Hosts::new();
    let (near, mut far) = hosts.connected().await;
    drop(near);
    assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
    after(Duration::from_secs(30)).await;
    assert_eq!(hosts.near.sockets(), 1);
    after(Duration::from_secs(40)).await;
    assert_eq!(hosts.near.sockets(), 0);
    assert_eq!(
        far.write_all(b"x").await.unwrap_err().kind(),
        ErrorKind::Reset
    );
}

/// It answers, so that no silence ends the connection, but has no room and makes none.
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_more_is_reset_after_a_while() {
    let hosts = Hosts::new();
    let (mut near, mut far) = hosts.connected().await;
    // What the peer has room for, and more that stays here.
    near.write_all(&[0; BUFFER + 1000]).await.unwrap();
    near.close_write().await.unwrap();
    drop(near);
    after(Duration::from_secs(100)).await;
    assert_eq!(hosts.near.sockets(), 1);
    after(Duration::from_secs(60)).await;
    assert_eq!(hosts.near.sockets(), 0);
    let mut buffer = [0; 1000];
    let error = loop {
        if let Err(error) = far.read(&mut buffer).await {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::Reset);
}

/// The driver is awaited to end in good order.
#[tokio::test(start_paused = true)]
async fn the_driver_ends_when_all_is_sent_and_nobody_is_left() {
    let hosts = Hosts::new();
    let (mut near, mut far) = hosts.connected().await;
    near.write_all(&[1; 50_000]).await.unwrap();
    near.close_write().await.unwrap();
    drop(near);
    drop(hosts.near);
    let mut all = vec![0; 50_000];
    far.read_exact(&mut all).await.unwrap();
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
    drop(far);
    drop(hosts.far);
    hosts.near_driver.await.unwrap().unwrap();
    hosts.far_driver.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_connect_leaves_nothing_behind() {
    let hosts = Hosts::new();
    let listener = listen(&hosts.far, 80);
    let before = hosts.far.sockets();
    for host in ["10.0.0.9:80", "10.0.0.2:80"] {
        let connecting = dial(&hosts.near, host);
        let _ = tokio::time::timeout(Duration::ZERO, connecting).await;
        after(Duration::from_secs(30)).await;
        assert_eq!(hosts.near.sockets(), 0, "{host}");
    }
    assert_eq!(hosts.far.sockets(), before);
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn an_idle_flow_stays_open() {
    let hosts = Hosts::new();
    let (mut near, mut far) = hosts.connected().await;
    after(Duration::from_secs(3600)).await;
    near.write_all(b"still there").await.unwrap();
    let mut text = [0; 11];
    far.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"still there");
}
