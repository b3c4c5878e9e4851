//! No bytes make reading a configuration panic, and no error can steer a terminal.

use proptest::prelude::*;
use tuyau_cli::config::{
    ConfigErrors, ConfigKind, Override, RouterConfig, ServiceConfig, Sources, from_bytes, policy,
};

const ROUTER: &str = include_str!("../../../../conf/demo.yaml");
const POLICY: &str = include_str!("../../../../conf/policy.yaml");
const SERVICE: &str = include_str!("../../../../conf/service-2.yaml");

/// Reads the bytes as every kind and looks at what comes out.
fn read(bytes: &[u8]) {
    for kind in ConfigKind::ALL {
        look_at(from_bytes(kind, "x.yaml", bytes));
    }
    look_at(policy::from_bytes("x.yaml", bytes));
}

/// Errors are told on lines that only print.
fn look_at<T>(result: Result<T, ConfigErrors>) {
    let Err(errors) = result else { return };
    assert!(errors.iter().count() > 0);
    for line in errors.to_string().lines() {
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(line.chars().count() < 1000, "{line}");
    }
}

/// Text made of what configurations are made of, so that it gets past the first line.
fn yaml_like() -> impl Strategy<Value = String> {
    let words = "listen limits tls static_routes identity routes router name dials null ~ 5 -5 1e9 \
                 tls://a:1 sets rules allow deny who to everyone send --- ... &a *a !t | > # ? ' \" [ ] { } : é";
    let spaces = [
        "\n", "\n  ", "\n    ", "- ", ", ", ": ", " ", "\t", "\u{feff}",
    ];
    let parts: Vec<&str> = words.split_whitespace().chain(spaces).collect();
    let part = prop::sample::select(parts);
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }

    #[test]
    fn arbitrary_yaml_never_panics(text in yaml_like()) {
        read(text.as_bytes());
    }

    #[test]
    fn damaged_configurations_never_panic(
        file in prop::sample::select(vec![ROUTER, SERVICE, POLICY]),
        at in any::<prop::sample::Index>(),
        length in 0_usize..20,
        inserted in prop::collection::vec(any::<u8>(), 0..10),
    ) {
        let mut bytes = file.as_bytes().to_vec();
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, inserted);
        read(&bytes);
    }

    #[test]
    fn arbitrary_variables_and_options_never_panic(name in "TUYAU_[A-Z_]{0,20}|TUYAU_LISTEN|TUYAU_STATIC_ROUTES|TUYAU_NAME", value in any::<String>(), option in any::<String>()) {
        let mut sources = Sources::new().with_variables([(name, value.clone())]);
        match Override::parse(&option) {
            Ok(overriding) => sources = sources.with_override(overriding),
            Err(error) => look_at::<()>(Err(error.into())),
        }
        sources = sources.with_override(Override::text("key_file", value, "--key-file"));
        look_at(RouterConfig::load(&sources));
        look_at(ServiceConfig::load(&sources));
    }
}
