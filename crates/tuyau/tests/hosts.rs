//! Connecting by a hosts file: what is in it, what is not, and what is wrong with it.
#![cfg(all(feature = "hosts", feature = "tcp"))]

use std::{fs, path::PathBuf};

use tempfile::TempDir;
use tuyau::{
    hosts::{Hosts, HostsError, HostsErrorKind, MAX_LENGTH, Problem},
    tcp::{self, Tcp},
    tokio::TokioTimer,
};
use tuyau_core::{
    Chain, ConnectError, Context, ListenerExt as _, Outcome, Registry, Table, Target,
};

struct Place {
    directory: TempDir,
}

impl Place {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::write(place.path(), text).unwrap();
        place
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("hosts")
    }

    /// The hosts file first, then a table that knows one name.
    fn context(&self) -> Context {
        let mut registry = Registry::new();
        registry.protocol(tcp::KEY, Tcp::new());
        registry.resolver(tcp::KEY, 0, Hosts::at(&self.path()));
        let table = Table::new().with("table", "127.0.0.1:9".parse().unwrap());
        registry.resolver(tcp::KEY, 1, table);
        registry.freeze(TokioTimer::new())
    }

    async fn endpoints(&self, target: Target) -> Vec<String> {
        let plan = self.context().connect(target).plan().await;
        let endpoints = plan
            .attempts
            .iter()
            .filter_map(|row| Some(row.endpoint.as_ref()?.to_string()));
        endpoints.collect()
    }

    async fn fails(&self, name: &str) -> ConnectError {
        let target = Target::name(name).port(9);
        self.context().connect(target).open().await.unwrap_err()
    }
}

fn hosts_error(error: &ConnectError) -> &HostsError {
    let Outcome::Failed(cause) = &error.report().attempts[0].outcome else {
        panic!("{error}");
    };
    cause.downcast_ref().unwrap()
}

#[tokio::test]
async fn connects_by_a_name_in_the_file() {
    let mut listener = tcp::Listener::bind(&"tcp://127.0.0.1:0".parse().unwrap()).unwrap();
    let port = tuyau_core::Listener::address(&listener).port().unwrap();
    let place = Place::new("127.0.0.1 kitchen\n");
    let context = place.context();
    let connect = context.connect(Target::name("KITCHEN.").port(port)).open();
    let (connected, accepted) = tokio::join!(connect, listener.accept());
    assert!(accepted.is_ok());
    let report = connected.unwrap().report;
    assert_eq!(&*report.attempts[0].resolver, "hosts");
}

#[tokio::test]
async fn alternates_families_beginning_with_the_first_of_the_file() {
    let place = Place::new("::1 two\n::2 two\n10.0.0.1 two\n10.0.0.2 two\n");
    let endpoints = place.endpoints(Target::name("two").port(7)).await;
    assert_eq!(
        endpoints,
        ["[::1]:7", "10.0.0.1:7", "[::2]:7", "10.0.0.2:7"]
    );
}

/// Law 4: a later rank is tried when the hosts file is exhausted, and not before.
#[tokio::test]
async fn law_4_a_name_that_is_not_in_the_file_is_left_to_the_next_rank() {
    let place = Place::new("10.0.0.1 here\n");
    let plan = place
        .context()
        .connect(Target::name("table").port(7))
        .plan()
        .await;
    assert!(
        matches!(plan.attempts[0].outcome, Outcome::NothingFound),
        "{plan}"
    );
    assert_eq!(
        plan.attempts[1].endpoint.as_ref().unwrap().to_string(),
        "127.0.0.1:9"
    );
    let of_here = place.endpoints(Target::name("here").port(7)).await;
    assert_eq!(of_here, ["10.0.0.1:7"]);
}

#[tokio::test]
async fn has_nothing_to_say_about_ip_addresses() {
    let place = Place::new("10.0.0.1 10.0.0.9\n");
    let plan = place
        .context()
        .connect(Target::name("10.0.0.9").port(7))
        .plan()
        .await;
    assert!(plan.attempts.is_empty(), "{plan}");
}

#[tokio::test]
async fn reads_the_file_anew_when_it_changed() {
    let place = Place::new("10.0.0.1 here\n");
    let context = place.context();
    for text in ["10.0.0.2 here\n", "10.0.0.3 here # longer\n"] {
        fs::write(place.path(), text).unwrap();
        let plan = context.connect(Target::name("here").port(7)).plan().await;
        let endpoint = plan.attempts[0].endpoint.as_ref().unwrap().to_string();
        assert!(text.starts_with(endpoint.trim_end_matches(":7")), "{plan}");
    }
}

/// Law 7: a person sees the line and the column.
#[tokio::test]
async fn law_7_a_name_on_a_wrong_line_is_answered_with_the_place_of_the_mistake() {
    let place = Place::new("10.0.0.1 good\n\n  10.0.0.256 attic cellar\n");
    let error = place.fails("cellar").await;
    let hosts = hosts_error(&error);
    assert_eq!(hosts.kind(), HostsErrorKind::Line);
    let problem = std::error::Error::source(hosts)
        .unwrap()
        .downcast_ref::<Problem>();
    assert_eq!((problem.unwrap().line(), problem.unwrap().column()), (3, 3));
    let path = place.path();
    assert_eq!(
        Chain(hosts).to_string(),
        format!(
            "hosts file {}: line 3, column 3: expected an IPv4 or IPv6 address, \
             found \"10.0.0.256\"; write a line as `192.0.2.1 name`",
            path.display()
        )
    );
    assert_eq!(
        place.endpoints(Target::name("good").port(1)).await,
        ["10.0.0.1:1"]
    );
}

#[tokio::test]
async fn a_target_without_port_is_told_so_only_when_the_name_is_there() {
    let place = Place::new("10.0.0.1 here\n");
    let error = place.context().connect(Target::name("here")).open().await;
    let error = error.unwrap_err();
    assert_eq!(hosts_error(&error).kind(), HostsErrorKind::NoPort);
    let plan = place
        .context()
        .connect(Target::name("elsewhere"))
        .plan()
        .await;
    assert!(
        matches!(plan.attempts[0].outcome, Outcome::NothingFound),
        "{plan}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_an_error_that_names_it() {
    let place = Place::new("");
    let file = fs::File::options().write(true).open(place.path()).unwrap();
    file.set_len(MAX_LENGTH + 1).unwrap();
    let error = place.fails("x").await;
    assert_eq!(hosts_error(&error).kind(), HostsErrorKind::TooLong);
    fs::remove_file(place.path()).unwrap();
    let error = place.fails("x").await;
    assert_eq!(hosts_error(&error).kind(), HostsErrorKind::Missing);
    let text = Chain(hosts_error(&error)).to_string();
    let path = place.path();
    let begin = format!("hosts file {}: expected a file, found none", path.display());
    assert!(text.starts_with(&begin), "{text}");
    fs::create_dir(place.path()).unwrap();
    let error = place.fails("x").await;
    assert_eq!(hosts_error(&error).kind(), HostsErrorKind::NotAFile);
}
