//! The configurations in `conf/` and the reference in the book agree with the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tuyau_cli::config::{
    ConfigKind, RouterConfig, RouterIdentity, ServiceConfig, Sources, check, policy, reference,
};
use tuyau_wire::SecretKey;

const SHIPPED: [(&str, ConfigKind); 4] = [
    ("router.yaml", ConfigKind::Router),
    ("demo.yaml", ConfigKind::Router),
    ("service-1.yaml", ConfigKind::Service),
    ("service-2.yaml", ConfigKind::Service),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn conf(name: &str) -> PathBuf {
    root().join("conf").join(name)
}

fn sources(name: &str) -> Sources {
    Sources::new().with_file(conf(name))
}

/// The text with every default made explicit: `#key: value` lines lose their `#`.
fn uncommented(text: &str) -> String {
    let line = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        let (space, rest) = line.split_at(indent);
        match rest.strip_prefix('#') {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => {
                format!("{space}{key}\n")
            }
            _ => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

/// The keys of a kind, as in the first column of its reference table.
fn keys(kind: ConfigKind) -> Vec<String> {
    cells(&reference(kind))
}

/// The first column of a reference table.
fn cells(table: &str) -> Vec<String> {
    let cell = |line: &str| {
        line.strip_prefix("| `")?
            .split('`')
            .next()
            .map(str::to_owned)
    };
    table.lines().filter_map(cell).collect()
}

#[test]
fn every_shipped_file_is_valid_and_recognised() {
    for (name, kind) in SHIPPED {
        let summary = check(&conf(name), None).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(summary.kind, kind, "{name}");
    }
}

#[test]
fn the_shipped_policy_is_valid_and_shows_every_key_with_its_default() {
    let shipped = policy::open(&conf("policy.yaml")).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(
        shipped
            .sets
            .iter()
            .any(|set| set.name() == "blocked" && set.len() == 1)
    );
    let text = uncommented(&fs::read_to_string(conf("policy.yaml")).unwrap());
    let explicit = policy::from_bytes("policy.yaml", text.as_bytes()).unwrap();
    assert!(explicit.policy.compare(&shipped.policy).is_same());
    for key in cells(&policy::reference()) {
        let last = key.rsplit('.').next().unwrap();
        let begins = |line: &str| {
            let line = line.trim_start();
            let line = line.strip_prefix("- ").unwrap_or(line);
            line.starts_with(&format!("{last}:"))
        };
        assert!(
            text.lines().any(begins),
            "policy.yaml does not show `{key}`"
        );
    }
}

#[test]
fn every_shipped_configuration_is_one_of_these() {
    let files = fs::read_dir(root().join("conf")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<_> = names.filter(|name| name.ends_with(".yaml")).collect();
    let known = SHIPPED
        .map(|(name, _)| name)
        .into_iter()
        .chain(["policy.yaml"]);
    assert_eq!(names, known.map(str::to_owned).collect());
}

#[test]
fn commented_values_are_the_defaults() {
    let directory = tempfile::tempdir_in(root().join("conf")).unwrap();
    for (name, kind) in SHIPPED {
        let text = fs::read_to_string(conf(name)).unwrap();
        let explicit = uncommented(&text).replace("../state/", "../../state/");
        let path = directory.path().join(name);
        fs::write(&path, &explicit).unwrap();
        let explicit = Sources::new().with_file(&path);
        match kind {
            ConfigKind::Router => assert_eq!(
                RouterConfig::load(&explicit).unwrap_or_else(|errors| panic!("{errors}")),
                RouterConfig::load(&sources(name)).unwrap(),
            ),
            ConfigKind::Service => assert_eq!(
                ServiceConfig::load(&explicit).unwrap_or_else(|errors| panic!("{errors}")),
                ServiceConfig::load(&sources(name)).unwrap(),
            ),
        }
    }
}

#[test]
fn every_key_is_in_every_shipped_file() {
    for (name, kind) in SHIPPED {
        let text = uncommented(&fs::read_to_string(conf(name)).unwrap());
        for key in keys(kind).iter().filter(|key| !key.contains("[]")) {
            let last = key.rsplit('.').next().unwrap();
            let shown = text
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{last}:")));
            assert!(shown, "{name} does not show `{key}`");
        }
    }
}

#[test]
fn the_shipped_files_fit_together() {
    let router = RouterConfig::load(&sources("router.yaml")).unwrap();
    let demo = RouterConfig::load(&sources("demo.yaml")).unwrap();
    let first = ServiceConfig::load(&sources("service-1.yaml")).unwrap();
    let second = ServiceConfig::load(&sources("service-2.yaml")).unwrap();
    assert_eq!(router.state_dir, root().join("state/router"));
    assert_eq!(demo.state_dir, root().join("state/demo"));
    assert_eq!(first.state_dir, root().join("state/service-1"));
    assert_eq!(second.state_dir, root().join("state/service-2"));
    assert_eq!(
        (first.name.as_str(), second.name.as_str()),
        ("service-1", "service-2")
    );
    assert_eq!(first.listen.to_string(), "tls://127.0.0.1:6001");
    assert_eq!(second.listen.to_string(), "tls://127.0.0.1:7000");
    assert_eq!(demo.listen[0].to_string(), "tls://127.0.0.1:0");
    assert_eq!(demo.static_routes.len(), 2);
    for service in [first, second] {
        assert_eq!(service.router.address, router.listen[0]);
        let file = router.state_dir.join("identity.pub");
        assert_eq!(service.router.identity, RouterIdentity::File(file));
    }
}

#[test]
fn the_book_documents_the_keys_of_a_policy() {
    let book = fs::read_to_string(root().join("docs/book/policy.md")).unwrap();
    let table = policy::reference();
    assert!(
        book.contains(&table),
        "docs/book/policy.md needs this table:\n{table}"
    );
}

#[test]
fn the_policy_in_the_book_is_valid() {
    let book = fs::read_to_string(root().join("docs/book/policy.md")).unwrap();
    let (_, example) = book.split_once("```yaml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let (mut example, mut seed) = (example.to_owned(), 0);
    while let Some((before, after)) = example.split_once("tuyau1…") {
        let identity = SecretKey::from_seed([seed; 32]).identity();
        (example, seed) = (format!("{before}{identity}{after}"), seed + 1);
    }
    let read = policy::from_bytes("policy.md", example.as_bytes());
    read.unwrap_or_else(|errors| panic!("{errors}"));
}

#[test]
fn the_book_documents_exactly_the_keys_there_are() {
    let book = fs::read_to_string(root().join("docs/book/configuration.md")).unwrap();
    let tables: Vec<String> = ConfigKind::ALL.into_iter().map(reference).collect();
    for table in &tables {
        assert!(
            book.contains(table),
            "docs/book/configuration.md needs this table:\n{table}"
        );
    }
    let known: BTreeSet<&str> = tables.iter().flat_map(|table| table.lines()).collect();
    for line in book.lines().filter(|line| line.starts_with('|')) {
        assert!(
            known.contains(line),
            "docs/book/configuration.md has a row of no key:\n{line}"
        );
    }
}
