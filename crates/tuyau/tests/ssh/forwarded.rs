//! What a server connects to beyond itself is worth nothing of what the server has proved.

use tuyau::{
    mem,
    ssh::{ForwardKey, Kind, Open, Remote, Settings},
    tls,
    tokio::TokioTimer,
};
use tuyau_core::{
    Attempt, FlowExt, Key, Layer, Outcome, Protocol, ProtocolExt, Registry, ResolverExt, Security,
    SkipReason, Stage, Target,
};

fn beyond() -> [Open; 2] {
    [
        Open::tcp("db.example.org", 5432),
        Open::unix("/run/db.sock"),
    ]
}

fn remote(open: Open) -> Remote {
    Remote::new("anna", "here", 22, open)
}

/// Law 6: neither the server's key nor what protects the way to it counts for who is beyond it.
#[tokio::test]
async fn law_6_a_forwarded_stream_is_worth_no_more_than_one_through_a_proxy() {
    let key = tls::KeyPair::generate().unwrap();
    let secured =
        mem::Protocol::new(mem::Hub::new()).layer(tls::Settings::new(key).connector().unwrap());
    let command = secured.clone().layer(Settings::new().connector());
    assert_eq!(command.security(), Security::Authenticated);
    let forwarding = secured.layer(Settings::new().forwarder());
    assert_eq!(forwarding.security(), Security::Plain);

    let mut registry = Registry::new();
    registry.protocol(Key::new(), forwarding);
    let names = mem::NameResolver.configure::<tls::TlsKey, _>(tls::Peer::of);
    let names = names.configure::<ForwardKey, _>(|_| Some(remote(Open::tcp("db", 5432))));
    registry.resolver(Key::new(), 0, names);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("db"));
    let report = connect.at_least(Security::Encrypted).plan().await;
    let [row] = &report.attempts[..] else {
        panic!("{report}");
    };
    let below = matches!(row.outcome, Outcome::Skipped(SkipReason::BelowFloor));
    assert!(below, "{report}");
}

#[tokio::test]
async fn a_layer_that_counts_as_authenticated_forwards_nothing() {
    for open in beyond() {
        let (near, mut far) = mem::pair();
        let attempt = Attempt::new(Stage::new("ssh"));
        let connector = Settings::new().connector();
        let refused = connector
            .connect(near, &remote(open.clone()), &attempt)
            .await;
        let error = refused.unwrap_err();
        assert!(matches!(error.kind(), Kind::Forwarded { open: named } if *named == open));
        let expected = format!(
            "{open} would end beyond here, expected a command or a subsystem; take \
             `Settings::forwarder`, whose flows count as plain"
        );
        assert_eq!(error.to_string(), expected);
        // The server was not even greeted.
        assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
    }
}
