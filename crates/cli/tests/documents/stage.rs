//! Where the terminals of a document run.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    block::{Block, Mode, Step},
    files::root,
    pattern::matches,
    ports::Ports,
    server::Server,
};

/// The ports that documents name.
const ROUTER: u16 = 6000;
const SERVICE_1: u16 = 6001;
const SERVICE_2: u16 = 7000;

/// A directory with the shipped configurations and the specification, in which `tuyau` is a command, and what runs there.
pub(crate) struct Stage {
    directory: TempDir,
    ports: Ports,
    servers: Vec<Server>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let ports = Ports::free(&[ROUTER, SERVICE_1, SERVICE_2]);
        let (conf, bin) = (directory.path().join("conf"), directory.path().join("bin"));
        fs::create_dir(&conf).expect("the directory is ours");
        for file in fs::read_dir(root().join("conf")).expect("there are configurations") {
            let file = file.expect("the directory can be read").path();
            let name = file.file_name().expect("a file has a name");
            fs::copy(&file, conf.join(name)).expect("the directory is ours");
        }
        symlink(root().join("spec"), directory.path().join("spec")).expect("the directory is ours");
        fs::create_dir(&bin).expect("the directory is ours");
        install(&bin.join("tuyau"), &ports);
        Self {
            directory,
            ports,
            servers: Vec::new(),
        }
    }

    /// Runs a block.
    pub(crate) fn play(&mut self, block: &Block) {
        for step in &block.steps {
            match block.mode {
                Mode::Succeeds => self.finish(block, step, 0),
                Mode::Fails => self.finish(block, step, 1),
                Mode::Serve => self.serve(block, step),
                Mode::Ci | Mode::ByHand => {}
            }
        }
    }

    /// Waits for what still has to be printed, then ends what runs, the last one first.
    pub(crate) fn end(mut self) {
        self.servers.iter_mut().for_each(Server::wait_for_the_rest);
        while let Some(server) = self.servers.pop() {
            server.end();
        }
    }

    fn serve(&mut self, block: &Block, step: &Step) {
        let mut command = self.bash(&format!("exec {}", step.command));
        let mut server = Server::start(&block.place, step, &mut command, &self.ports);
        server.wait_for_the_next();
        self.servers.push(server);
    }

    fn finish(&self, block: &Block, step: &Step, code: i32) {
        let command = &step.command;
        let output = self.bash(&format!("{{ {command}\n}} 2>&1")).output();
        let output = output.expect("bash starts");
        let text = self.ports.restore(&String::from_utf8_lossy(&output.stdout));
        let place = &block.place;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{place}: `{command}`:\n{text}"
        );
        let printed: Vec<_> = text
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        let shown = &step.output;
        if !shown.is_empty() && !matches(shown, &printed) {
            panic!(
                "{place}: `{command}` printed:\n{text}\nthe document shows:\n{}",
                shown.join("\n")
            );
        }
    }

    /// A shell in the directory. `cargo run` means the program that the tests were built with.
    fn bash(&self, command: &str) -> Command {
        let command = command.replace("cargo run --release -- ", "tuyau ");
        let command = self.ports.substitute(&command);
        let bin = self.directory.path().join("bin");
        let path = env::var("PATH").expect("there is a path");
        let mut bash = Command::new("bash");
        bash.args(["-c", &command])
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .env("PATH", format!("{}:{path}", bin.display()));
        for (name, _) in env::vars().filter(|(name, _)| name.starts_with("TUYAU_")) {
            bash.env_remove(name);
        }
        bash
    }
}

/// Makes the command `tuyau`. It listens and dials at the ports of this test by default.
fn install(path: &Path, ports: &Ports) {
    let (router, first) = (ports.of(ROUTER), ports.of(SERVICE_1));
    let (second, program) = (ports.of(SERVICE_2), env!("CARGO_BIN_EXE_tuyau"));
    let script = format!(
        "#!/bin/sh
case $* in
*--listen*) ;;
router*) export TUYAU_LISTEN=tls://127.0.0.1:{router} ;;
service*service-2*) export TUYAU_LISTEN=tls://127.0.0.1:{second} ;;
service*) export TUYAU_LISTEN=tls://127.0.0.1:{first} ;;
esac
case $* in
*--router*) ;;
service*) export TUYAU_ROUTER__ADDRESS=tls://127.0.0.1:{router} ;;
esac
exec '{program}' \"$@\"
"
    );
    fs::write(path, script).expect("the directory is ours");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, mode).expect("the file is ours");
}
