//! A router that is killed and started again, and clients of it.

use std::{fs, path::Path, time::Duration};

use tuyau::{mem, stack::Stack, tls};
use tuyau_client::{Client, ClientBuilder, Pauses, Settings};
use tuyau_wire::{Identity, SecretKey};

use crate::program::{Program, run, tuyau};

/// As little as can be between a kill and what comes of it.
const CONFIG: &str = "\
state_dir: router
greeting: null
limits:
  connections: 100000
  handshakes_per_second: 1000000
";

pub(crate) struct Router {
    program: Program,
    pub(crate) place: Place,
}

/// Where a router is, and who.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) listen: String,
    pub(crate) identity: Identity,
}

impl Router {
    pub(crate) fn start(directory: &Path) -> Self {
        fs::write(directory.join("router.yaml"), CONFIG).unwrap();
        let listen = format!("tls+unix://{}/socket", directory.display());
        let program = start(directory, &listen);
        let identity = fs::read_to_string(directory.join("router/identity.pub")).unwrap();
        let identity = identity.trim().parse().unwrap();
        let place = Place { listen, identity };
        Self { program, place }
    }

    /// Kills it, and starts it again.
    pub(crate) fn kill(&mut self, directory: &Path) {
        self.program.signal("KILL");
        self.program.wait();
        self.program = start(directory, &self.place.listen);
    }

    /// How many rows its table has.
    pub(crate) fn rows(&self, directory: &Path) -> u64 {
        let words = ["state", "show", "--socket", "router/admin.sock", "--json"];
        let output = run(directory, &words);
        let state: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        state["routes"].as_array().unwrap().len() as u64
    }
}

fn start(directory: &Path, listen: &str) -> Program {
    let words = ["router", "--json", "--config", "router.yaml", "--listen"];
    let mut program = Program::start(tuyau(directory, words.into_iter().chain([listen])));
    program.listening();
    program
}

pub(crate) fn stack(key: &SecretKey) -> Stack {
    let pair = tls::KeyPair::from_pkcs8_der(&key.to_pkcs8_der()).unwrap();
    Stack::new(pair, None, mem::Hub::new()).unwrap()
}

impl Place {
    /// A client that hands out what comes again, and does not wait long.
    pub(crate) fn client(&self, key: SecretKey) -> Client {
        let pauses = Pauses::new(Duration::from_millis(5), Duration::from_millis(50));
        let settings = |settings: Settings| settings.seen(0, Duration::ZERO);
        self.client_with(key, settings).pauses(pauses).start()
    }

    pub(crate) fn client_with(
        &self,
        key: SecretKey,
        change: impl FnOnce(Settings) -> Settings,
    ) -> ClientBuilder {
        let stack = stack(&key);
        let client = Client::new(stack, change(Settings::new(key)));
        client.router(self.listen.parse().unwrap(), self.identity)
    }
}
