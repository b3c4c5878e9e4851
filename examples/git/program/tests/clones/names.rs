//! A name without a scheme: TLS comes before plain, and nothing falls back unless it may.

use crate::{
    repository::{compare, generate},
    server::free_port,
    support::Place,
    web::web,
};

fn port(scheme: &str, port: u16) -> [String; 2] {
    ["--port".to_owned(), format!("{scheme}={port}")]
}

fn clone(place: &Place, https: u16, http: u16, more: &[&str]) -> (bool, String) {
    let ports = [port("https", https), port("http", http)].concat();
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    let fixed = ["--ca", "ca.pem", "127.0.0.1/git/big.git"];
    place.clone(&[&ports[..], more, &fixed].concat())
}

/// Law 6: falling from secure to plain never happens silently.
#[test]
fn plain_is_used_only_when_downgrading_is_allowed() {
    let place = Place::new();
    generate(&place);
    let (_server, [http, https]) = web(&place);
    let closed = free_port();

    let (cloned, text) = clone(&place, closed, http, &[]);
    assert!(!cloned);
    assert!(text.contains("allow_downgrade"), "{text}");
    assert!(!place.path("big").exists());

    let (cloned, text) = clone(&place, closed, http, &["--allow-downgrade"]);
    assert!(cloned, "{text}");
    assert!(text.contains(&format!("127.0.0.1:{http}")), "{text}");
    compare(&place, "big");

    std::fs::remove_dir_all(place.path("big")).unwrap();
    let (cloned, text) = clone(&place, https, http, &["--allow-downgrade"]);
    assert!(cloned, "{text}");
    assert!(!text.contains(&format!("127.0.0.1:{http}")), "{text}");
    compare(&place, "big");
}
