//! One session against a router that does what the test says.

use std::time::Duration;

use tokio::time::Instant;
use tuyau::mem::Hub;
use tuyau_client::{OpenError, RequestError, Session, SessionErrorKind, Settings};
use tuyau_core::{Chain, FlowExt as _};
use tuyau_wire::{Class, Message, RejectCode, SecretKey, SignError};

use crate::support::*;

/// A fixed time: the lifetime of registrations in tests.
const HOUR: Duration = Duration::from_secs(3_600);

async fn open_error(hub: &Hub) -> OpenError {
    let stack = stack(&service_key(), hub);
    let settings = Settings::new(service_key());
    let router = router_key().identity();
    Session::connect(stack.context(), &address(ROUTER), router, &settings)
        .await
        .unwrap_err()
}

fn hello_kind(error: &OpenError) -> SessionErrorKind {
    match error {
        OpenError::Hello(error) => error.kind(),
        other => panic!("expected a failed hello, found {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn both_sides_learn_who_the_other_is() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let welcome = async {
        let mut wire = router.accept().await;
        let hello = wire.hello().await;
        (wire, hello)
    };
    let (session, (wire, hello)) = both(connect(&hub), welcome).await;
    assert_eq!(wire.peer(), service_key().identity());
    assert_eq!(hello.role(), tuyau_wire::Role::Service);
    assert!(hello.agent().starts_with("tuyau-client/"));
    let peer = session.peer();
    assert_eq!(peer.identity, router_key().identity());
    assert_eq!(peer.hello.agent(), "test router/1");
    assert_eq!(peer.agreement.version, 2);
}

#[tokio::test(start_paused = true)]
async fn registers_with_a_signed_record_and_withdraws_with_a_greater_number() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let routes = vec![address("tls://127.0.0.1:6001"), address("tls://[::1]:6001")];
    let (receipt, record) = both(session.register(routes.clone(), HOUR), wire.register()).await;
    let receipt = receipt.unwrap();
    assert_eq!(record.identity, service_key().identity());
    assert_eq!(record.routes, routes);
    assert_eq!(
        (record.sequence, record.expires),
        (receipt.sequence, receipt.expires)
    );

    let (receipt, ()) = both(session.unregister(), async {
        let (request, sequence) = wire.unlisten().await;
        assert!(sequence > record.sequence);
        wire.accept(request).await;
    })
    .await;
    assert!(receipt.unwrap().sequence > record.sequence);
}

#[tokio::test(start_paused = true)]
async fn sequence_numbers_and_requests_only_grow() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let routes = vec![address("mem://x")];
    let mut last = (0, 0);
    for _ in 0..3 {
        let (receipt, next) = both(session.register(routes.clone(), HOUR), async {
            let (request, record) = wire.listen().await;
            wire.accept(request).await;
            (request, record.sequence)
        })
        .await;
        receipt.unwrap();
        assert!(
            next.0 > last.0 && next.1 > last.1,
            "{next:?} after {last:?}"
        );
        last = next;
    }
}

#[tokio::test(start_paused = true)]
async fn routes_that_do_not_fit_into_a_record_are_refused_before_sending() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let error = session.register(vec![], HOUR).await.unwrap_err();
    let RequestError::Statement(SignError::Routes { found: 0 }) = error else {
        panic!("{error:?}")
    };
    // The next request is the first that the router sees.
    let ((), ()) = both(
        async { session.send(stranger_key().identity(), "x").await.unwrap() },
        async {
            let (request, _, body) = wire.sent().await;
            assert_eq!(body, b"x");
            wire.accept(request).await;
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_request_carries_the_code_and_the_text_and_keeps_the_session() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let to = stranger_key().identity();
    let (result, ()) = both(session.send(to, "hello"), async {
        let (request, found, body) = wire.sent().await;
        assert_eq!((found, &body[..]), (to, &b"hello"[..]));
        wire.reject(request, RejectCode::Unreachable, "nobody is registered")
            .await;
    })
    .await;
    let error = result.unwrap_err();
    let rejection = error.rejection().unwrap();
    assert_eq!(rejection.code, RejectCode::Unreachable);
    assert_eq!(rejection.text, "nobody is registered");
    assert_eq!(
        Chain(&error).to_string(),
        "the router refused the request: unreachable: nobody is registered"
    );
    let (result, ()) = both(session.send(to, "again"), async {
        let (request, ..) = wire.sent().await;
        wire.accept(request).await;
    })
    .await;
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn answers_find_their_requests_in_any_order() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let to = stranger_key().identity();
    let ((one, two), ()) = both(
        async { tokio::join!(session.send(to, "one"), session.send(to, "two")) },
        async {
            let (first, _, body) = wire.sent().await;
            assert_eq!(body, b"one");
            let (second, ..) = wire.sent().await;
            wire.reject(second, RejectCode::Congested, "").await;
            wire.accept(first).await;
        },
    )
    .await;
    one.unwrap();
    assert_eq!(
        two.unwrap_err().rejection().unwrap().code,
        RejectCode::Congested
    );
}

#[tokio::test(start_paused = true)]
async fn what_comes_together_with_the_hello_is_handled_at_once() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let welcome = async {
        let mut wire = router.accept().await;
        let hello = tuyau_wire::Hello::new(tuyau_wire::Role::Router, "eager").unwrap();
        let announcement = announcement(stranger_key().identity(), Class::Fast);
        let mut bytes = Vec::new();
        for message in [
            Message::Hello(hello),
            Message::Announce {
                handle: 3,
                announcement,
            },
            Message::Deliver {
                handle: 3,
                sequence: 1,
                body: b"already here",
            },
        ] {
            message.encode_frame(&mut bytes);
        }
        wire.write_raw(&bytes).await;
        wire.read().await;
        wire
    };
    let (session, _wire) = both(connect(&hub), welcome).await;
    assert_eq!(session.next().await.unwrap().body, "already here");
}

#[tokio::test(start_paused = true)]
async fn deliveries_and_requests_go_on_at_the_same_time() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let from = stranger_key().identity();
    let service = tokio::spawn(async move {
        let mut bodies = Vec::new();
        while let Some(delivery) = session.next().await {
            assert_eq!(delivery.from, from);
            session
                .send(delivery.from, delivery.body.clone())
                .await
                .unwrap();
            bodies.push(delivery.body);
        }
        bodies
    });
    let bodies: Vec<Vec<u8>> = (0..100u8).map(|number| vec![number; 1_000]).collect();
    for (number, body) in (1..).zip(&bodies) {
        wire.deliver(from, number, body).await;
        let (request, to, answer) = wire.sent().await;
        assert_eq!((to, &answer), (from, body));
        wire.accept(request).await;
    }
    wire.flow.close_write().await.unwrap();
    assert_eq!(service.await.unwrap(), bodies);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_takes_nothing_slows_its_router_down_and_loses_nothing() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let from = stranger_key().identity();
    let router = tokio::spawn(async move {
        for number in 1..=500 {
            wire.deliver(from, number, &[7; 4_096]).await;
        }
        wire.flow.close_write().await.unwrap();
        wire
    });
    // The clock only moves when nobody can go on: so the router is stuck by now.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!router.is_finished());
    for number in 1..=500 {
        assert_eq!(session.next().await.unwrap().sequence, number);
    }
    assert!(session.next().await.is_none());
    router.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_times_out_and_can_be_made_again() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let to = stranger_key().identity();
    let begin = Instant::now();
    let error = session.send(to, "x").await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut(time) if time == begin.elapsed()));
    let (late, ..) = wire.sent().await;
    let (result, ()) = both(session.send(to, "y"), async {
        wire.accept(late).await;
        let (request, ..) = wire.sent().await;
        assert!(request > late);
        wire.accept(request).await;
    })
    .await;
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_body_that_the_router_would_not_accept_is_not_sent() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let welcome = async {
        let mut wire = router.accept().await;
        let hello = tuyau_wire::Hello::new(tuyau_wire::Role::Router, "small").unwrap();
        let hello = hello.with_max_frame(4_096).unwrap();
        wire.write(&Message::Hello(hello)).await;
        wire.read().await;
        wire
    };
    let (session, mut wire) = both(connect(&hub), welcome).await;
    let to = stranger_key().identity();
    let error = session.send(to, vec![0; 5_000]).await.unwrap_err();
    assert!(matches!(error, RequestError::TooLong { limit: 4_096, length } if length > 5_000));
    let (result, ()) = both(session.send(to, vec![0; 4_000]), async {
        let (request, ..) = wire.sent().await;
        assert_eq!(request, 2, "after the binding");
        wire.accept(request).await;
    })
    .await;
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_identity_at_the_address_is_refused_in_the_handshake() {
    let hub = Hub::new();
    let mut router = Router::with_key(&hub, &stranger_key()).await;
    let (error, _) = both(open_error(&hub), router.try_accept()).await;
    assert!(matches!(error, OpenError::Connect(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_flow_of_somebody_else_is_no_session_and_is_told_so() {
    let hub = Hub::new();
    let stranger = stack(&stranger_key(), &hub);
    let mut listener = Router::with_key(&hub, &service_key()).await;
    let dial = async {
        let target = tuyau_core::Target::from(address(ROUTER));
        let key = tuyau::tls::PublicKey(*service_key().identity().as_bytes());
        let target = target.with(tuyau::tls::ExpectedPeer(key));
        Wire::new(
            stranger
                .context()
                .connect(target)
                .open()
                .await
                .unwrap()
                .flow,
        )
    };
    let (mut outside, inside) = both(dial, listener.accept()).await;
    let settings = Settings::new(service_key());
    let router = router_key().identity();
    let (result, rejected) = both(
        Session::over(inside.flow, router, &settings),
        outside.rejected(),
    )
    .await;
    let error = result.unwrap_err();
    let OpenError::Identity { expected, found } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(
        (*expected, *found),
        (router, Some(stranger_key().identity()))
    );
    assert!(error.to_string().contains(&router.to_string()));
    assert_eq!(rejected.0, RejectCode::WrongIdentity);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_says_nothing_is_given_up_at_the_deadline() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let begin = Instant::now();
    let (error, _wire) = both(open_error(&hub), router.accept()).await;
    assert_eq!(hello_kind(&error), SessionErrorKind::TimedOut);
    assert_eq!(begin.elapsed(), tuyau_client::HANDSHAKE_DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn a_peer_without_a_common_version_is_told_which_ones_there_are() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let answer = async {
        let mut wire = router.accept().await;
        // [0, [3, 4], [], 1, "future", 65536, {}]
        let hello = b"\x87\x00\x82\x03\x04\x80\x01\x66future\x1a\x00\x01\x00\x00\xa0";
        let head = [0x40 + hello.len() as u8];
        wire.write_raw(&[&head, &hello[..]].concat()).await;
        wire.read().await;
        wire.rejected().await
    };
    let (error, (code, text)) = both(open_error(&hub), answer).await;
    assert_eq!(hello_kind(&error), SessionErrorKind::Version);
    let said = Chain(&error).to_string();
    assert!(
        said.contains("ours 2") && said.contains("theirs 3, 4"),
        "{said}"
    );
    assert_eq!(code, RejectCode::Version);
    assert!(text.contains("3, 4"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_router_may_refuse_instead_of_saying_hello() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let answer = async {
        let mut wire = router.accept().await;
        wire.reject(None, RejectCode::ShuttingDown, "back in a minute")
            .await;
        wire
    };
    let (error, _wire) = both(open_error(&hub), answer).await;
    assert_eq!(hello_kind(&error), SessionErrorKind::Rejected);
    let said = Chain(&error).to_string();
    assert_eq!(
        said,
        "the peer refused the session: shutting down: back in a minute"
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_is_no_router() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let answer = async {
        let mut wire = router.accept().await;
        let hello = tuyau_wire::Hello::new(tuyau_wire::Role::Service, "other").unwrap();
        wire.write(&Message::Hello(hello)).await;
        wire.read().await;
        wire.rejected().await.0
    };
    let (error, code) = both(open_error(&hub), answer).await;
    assert_eq!(hello_kind(&error), SessionErrorKind::Role);
    assert_eq!(code, RejectCode::Unexpected);
}

#[tokio::test(start_paused = true)]
async fn a_refused_session_says_why_to_everyone_who_waits() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let (result, ()) = both(session.send(stranger_key().identity(), "x"), async {
        wire.sent().await;
        wire.reject(None, RejectCode::ShuttingDown, "").await;
    })
    .await;
    let RequestError::Lost(reason) = result.unwrap_err() else {
        panic!()
    };
    assert_eq!(reason.rejection().unwrap().code, RejectCode::ShuttingDown);
    // And to those who come later.
    let error = session.unregister().await.unwrap_err();
    assert!(matches!(error, RequestError::Lost(_)));
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_fails_what_waits() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let (result, ()) = both(session.send(stranger_key().identity(), "x"), async {
        wire.sent().await;
        drop(wire);
    })
    .await;
    let RequestError::Lost(reason) = result.unwrap_err() else {
        panic!()
    };
    assert_eq!(reason.kind(), SessionErrorKind::Flow);
}

#[tokio::test(start_paused = true)]
async fn close_sends_what_is_queued_and_takes_the_answers() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let to = stranger_key().identity();
    let router = tokio::spawn(async move {
        let (request, ..) = wire.sent().await;
        assert!(wire.try_read().await.is_none());
        wire.accept(request).await;
        wire.flow.close_write().await.unwrap();
    });
    let (sent, ()) = both(session.send(to, "last"), session.close()).await;
    sent.unwrap();
    assert_eq!(session.ended().await.kind(), SessionErrorKind::Closed);
    router.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_closes_the_session_properly() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let clone = session.clone();
    drop(session);
    let (result, ()) = both(clone.send(stranger_key().identity(), "x"), async {
        let (request, ..) = wire.sent().await;
        wire.accept(request).await;
    })
    .await;
    result.unwrap();
    drop(clone);
    let mut rest = [0; 1];
    assert_eq!(wire.flow.read(&mut rest).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_does_not_read_keeps_nobody_from_closing() {
    let (session, _wire) = pair(&Hub::new()).await;
    let to = stranger_key().identity();
    let many = (0..8).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { session.send(to, vec![0; 900_000]).await })
    });
    let many: Vec<_> = many.collect();
    tokio::task::yield_now().await;
    let begin = Instant::now();
    session.close().await;
    assert!(begin.elapsed() <= Duration::from_secs(3));
    for one in many {
        one.await.unwrap().unwrap_err();
    }
}

#[test]
fn a_session_is_for_the_key_of_its_settings() {
    let settings = Settings::new(SecretKey::from_seed([9; 32]));
    assert!(!format!("{settings:?}").contains("0909"));
}
