//! Many connections, and what is left of them.

use std::time::Duration;

use tokio::task::JoinSet;
use tuyau::smoltcp::{BACKLOG, WireSettings};
use tuyau_core::{FlowExt, ListenerExt};

use crate::support::{Hosts, after, dial, listen};

#[tokio::test(start_paused = true)]
async fn thousands_of_connections_leave_nothing_behind() {
    let hosts = Hosts::new();
    let mut listener = listen(&hosts.far, 80);
    let serving = tokio::spawn(async move {
        for number in 0..3000 {
            let mut flow = listener.accept().await.unwrap().handshake.await.unwrap();
            tokio::spawn(async move {
                let mut byte = [0];
                flow.read_exact(&mut byte).await.unwrap();
                flow.write_all(&byte).await.unwrap();
                match number % 3 {
                    // Ended in good order, dropped, aborted.
                    0 => flow.close_write().await.unwrap(),
                    1 => {}
                    _ => tuyau_core::Flow::abort(&mut flow),
                }
            });
        }
        listener
    });
    for _ in 0..60 {
        let mut dialling = JoinSet::new();
        for _ in 0..50 {
            let near = hosts.near.clone();
            dialling.spawn(async move {
                let mut flow = dial(&near, "10.0.0.2:80").await.unwrap();
                flow.write_all(b"x").await.unwrap();
                // The answer may have been overtaken by a reset.
                let _ = flow.read(&mut [0; 2]).await;
            });
        }
        dialling.join_all().await;
        // Those that are closed do not pile up, whatever the time.
        assert!(hosts.near.sockets() < 300, "{}", hosts.near.sockets());
        assert!(hosts.far.sockets() < 300, "{}", hosts.far.sockets());
    }
    let listener = serving.await.unwrap();
    after(Duration::from_secs(90)).await;
    assert_eq!(hosts.near.sockets(), 0);
    assert_eq!(hosts.far.sockets(), 1);
    drop(listener);
    assert_eq!(hosts.far.sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_backlog_lets_the_others_wait_and_refuses_nobody() {
    let hosts = Hosts::new();
    let mut listener = listen(&hosts.far, 80);
    let mut dialling = JoinSet::new();
    for _ in 0..BACKLOG + 20 {
        let near = hosts.near.clone();
        dialling.spawn(async move { dial(&near, "10.0.0.2:80").await });
    }
    after(Duration::from_secs(1)).await;
    assert_eq!(hosts.far.sockets(), BACKLOG);
    let mut accepted = Vec::new();
    while accepted.len() < BACKLOG + 20 {
        accepted.push(listener.accept().await.unwrap().handshake.await.unwrap());
    }
    for flow in dialling.join_all().await {
        flow.unwrap();
    }
}

/// A SYN that is repeated must not open a second connection.
#[tokio::test(start_paused = true)]
async fn each_connect_is_accepted_once_however_much_is_lost() {
    for seed in 0..5 {
        let hosts = Hosts::on(WireSettings::new().lose(10).reorder(10).seed(seed));
        let mut listener = listen(&hosts.far, 80);
        let serving = tokio::spawn(async move {
            let mut names = Vec::new();
            while names.len() < 50 {
                let mut flow = listener.accept().await.unwrap().handshake.await.unwrap();
                let mut name = [0; 1];
                flow.read_exact(&mut name).await.unwrap();
                names.push(name[0]);
                flow.write_all(&name).await.unwrap();
                flow.close_write().await.unwrap();
                assert_eq!(flow.read(&mut [0; 1]).await.unwrap(), 0);
            }
            names
        });
        let mut dialling = JoinSet::new();
        for name in 0..50 {
            let near = hosts.near.clone();
            dialling.spawn(async move {
                let mut flow = dial(&near, "10.0.0.2:80").await.unwrap();
                flow.write_all(&[name]).await.unwrap();
                let mut answer = [0; 1];
                flow.read_exact(&mut answer).await.unwrap();
                assert_eq!(answer, [name]);
                assert_eq!(flow.read(&mut answer).await.unwrap(), 0);
                flow.close_write().await.unwrap();
            });
        }
        dialling.join_all().await;
        let mut names = serving.await.unwrap();
        names.sort_unstable();
        assert_eq!(names, (0..50).collect::<Vec<u8>>());
    }
}
