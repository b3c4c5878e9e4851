//! The test service as a process, against a router in this one.

use std::{
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use tuyau_client::identity_file;
use tuyau_router::{Router, Settings};
use tuyau_wire::SecretKey;

use crate::held_port::HeldPort;

/// A running service and what it prints.
struct Service {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Service {
    fn start(directory: &Path, words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tuyau"))
            .args(["service", "--listen", "tls://127.0.0.1:0"])
            .args(words)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The first line that contains `part`.
    #[track_caller]
    fn find(&mut self, part: &str) -> String {
        let mut seen = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            if line.contains(part) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line has {part:?}: {seen:#?}")
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.unwrap().success());
    }

    fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already when the test succeeded.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn router(listen: &str) -> (Router, String) {
    let mut settings = Settings::new(SecretKey::from_seed([1; 32]));
    settings.listen = vec![listen.parse().unwrap()];
    settings.greeting = Some("hi there".to_owned());
    let (router, _) = Router::start(settings).await.unwrap();
    let address = router.listen()[0].to_string();
    (router, address)
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_gets_a_message_answers_and_withdraws() {
    let directory = tempfile::tempdir().unwrap();
    let (router, address) = router("tls://127.0.0.1:0").await;
    let identity = router.identity();
    let here = directory.path().to_owned();
    let status = in_background(move || {
        let words = [
            "--router",
            &address,
            "--router-identity",
            &identity.to_string(),
        ];
        let mut service = Service::start(&here, &words);
        let own = identity_file_of(&mut service, &here);
        let registered = service.find("registered with");
        assert!(registered.contains(&format!("with {address} as {own}, route tls://127.0.0.1:")));
        let message = service.find("message from");
        assert!(
            message.ends_with(&format!("message from {identity}: hi there")),
            "{message}"
        );
        service.find(&format!("answered {identity}"));
        service.signal("TERM");
        service.find("registration withdrawn");
        service.find("stopped");
        service.wait()
    });
    assert_eq!(status.await.code(), Some(0));
    router.stop().await;
}

/// The identity in the file that the service wrote before its first line.
fn identity_file_of(service: &mut Service, directory: &Path) -> String {
    service.find("listening on");
    let file = directory.join("state/service-1/identity.pub");
    identity_file::read(&file).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_for_the_routers_identity_file_and_ends_on_sigint() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path().to_owned();
    let file = directory.path().join("router.pub");
    let (router, address) = router("tls://127.0.0.1:0").await;
    let identity = router.identity();
    let status = in_background(move || {
        let set = format!("router.identity_file={}", file.display());
        let words = ["--router", &address, "--set", &set, "--json"];
        let mut service = Service::start(&here, &words);
        let waiting: serde_json::Value = serde_json::from_str(&service.find("\"lost\"")).unwrap();
        let reason = waiting["reason"].as_str().unwrap();
        assert!(reason.contains(&file.display().to_string()), "{reason}");
        assert!(reason.contains("start the router first"), "{reason}");
        assert!(reason.contains("router.identity"), "{reason}");
        identity_file::write(&file, &identity).unwrap();
        let registered: serde_json::Value =
            serde_json::from_str(&service.find("\"registered\"")).unwrap();
        assert_eq!(registered["router_identity"], identity.to_string());
        service.find("\"answered\"");
        service.signal("INT");
        service.find("\"withdrawn\"");
        service.wait()
    });
    assert_eq!(status.await.code(), Some(0));
    router.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_again_after_a_restart_of_the_router() {
    let directory = tempfile::tempdir().unwrap();
    let port = HeldPort::new();
    let (first, address) = router(&port.tls()).await;
    let identity = first.identity().to_string();
    let here = directory.path().to_owned();
    let words = [
        "--router".to_owned(),
        address,
        "--router-identity".to_owned(),
        identity,
    ];
    let mut service = in_background(move || {
        let words = words.each_ref().map(String::as_str);
        let mut service = Service::start(&here, &words);
        service.find("registered with");
        service.find("answered");
        service
    })
    .await;
    first.stop().await;
    let service_lost = in_background(move || {
        service.find("next attempt in");
        service
    });
    let mut service = service_lost.await;
    let (second, _) = router(&port.tls()).await;
    let status = in_background(move || {
        service.find("registered with");
        service.find("answered");
        service.signal("TERM");
        service.find("registration withdrawn");
        service.wait()
    });
    assert_eq!(status.await.code(), Some(0));
    second.stop().await;
}
