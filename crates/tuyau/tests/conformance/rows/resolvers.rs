//! Resolvers: what they find, what they leave to others, and that they can be given up.

use std::{future::poll_fn, net::SocketAddr, pin::pin, task::Poll};

use tuyau::{
    blocking::{self, block_on},
    dns::Dns,
    hosts::Hosts,
    tcp::{self, TcpKey},
};
use tuyau_conformance::{Case, Work, run_in_place};
use tuyau_core::{Address, Answers, Resolver, Target};

use crate::list::{List, tokio};

pub(crate) fn rows(list: &mut List) {
    let host = Target::name("localhost").port(7);
    list.add("system", cases(tokio, || tcp::SystemResolver, &host));
    let thread = |work: Work| block_on(work);
    let blocking = cases(thread, || blocking::SystemResolver, &host);
    list.add("blocking_system", blocking);
    // Nobody listens there, and nobody is asked for what is an address already.
    let dns = || Dns::<TcpKey>::servers(&["127.0.0.1:9".parse().unwrap()]).unwrap();
    let address = Target::name("127.0.0.1").port(7);
    list.add("dns", cases(tokio, dns, &address));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("hosts");
    std::fs::write(&file, "127.0.0.1 localhost\n").unwrap();
    let hosts = move || {
        // The directory lives as long as the cases.
        let _ = &directory;
        Hosts::<TcpKey>::at(&file)
    };
    let hosts = std::sync::Arc::new(hosts);
    list.add("hosts", cases(run_in_place, move || hosts(), &host));
}

/// The laws of one resolver, made by `make`, which finds endpoints of this machine for `known`.
fn cases<R, D, M>(run: D, make: M, known: &Target) -> Vec<Case>
where
    R: Resolver<Key = TcpKey>,
    D: Fn(Work) + Clone + Send + 'static,
    M: Fn() -> R + Clone + Send + 'static,
{
    let (first, second) = (known.clone(), known.clone());
    let (finding, leaving, giving_up) = (make.clone(), make.clone(), make);
    vec![
        Case::new("what_it_knows_is_found_with_its_port", run.clone(), async move || {
            assert_found(all(finding().resolve(&first)).await);
            Ok(())
        }),
        Case::new("what_has_no_host_is_left_to_others", run.clone(), async move || {
            let address: Address = "unix:///run/x.sock".parse().unwrap();
            assert!(leaving().resolve(&Target::from(address)).is_none());
            Ok(())
        }),
        Case::new("a_lookup_can_be_given_up_and_begun_anew", run, async move || {
            let resolver = giving_up();
            // Not polled, and polled once.
            drop(resolver.resolve(&second));
            let mut begun = pin!(all(resolver.resolve(&second)));
            poll_fn(|cx| Poll::Ready(begun.as_mut().poll(cx).is_ready())).await;
            assert_found(all(resolver.resolve(&second)).await);
            Ok(())
        }),
    ]
}

async fn all(answers: Option<Answers<SocketAddr>>) -> Vec<SocketAddr> {
    let mut answers = answers.expect("it has something to say");
    let mut all = Vec::new();
    while let Some(answer) = poll_fn(|cx| answers.poll_next(cx)).await {
        all.push(answer.expect("it is found"));
    }
    all
}

#[track_caller]
fn assert_found(endpoints: Vec<SocketAddr>) {
    let ours = |it: &SocketAddr| it.ip().is_loopback() && it.port() == 7;
    assert!(!endpoints.is_empty() && endpoints.iter().all(ours), "{endpoints:?}");
}
