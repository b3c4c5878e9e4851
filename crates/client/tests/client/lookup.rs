//! Lookups, and the router's table as a resolver, against a router that does what the test says.

use std::{
    error::Error as _,
    time::{SystemTime, UNIX_EPOCH},
};

use tuyau::{
    mem::{self, Hub, MemKey},
    tls::{Peer, Pin, TlsKey},
    tokio::TokioTimer,
};
use tuyau_client::{
    LookupError, RequestError, RouterTable, RouterTableError, Session, SessionErrorKind, Settings,
    tls_settings,
};
use tuyau_conformance::{Resolving, Work, resolver_tests};
use tuyau_core::{
    Chain, Context, FlowExt as _, Key, ListenerExt as _, Literal, Outcome, Over, ProtocolExt as _,
    Registry, Resolver, ResolverExt as _, Security, Target,
};
use tuyau_wire::{Hello, Identity, Record, RejectCode, Role, SecretKey, Signed};

use crate::support::*;

/// A record of the stranger, who is looked up in these tests, that ends in this many seconds.
fn record(routes: &[&str], seconds: i64) -> Signed<Record> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let record = Record {
        identity: stranger_key().identity(),
        sequence: 1,
        routes: routes.iter().map(|route| address(route)).collect(),
        expires: now.checked_add_signed(seconds).unwrap(),
    };
    Signed::sign(&stranger_key(), record).unwrap()
}

async fn answered(
    answer: Signed<Record>,
    asked: Identity,
) -> Result<Vec<tuyau_core::Address>, LookupError> {
    let (session, mut wire) = pair(&Hub::new()).await;
    let (result, ()) = both(session.lookup(asked), async {
        let (request, identity) = wire.lookup().await;
        assert_eq!(identity, asked);
        wire.found(request, answer).await;
    })
    .await;
    result.map(|record| record.routes.clone())
}

#[tokio::test(start_paused = true)]
async fn a_lookup_gives_a_record_that_its_identity_signed() {
    let asked = stranger_key().identity();
    let routes = answered(record(&["mem://a", "mem://b"], 600), asked).await;
    assert_eq!(routes.unwrap(), [address("mem://a"), address("mem://b")]);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_forged_expired_or_of_others_are_not_believed() {
    let asked = stranger_key().identity();
    let good = record(&["mem://a"], 600);
    let forged = Signed::from_parts(good.bytes(), [0; 64]).unwrap();
    let error = answered(forged, asked).await.unwrap_err();
    assert!(matches!(error, LookupError::Signature(_)), "{error}");
    assert!(error.source().is_some());
    let error = answered(record(&["mem://a"], -5), asked).await.unwrap_err();
    assert!(
        matches!(error, LookupError::Expired { ago: 5.. }),
        "{error}"
    );
    let other = service_key().identity();
    let error = answered(good, other).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, LookupError::Identity { .. }), "{text}");
    assert!(text.contains(&asked.to_string()) && text.contains(&other.to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_router_without_the_capability_is_not_asked() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let plain = Hello::new(Role::Router, "test router/1").unwrap();
    let (session, mut wire) = both(connect(&hub), async {
        let mut wire = router.accept().await;
        wire.hello_with(plain).await;
        wire
    })
    .await;
    let error = session.lookup(stranger_key().identity()).await.unwrap_err();
    assert!(matches!(error, LookupError::NotOffered), "{error}");
    // The next thing that it hears is the end.
    drop(session);
    assert_eq!(wire.try_read().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_with_its_code() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let (result, ()) = both(session.lookup(stranger_key().identity()), async {
        let (request, _) = wire.lookup().await;
        wire.reject(request, RejectCode::Unreachable, "not here")
            .await;
    })
    .await;
    let Err(LookupError::Request(RequestError::Rejected(rejection))) = result else {
        panic!("{result:?}");
    };
    assert_eq!(rejection.code, RejectCode::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn the_wrong_kind_of_answer_ends_the_session() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let (result, ()) = both(session.lookup(stranger_key().identity()), async {
        let (request, _) = wire.lookup().await;
        wire.accept(request).await;
    })
    .await;
    let Err(LookupError::Request(RequestError::Lost(error))) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.kind(), SessionErrorKind::Unexpected);

    let (session, mut wire) = pair(&Hub::new()).await;
    let (result, ()) = both(session.send(stranger_key().identity(), "x"), async {
        let (request, _, _) = wire.sent().await;
        wire.found(request, record(&["mem://a"], 600)).await;
    })
    .await;
    assert!(matches!(result, Err(RequestError::Lost(_))), "{result:?}");
    assert!(session.has_ended());
}

const TLS_MEM: Key<Over<MemKey, TlsKey>> = Key::new();

/// Makes endpoints of `tls+mem://` routes.
fn routes() -> impl Resolver<Key = Over<MemKey, TlsKey>> {
    let literal = Literal::<MemKey>::new();
    literal
        .configure::<TlsKey, _>(Peer::of)
        .only_scheme("tls+mem")
}

/// A context that knows the way to identities only by this resolver.
fn context<R: Resolver<Key = Over<MemKey, TlsKey>>>(hub: &Hub, resolver: R) -> Context {
    let connector = tls_settings(&service_key()).unwrap().connector().unwrap();
    let mut registry = Registry::new();
    registry.protocol(TLS_MEM, mem::Protocol::new(hub.clone()).layer(connector));
    registry.resolver(TLS_MEM, 0, resolver);
    registry.freeze(TokioTimer::new())
}

fn target() -> Target {
    Target::name(&stranger_key().identity().to_string())
}

/// Answers lookups with this record for as long as it is asked.
async fn directory(mut wire: Wire, record: Signed<Record>) {
    loop {
        let (request, _) = wire.lookup().await;
        wire.found(request, record.clone()).await;
    }
}

/// Accepts at a route with a key, and says hello to whoever comes.
async fn serve(hub: &Hub, key: &SecretKey, route: &str) -> tokio::task::JoinHandle<()> {
    let mut listener = stack(key, hub).listen(&address(route)).await.unwrap();
    tokio::spawn(async move {
        loop {
            let incoming = listener.accept().await.unwrap();
            if let Ok(mut flow) = incoming.handshake.await {
                let _ = flow.write_all(b"hello").await;
                let _ = flow.close_write().await;
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn connects_to_an_identity_wherever_it_is_registered() {
    let hub = Hub::new();
    let (session, wire) = pair(&hub).await;
    let nowhere_and_there = record(&["tls+mem://nowhere", "tls+mem://there"], 600);
    tokio::spawn(directory(wire, nowhere_and_there));
    serve(&hub, &stranger_key(), "tls+mem://there").await;
    let context = context(&hub, RouterTable::over(session, routes()));
    let connect = context.connect(target()).at_least(Security::Authenticated);
    let mut connected = connect.open().await.unwrap();
    let mut hello = [0; 5];
    connected.flow.read_exact(&mut hello).await.unwrap();
    assert_eq!(&hello, b"hello");
    let rows = &connected.report.attempts;
    assert_eq!((rows.len(), &*rows[0].resolver), (2, "router"));
    assert!(matches!(rows[0].outcome, Outcome::Failed(_)));
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_at_a_route_has_to_be_the_one_that_was_asked_for() {
    let hub = Hub::new();
    let (session, wire) = pair(&hub).await;
    tokio::spawn(directory(wire, record(&["tls+mem://there"], 600)));
    serve(&hub, &SecretKey::from_seed([9; 32]), "tls+mem://there").await;
    let context = context(&hub, RouterTable::over(session, routes()));
    let error = context.connect(target()).open().await.unwrap_err();
    let row = &error.report().attempts[0];
    assert_eq!(row.stage.name(), "tls", "{error}");
    let expected = format!("but {} was expected", stranger_key().identity());
    assert!(error.to_string().contains(&expected), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_pin_beside_the_name_is_demanded_at_its_routes_too() {
    let hub = Hub::new();
    let (session, wire) = pair(&hub).await;
    tokio::spawn(directory(wire, record(&["tls+mem://there"], 600)));
    serve(&hub, &stranger_key(), "tls+mem://there").await;
    let context = context(&hub, RouterTable::over(session, routes()));
    let pinned = target().with(Pin::of_spki_der(b"another key"));
    let error = context.connect(pinned).open().await.unwrap_err();
    let row = &error.report().attempts[0];
    assert_eq!(row.stage.name(), "tls", "{error}");
    assert!(error.to_string().contains("pin"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn other_names_are_left_alone() {
    let hub = Hub::new();
    let (session, _wire) = pair(&hub).await;
    let table = RouterTable::over(session, routes());
    for name in ["there", "tuyau1", "127.0.0.1"] {
        assert!(table.resolve(&Target::name(name)).is_none(), "{name}");
    }
}

resolver_tests! {
    router_table,
    run = paused,
    resolve = router_table,
}

/// Drives a case on a runtime of its own, in virtual time.
fn paused(work: Work) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build();
    runtime.unwrap().block_on(work);
}

/// The table of a router that knows the stranger, and no other name.
async fn router_table() -> Resolving<impl Resolver<Key = Over<MemKey, TlsKey>>> {
    let (session, wire) = pair(&Hub::new()).await;
    tokio::spawn(directory(wire, record(&["tls+mem://there"], 600)));
    let table = RouterTable::over(session, routes());
    let resolving = Resolving::new(table, target(), |(name, _)| **name == *"there");
    resolving.leaves(Target::name("elsewhere"))
}

#[tokio::test(start_paused = true)]
async fn a_route_that_nothing_resolves_is_reported_and_leaves_the_others_their_chance() {
    let hub = Hub::new();
    let (session, wire) = pair(&hub).await;
    let routes_of = record(&["tls://127.0.0.1:1", "tls+mem://there"], 600);
    tokio::spawn(directory(wire, routes_of));
    serve(&hub, &stranger_key(), "tls+mem://there").await;
    let context = context(&hub, RouterTable::over(session, routes()));
    let connected = context.connect(target()).open().await.unwrap();
    let row = connected.report.attempts[0].to_string();
    let expected = "the route tls://127.0.0.1:1 is left out: nothing here resolves tls://; add a \
                    resolver and a protocol for it";
    assert!(row.contains(expected), "{row}");
    assert!(matches!(connected.report.attempts[1].outcome, Outcome::Won));
}

#[tokio::test(start_paused = true)]
async fn an_older_record_does_not_take_the_place_of_a_newer_one() {
    let hub = Hub::new();
    let (session, mut wire) = pair(&hub).await;
    let numbered = |sequence, name: &str| {
        let route = format!("tls+mem://{name}");
        let record = record(&[&route], 600).claims().clone();
        let record = Record { sequence, ..record };
        Signed::sign(&stranger_key(), record).unwrap()
    };
    tokio::spawn(async move {
        for (sequence, route) in [(2, "new"), (1, "old"), (3, "newest"), (2, "new")] {
            let (request, _) = wire.lookup().await;
            wire.found(request, numbered(sequence, route)).await;
        }
        std::future::pending::<()>().await;
    });
    let context = context(&hub, RouterTable::over(session, routes()));
    for route in ["new", "new", "newest", "newest"] {
        let plan = context.connect(target()).plan().await;
        let endpoint = plan.attempts[0].endpoint.as_ref().unwrap();
        assert_eq!(endpoint.to_string(), route, "{plan}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_dials_connects_when_it_is_asked_and_anew_when_it_was_lost() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    serve(&hub, &stranger_key(), "tls+mem://there").await;
    let table = RouterTable::at(
        stack(&service_key(), &hub).context().clone(),
        address(ROUTER),
        router_key().identity(),
        Settings::new(service_key()),
        routes(),
    );
    let context = context(&hub, table);
    for _ in 0..2 {
        let serve = async {
            let mut wire = router.welcome().await;
            let (request, _) = wire.lookup().await;
            wire.found(request, record(&["tls+mem://there"], 600)).await;
            // Lost once the answer is there.
            wire
        };
        let (connected, wire) = both(context.connect(target()).open(), serve).await;
        assert!(connected.is_ok(), "{:?}", connected.err());
        drop(wire);
    }
    drop(router);
    let error = context.connect(target()).open().await.unwrap_err();
    let Outcome::Failed(cause) = &error.report().attempts[0].outcome else {
        panic!("{error}");
    };
    let cause: &RouterTableError = cause.downcast_ref().unwrap();
    assert!(
        matches!(cause, RouterTableError::Open(_)),
        "{}",
        Chain(cause)
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_lends_its_session_while_it_has_one() {
    let hub = Hub::new();
    serve(&hub, &stranger_key(), "tls+mem://there").await;
    let service = service(&hub);
    let context = context(&hub, service.router_table(routes()));
    let error = context.connect(target()).open().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no session with the router at present"),
        "{error}"
    );

    let mut router = Router::start(&hub).await;
    let mut running = Running::start(service);
    let mut wire = router.welcome().await;
    wire.register().await;
    let serve = async {
        let (request, _) = wire.lookup().await;
        wire.found(request, record(&["tls+mem://there"], 600)).await;
    };
    let (connected, ()) = both(context.connect(target()).open(), serve).await;
    assert!(connected.is_ok(), "{:?}", connected.err());
    running.stop();
    let (request, _) = wire.unlisten().await;
    wire.accept(request).await;
    running.stopped().await;
    let error = context.connect(target()).open().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no session with the router at present"),
        "{error}"
    );
}

const _: fn() = || {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<LookupError>();
    assert_shared::<RouterTableError>();
    assert_shared::<Session>();
};
