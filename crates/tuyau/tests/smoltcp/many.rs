//! Many connections, and what is left of them.

use std::time::Duration;

use tokio::task::JoinSet;
use tuyau::{
    smoltcp::{BACKLOG, Flow, MAX_CLOSING, Medium, Network, WireSettings},
    tokio::TokioTimer,
};
use tuyau_core::{ErrorKind, FlowError, FlowExt, ListenerExt};

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
    for count in [BACKLOG, 20] {
        for _ in 0..count {
            let near = hosts.near.clone();
            dialling.spawn(async move { dial(&near, "10.0.0.2:80").await });
        }
        after(Duration::from_secs(1)).await;
    }
    // One more is the socket that listens.
    assert_eq!(hosts.far.sockets(), BACKLOG + 1);
    let mut accepted = Vec::new();
    while accepted.len() < BACKLOG + 20 {
        accepted.push(listener.accept().await.unwrap().handshake.await.unwrap());
    }
    for flow in dialling.join_all().await {
        flow.unwrap();
    }
}

/// Peers that answer but take nothing.
#[tokio::test(start_paused = true)]
async fn no_more_flows_than_a_limit_are_closing_at_a_time() {
    let (left, right) = WireSettings::new().medium(Medium::Ip).pair();
    let start = |address: &str, wire| {
        let builder = Network::builder().address(address.parse().unwrap());
        let (network, driver) = builder
            .buffers(2048, 4096)
            .start(wire, TokioTimer::new())
            .unwrap();
        tokio::spawn(driver);
        network
    };
    let (near, far) = (start("10.0.0.1/24", left), start("10.0.0.2/24", right));
    let mut listener = listen(&far, 80);
    let mut deaf = Vec::new();
    for _ in 0..MAX_CLOSING + 20 {
        let (dialled, accepted) = tokio::join!(dial(&near, "10.0.0.2:80"), listener.accept());
        deaf.push(accepted.unwrap().handshake.await.unwrap());
        // More than the peer has room for.
        dialled.unwrap().write_all(&[0; 4096]).await.unwrap();
    }
    after(Duration::from_secs(5)).await;
    assert_eq!(near.sockets(), MAX_CLOSING);
    let error = read_to_the_end(&mut deaf[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Reset);
    assert_eq!(read_to_the_end(&mut deaf[20]).await.unwrap(), 4096);
}

async fn read_to_the_end(flow: &mut Flow) -> Result<usize, FlowError> {
    let (mut all, mut buffer) = (0, [0; 1000]);
    loop {
        match flow.read(&mut buffer).await? {
            0 => return Ok(all),
            count => all += count,
        }
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
