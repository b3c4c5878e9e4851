//! The library without the program: another application's context, with a protocol of its own.

use std::{
    fmt, io,
    os::{fd::OwnedFd, unix::net},
    path::PathBuf,
    process::{Command, Stdio},
};

use tokio::net::UnixStream;
use tuyau::tokio::{FromTokio, TokioTimer};
use tuyau_core::{Attempt, Context, EndpointKey, Key, Outcome, Protocol, Registry, Stage, Table};
use tuyau_git::{Destination, Dialect, Dialects, Error, Kind, Remote, clone};

use crate::{
    repository::{compare, generate},
    support::Place,
};

/// Repositories of this machine, by their paths.
struct HereKey;

impl EndpointKey for HereKey {
    type Endpoint = PathBuf;
    const NAME: &'static str = "here";

    fn show(path: &PathBuf, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", path.display())
    }
}

const HERE: Key<HereKey> = Key::new();

/// `git upload-pack` as a child process, which ends with the flow.
struct Child {
    home: PathBuf,
}

impl Protocol for Child {
    type Key = HereKey;
    type Flow = FromTokio<UnixStream>;
    type Error = io::Error;

    const STAGE: Stage = Stage::new("child");

    async fn connect(&self, path: &PathBuf, _: &Attempt) -> io::Result<Self::Flow> {
        let (ours, its) = net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let its = OwnedFd::from(its);
        let mut command = Command::new("git");
        command.arg("upload-pack").arg(path).env("HOME", &self.home);
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stderr(Stdio::null());
        let mut child = command.stdin(its.try_clone()?).stdout(its).spawn()?;
        std::thread::spawn(move || child.wait());
        Ok(FromTokio::new(UnixStream::from_std(ours)?))
    }
}

fn context(place: &Place) -> Context {
    let path = |name| place.path("served").join(name);
    let table = Table::<HereKey>::new()
        .with("here", path("big.git"))
        .with("absent", path("absent.git"));
    let mut registry = Registry::new();
    let home = place.path("");
    registry.protocol(HERE, Child { home });
    registry.resolver(HERE, 0, table);
    registry.freeze(TokioTimer::new())
}

fn remote(host: &str) -> Remote {
    format!("{host}/big.git").parse().unwrap()
}

/// Law 1: the context is a value, and the library needs nothing else of its application.
#[tokio::test]
async fn law_1_the_git_library_clones_over_whatever_a_context_connects_with() {
    let place = Place::new();
    generate(&place);
    let context = context(&place);
    let dialects = Dialects::new().with(HERE, Dialect::Process);
    let destination = Destination::new(place.path("big"));
    let cloned = clone(&context, &dialects, &remote("here"), &destination).await;
    let report = cloned.unwrap().report.unwrap();
    assert!(
        matches!(report.attempts[0].outcome, Outcome::Won),
        "{report}"
    );
    assert_eq!(report.attempts[0].stage.name(), "child");
    compare(&place, "big");
}

/// Law 8: what carries it is unknown to the library, and the application finds it in the error.
#[tokio::test]
async fn an_error_hands_the_connection_back() {
    fn assert_shared<T: Send + Sync>(_: &T) {}
    let place = Place::new();
    generate(&place);
    let context = context(&place);
    let destination = Destination::new(place.path("other"));
    let known = Dialects::new().with(HERE, Dialect::Process);
    let try_with = async |dialects: &Dialects, host: &str| -> Error {
        let cloned = clone(&context, dialects, &remote(host), &destination).await;
        cloned.unwrap_err()
    };
    let mut error = try_with(&known, "absent").await;
    assert_shared(&error);
    assert!(matches!(error.kind(), Kind::Protocol(_)), "{error}");
    let connected = error.take_connected().unwrap();
    assert!(connected.flow.find::<FromTokio<UnixStream>>().is_some());
    assert!(error.take_connected().is_none());

    let mut error = try_with(&Dialects::new(), "here").await;
    assert!(matches!(error.kind(), Kind::NoDialect), "{error}");
    assert_eq!(error.take_connected().unwrap().report.attempts.len(), 1);

    let mut error = try_with(&known, "nowhere").await;
    assert!(matches!(error.kind(), Kind::Connect(_)), "{error}");
    assert!(error.take_connected().is_none());
    assert!(!place.path("other").exists());
}
