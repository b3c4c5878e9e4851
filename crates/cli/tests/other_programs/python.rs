//! A client that was written in Python from the specification alone gets what that promises.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{program::Program, tls::without_openssl};

/// Where Python may be, in the order in which it is looked for.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// A Python that finds the CBOR package.
fn python() -> Option<&'static str> {
    PYTHONS.into_iter().find(|python| {
        let mut command = Command::new(python);
        let command = command.args(["-c", "import cbor2"]).stdin(Stdio::null());
        let called = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        called.is_ok_and(|status| status.success())
    })
}

pub(crate) fn without_python() -> Option<String> {
    let missing = || {
        let missing = "python3 does not find cbor2: install Python 3 and, for it, \
                       `pip install --requirement spec/python/requirements.txt`";
        assert!(env::var_os("CI").is_none(), "{missing}");
        missing.to_owned()
    };
    without_openssl().or_else(|| python().is_none().then(missing))
}

fn specification() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/python/check.py")
}

pub(crate) fn a_client_from_the_specification_alone_gets_what_it_promises() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::create_dir(directory.join("keys")).unwrap();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let place = address.strip_prefix("tls://").unwrap();
    let output = Command::new(python().unwrap())
        .arg(specification())
        .args([place, "router/identity.pub", "keys"])
        // Nothing is written beside the sources.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{error}");
    let steps = fs::read_to_string(specification()).unwrap();
    let steps = steps.split_once("STEPS = [").unwrap().1;
    let steps = steps.split_once(']').unwrap().0.lines().map(str::trim);
    let steps = steps.filter(|step| !step.is_empty());
    let expected: Vec<_> = steps
        .map(|step| format!("ok {}", step.trim_end_matches(',')))
        .collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    router.signal("TERM");
    assert!(router.wait().success());
}
