//! Running programs.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// A place of its own for one test: no configuration of the user's gets in.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A command that runs here.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .env_remove("SSH_AUTH_SOCK");
        command
    }

    /// Runs git in a directory of this place, and gives what it prints.
    pub(crate) fn git(&self, directory: impl AsRef<Path>, arguments: &[&str]) -> String {
        let mut command = self.command("git");
        command
            .current_dir(self.0.path().join(directory))
            .args(arguments);
        succeed(&mut command)
    }

    /// Runs the program under test, and gives whether it succeeded and all that it printed.
    pub(crate) fn clone(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = self.command(env!("CARGO_BIN_EXE_git-tuyau"));
        let output = command.arg("clone").args(arguments).output().unwrap();
        (output.status.success(), text(&output))
    }
}

pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn text(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A program of git's own directory, such as its daemon.
pub(crate) fn of_git(program: &str) -> PathBuf {
    let place = succeed(Command::new("git").arg("--exec-path"));
    Path::new(place.trim()).join(program)
}
