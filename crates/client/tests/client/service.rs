//! A service against a router that does what the test says, in virtual time.

use std::{path::PathBuf, time::Duration};

use tokio::time::Instant;
use tuyau::mem::Hub;
use tuyau_client::{
    InboundError, LinkError, OpenError, RouterIdentity, Service, ServiceError, ServiceEvent,
    SessionErrorKind, Settings, Via, identity_file,
};
use tuyau_core::FlowExt as _;
use tuyau_wire::{RejectCode, Role};

use ServiceEvent::*;

use crate::support::*;

fn registered(event: ServiceEvent) -> Option<bool> {
    match event {
        Registered { renewal, .. } => Some(renewal),
        _ => None,
    }
}

fn lost(event: ServiceEvent) -> Option<(LinkError, Duration)> {
    match event {
        Lost { reason, retry_in } => Some((reason, retry_in)),
        _ => None,
    }
}

/// A service with a session on which it is registered, and the router's end of it.
async fn running(hub: &Hub, service: Service) -> (Running, Router, Wire) {
    let mut router = Router::start(hub).await;
    let mut running = Running::start(service);
    let mut wire = router.welcome().await;
    wire.register().await;
    assert!(!running.find(registered).await);
    (running, router, wire)
}

#[tokio::test(start_paused = true)]
async fn tells_its_story_in_order() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let mut running = Running::start(service(&hub));
    let mut wire = router.welcome().await;
    let record = wire.register().await;
    assert_eq!(record.identity, service_key().identity());
    assert_eq!(record.routes, [address(SERVICE)]);

    let events = &mut running.events;
    let Some(Listening { address: bound }) = events.recv().await else {
        panic!()
    };
    assert_eq!(bound, address(SERVICE));
    let Some(Connecting { identity, .. }) = events.recv().await else {
        panic!()
    };
    assert_eq!(identity, router_key().identity());
    let Some(Connected { peer, .. }) = events.recv().await else {
        panic!()
    };
    assert_eq!(peer.hello.agent(), "test router/1");
    let Some(Registered {
        receipt,
        routes,
        renewal,
        ..
    }) = events.recv().await
    else {
        panic!()
    };
    assert_eq!((receipt.sequence, renewal), (record.sequence, false));
    assert_eq!(routes, record.routes);
}

#[tokio::test(start_paused = true)]
async fn answers_over_the_route_that_the_router_dialled() {
    let hub = Hub::new();
    let (mut running, router, _wire) = running(&hub, service(&hub)).await;
    let mut route = router
        .dial(&address(SERVICE), service_key().identity())
        .await;
    let hello = route.hello().await;
    assert_eq!(hello.role(), Role::Service);
    let me = router_key().identity();
    route.deliver(me, 1, b"hi there").await;
    let (request, to, body) = route.sent().await;
    assert_eq!((to, &body[..]), (me, &b"got hi there"[..]));
    route.accept(request).await;

    let via = running.find(|event| match event {
        Delivered { delivery, via } => {
            assert_eq!((delivery.from, &delivery.body[..]), (me, &b"hi there"[..]));
            Some(via)
        }
        _ => None,
    });
    assert_eq!(via.await, Via::Route);
    let answered = running.find(|event| match event {
        Answered { to, via } => Some((to, via)),
        _ => None,
    });
    assert_eq!(answered.await, (me, Via::Route));
}

#[tokio::test(start_paused = true)]
async fn answers_over_the_session_in_the_order_of_the_messages() {
    let hub = Hub::new();
    let (mut running, _router, mut wire) = running(&hub, service(&hub)).await;
    let from = stranger_key().identity();
    for number in 1..=50 {
        wire.deliver(from, number, number.to_string().as_bytes())
            .await;
    }
    let mut last = 0;
    for number in 1..=50 {
        let (request, to, body) = wire.sent().await;
        assert!(request > last);
        assert_eq!((to, body), (from, format!("got {number}").into_bytes()));
        wire.accept(request).await;
        last = request;
    }
    for _ in 1..=50 {
        let via = running.find(|event| match event {
            Answered { via, .. } => Some(via),
            _ => None,
        });
        assert_eq!(via.await, Via::Session);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_refused_is_told_and_nothing_else_happens() {
    let hub = Hub::new();
    let (mut running, _router, mut wire) = running(&hub, service(&hub)).await;
    wire.deliver(stranger_key().identity(), 1, b"x").await;
    let (request, ..) = wire.sent().await;
    wire.reject(request, RejectCode::Unreachable, "gone").await;
    let code = running.find(|event| match event {
        Unanswered { error, .. } => error.rejection().map(|rejection| rejection.code),
        _ => None,
    });
    assert_eq!(code.await, RejectCode::Unreachable);
    wire.deliver(router_key().identity(), 2, b"y").await;
    wire.sent().await;
}

#[tokio::test(start_paused = true)]
async fn renews_its_registration_after_half_of_its_lifetime() {
    let hub = Hub::new();
    let lifetime = Duration::from_secs(600);
    let (mut running, _router, mut wire) = running(&hub, service(&hub).lifetime(lifetime)).await;
    let begin = Instant::now();
    let record = wire.register().await;
    assert_eq!(begin.elapsed().as_secs(), 300);
    assert!(running.find(registered).await);
    assert!(wire.register().await.sequence > record.sequence);
    assert_eq!(begin.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn tells_that_its_registration_was_taken_back_and_registers_when_it_may_again() {
    let hub = Hub::new();
    let (mut running, _router, mut wire) = running(&hub, service(&hub)).await;
    let begin = Instant::now();
    let (renewed, _) = wire.listen().await;
    wire.accept(renewed).await;
    assert!(running.find(registered).await);
    wire.reject(renewed, RejectCode::NotAllowed, "the policy changed")
        .await;
    let (again, _) = wire.listen().await;
    wire.reject(again, RejectCode::NotAllowed, "no").await;
    let code = running.find(|event| match event {
        Refused { rejection, .. } => Some(rejection.code),
        _ => None,
    });
    assert_eq!(code.await, RejectCode::NotAllowed);
    wire.register().await;
    assert!(running.find(registered).await);
    assert!(begin.elapsed() < Duration::from_secs(3_600));
}

#[tokio::test(start_paused = true)]
async fn comes_back_after_a_restart_of_the_router_and_registers_again() {
    let hub = Hub::new();
    let (mut running, router, wire) = running(&hub, service(&hub)).await;
    drop((router, wire));
    let (reason, retry_in) = running.find(lost).await;
    let LinkError::Session(reason) = reason else {
        panic!("{reason:?}")
    };
    assert_eq!(reason.kind(), SessionErrorKind::Flow);
    assert_eq!(retry_in, Duration::from_millis(100));

    let mut router = Router::start(&hub).await;
    let mut wire = router.welcome().await;
    wire.register().await;
    assert!(!running.find(registered).await);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_while_the_router_is_away_and_it_never_gives_up() {
    let hub = Hub::new();
    let mut running = Running::start(service(&hub));
    for expected in [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000] {
        let (reason, retry_in) = running.find(lost).await;
        assert!(matches!(reason, LinkError::Open(OpenError::Connect(_))));
        let begin = Instant::now();
        assert_eq!(retry_in, Duration::from_millis(expected));
        running
            .find(|event| matches!(event, Connecting { .. }).then_some(()))
            .await;
        assert_eq!(begin.elapsed().as_millis(), u128::from(expected));
    }
    let mut router = Router::start(&hub).await;
    router.welcome().await.register().await;
}

#[tokio::test(start_paused = true)]
async fn only_a_registration_that_lasted_makes_the_pauses_short_again() {
    let hub = Hub::new();
    let stable = Duration::from_secs(5);
    let mut router = Router::start(&hub).await;
    let mut running = Running::start(service(&hub).stable(stable));
    for (lasted, expected) in [(0, 100), (4, 200), (4, 400), (6, 100), (0, 200)] {
        let mut wire = router.welcome().await;
        wire.register().await;
        running.find(registered).await;
        tokio::time::sleep(Duration::from_secs(lasted)).await;
        drop(wire);
        assert_eq!(running.find(lost).await.1, Duration::from_millis(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_registration_is_tried_again_over_the_same_session() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let mut running = Running::start(service(&hub));
    let mut wire = router.welcome().await;
    for expected in [100, 200] {
        let (request, _) = wire.listen().await;
        wire.reject(request, RejectCode::RouteNotAllowed, "not in this network")
            .await;
        let (rejection, retry_in) = running
            .find(|event| match event {
                Refused {
                    rejection,
                    retry_in,
                } => Some((rejection, retry_in)),
                _ => None,
            })
            .await;
        assert_eq!(
            rejection.to_string(),
            "route not allowed: not in this network"
        );
        assert_eq!(retry_in, Duration::from_millis(expected));
    }
    wire.register().await;
    assert!(!running.find(registered).await);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_does_not_answer_the_registration_is_left() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let mut running = Running::start(service(&hub));
    let _wire = router.welcome().await;
    assert!(matches!(running.find(lost).await.0, LinkError::Request(_)));
    router.welcome().await.register().await;
}

#[tokio::test(start_paused = true)]
async fn a_router_with_another_identity_is_refused_again_and_again() {
    let hub = Hub::new();
    let mut router = Router::with_key(&hub, &stranger_key()).await;
    let mut running = Running::start(service(&hub));
    for _ in 0..3 {
        assert!(router.try_accept().await.is_none());
        let (reason, _) = running.find(lost).await;
        let text = reason.to_string();
        let (expected, found) = (router_key().identity(), stranger_key().identity());
        assert!(text.contains(&expected.to_string()), "{text}");
        assert!(text.contains(&found.to_string()), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_router_is_left_at_the_deadline() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let mut running = Running::start(service(&hub));
    let begin = Instant::now();
    let _wire = router.accept().await;
    let (reason, _) = running.find(lost).await;
    let LinkError::Open(OpenError::Hello(error)) = reason else {
        panic!("{reason:?}")
    };
    assert_eq!(error.kind(), SessionErrorKind::TimedOut);
    assert_eq!(begin.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_comes_in_is_turned_away_and_disturbs_nobody() {
    let hub = Hub::new();
    let (mut running, router, mut wire) = running(&hub, service(&hub)).await;
    let outside = stack(&stranger_key(), &hub);
    let key = tuyau::tls::PublicKey(*service_key().identity().as_bytes());
    let target = tuyau_core::Target::from(address(SERVICE)).with(tuyau::tls::ExpectedPeer(key));
    let flow = outside.context().connect(target).open().await.unwrap().flow;
    let (code, text) = Wire::new(flow).rejected().await;
    assert_eq!(code, RejectCode::WrongIdentity);
    assert!(text.contains("only its own router"), "{text}");
    let error = running.find(|event| match event {
        Turned { error, .. } => Some(error),
        _ => None,
    });
    let InboundError::Open(OpenError::Identity { expected, found }) = error.await else {
        panic!()
    };
    assert_eq!(expected, router_key().identity());
    assert_eq!(found, Some(stranger_key().identity()));

    let mut route = router
        .dial(&address(SERVICE), service_key().identity())
        .await;
    route.hello().await;
    wire.deliver(router_key().identity(), 1, b"still there?")
        .await;
    wire.sent().await;
}

#[tokio::test(start_paused = true)]
async fn one_who_comes_in_and_says_nothing_is_turned_away_and_keeps_nobody_out() {
    let hub = Hub::new();
    let (mut running, router, _wire) = running(&hub, service(&hub)).await;
    let begin = Instant::now();
    let plain = tuyau_core::Target::from(address("mem://service"));
    let _silent = router.stack.context().connect(plain).open().await.unwrap();
    let mut route = router
        .dial(&address(SERVICE), service_key().identity())
        .await;
    route.hello().await;
    running
        .find(|event| matches!(event, Reached { .. }).then_some(()))
        .await;
    assert!(begin.elapsed() < Duration::from_secs(1));
    let error = running.find(|event| match event {
        Turned { error, .. } => Some(error),
        _ => None,
    });
    assert!(matches!(error.await, InboundError::TimedOut(_)));
    assert_eq!(begin.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn takes_its_registration_back_at_the_end() {
    let hub = Hub::new();
    let (mut running, _router, mut wire) = running(&hub, service(&hub)).await;
    running.stop();
    let (request, _) = wire.unlisten().await;
    wire.accept(request).await;
    assert!(wire.try_read().await.is_none());
    wire.flow.close_write().await.unwrap();
    assert!(matches!(running.events.recv().await, Some(Withdrawn)));
    assert!(matches!(running.events.recv().await, Some(Stopped)));
    running.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn connections_of_the_router_are_closed_properly_at_the_end() {
    let hub = Hub::new();
    let (mut running, router, mut wire) = running(&hub, service(&hub)).await;
    let mut route = router
        .dial(&address(SERVICE), service_key().identity())
        .await;
    route.hello().await;
    running
        .find(|event| matches!(event, Reached { .. }).then_some(()))
        .await;
    running.stop();
    let (request, _) = wire.unlisten().await;
    wire.accept(request).await;
    wire.flow.close_write().await.unwrap();
    // An end that was not meant would be an error.
    assert_eq!(route.flow.read(&mut [0; 1]).await.unwrap(), 0);
    route.flow.close_write().await.unwrap();
    running.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn comes_back_to_take_its_registration_back_when_it_is_stopped_in_a_pause() {
    let hub = Hub::new();
    let (mut running, mut router, wire) = running(&hub, service(&hub)).await;
    drop(wire);
    running.find(lost).await;
    running.stop();
    let mut wire = router.welcome().await;
    let (request, _) = wire.unlisten().await;
    wire.accept(request).await;
    running
        .find(|event| matches!(event, Withdrawn).then_some(()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_router_that_does_not_answer_delays_the_end_for_five_seconds_at_most() {
    let hub = Hub::new();
    let (mut running, _router, mut wire) = running(&hub, service(&hub)).await;
    let begin = Instant::now();
    running.stop();
    wire.unlisten().await;
    let reason = running.find(|event| match event {
        WithdrawalFailed { reason } => Some(reason),
        _ => None,
    });
    assert!(matches!(reason.await, LinkError::TimedOut(_)));
    running.stopped().await;
    assert_eq!(begin.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn waits_for_the_identity_file_of_its_router_and_says_so_once() {
    let hub = Hub::new();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(identity_file::NAME);
    let stack = stack(&service_key(), &hub);
    let settings = Settings::new(service_key());
    let service = Service::new(
        stack,
        settings,
        address(ROUTER),
        RouterIdentity::File(file.clone()),
    )
    .listen(address(SERVICE))
    .pauses(pauses());
    let mut running = Running::start(service);
    let (reason, retry_in) = running.find(lost).await;
    let text = reason.to_string();
    assert!(text.contains(&file.display().to_string()), "{text}");
    assert!(text.contains("start the router first"), "{text}");
    assert_eq!(retry_in, Duration::from_secs(1));

    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(running.events.try_recv().is_err());
    let begin = Instant::now();
    let mut router = Router::start(&hub).await;
    identity_file::write(&file, &router_key().identity()).unwrap();
    router.welcome().await.register().await;
    assert!(begin.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn advertised_routes_are_registered_instead_of_the_bound_address() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let routes = vec![
        address("tls://service.example.org:443"),
        address("tls://192.0.2.1:443"),
    ];
    let _running = Running::start(service(&hub).advertise(routes.clone()));
    assert_eq!(router.welcome().await.register().await.routes, routes);
}

#[tokio::test(start_paused = true)]
async fn an_address_in_use_is_the_end_before_the_begin() {
    let hub = Hub::new();
    let other = stack(&stranger_key(), &hub);
    let _taken = other.listen(&address(SERVICE)).await.unwrap();
    let error = service(&hub).run(std::future::pending()).await.unwrap_err();
    let ServiceError::Listen { error: cause, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(cause.kind(), tuyau::ListenErrorKind::InUse);
    assert!(error.to_string().contains(SERVICE), "{error}");
}

#[tokio::test]
async fn routes_that_cannot_be_registered_are_the_end_before_the_begin() {
    let hub = Hub::new();
    let run = |service: Service| service.run(std::future::pending());
    let nowhere = Service::new(
        stack(&service_key(), &hub),
        Settings::new(service_key()),
        address(ROUTER),
        router_key().identity(),
    );
    assert!(matches!(
        run(nowhere).await.unwrap_err(),
        ServiceError::NoRoute
    ));
    let many = service(&hub).advertise(vec![address("mem://x"); 9]);
    let error = run(many).await.unwrap_err();
    assert!(matches!(error, ServiceError::TooManyRoutes { found: 9 }));
    let everywhere = service(&hub).listen(address("tls://0.0.0.0:0"));
    let error = run(everywhere).await.unwrap_err();
    assert!(matches!(error, ServiceError::Wildcard { .. }));
}

#[tokio::test]
async fn registers_the_port_that_the_system_chose() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let _running = Running::start(service(&hub).listen(address("tls://127.0.0.1:0")));
    let record = router.welcome().await.register().await;
    let route = &record.routes[0];
    assert!(route.port().unwrap() > 0);
    let mut wire = router.dial(route, service_key().identity()).await;
    wire.hello().await;
}

/// Kept so that a path type in the public interface stays one.
#[test]
fn a_router_identity_is_a_plain_value() {
    let known = RouterIdentity::from(router_key().identity());
    assert_eq!(known.current().unwrap(), router_key().identity());
    assert_ne!(known, RouterIdentity::File(PathBuf::from("x")));
}
