//! The program beside those of others: OpenSSL, GnuTLS, Python and tmux. Where one of them is not installed its
//! tests are shown as ignored, with that reason; in CI, which installs them, that is a failure.

mod documents;
#[allow(dead_code, reason = "a part of what other tests use")]
#[path = "../processes/program.rs"]
mod program;
mod python;
mod terminal;
mod tls;

// What runs the documents, which finds its parts here.
#[allow(dead_code, reason = "a part of what the tests of documents use")]
#[path = "../documents/block.rs"]
mod block;
#[allow(dead_code, reason = "a part of what the tests of documents use")]
#[path = "../documents/files.rs"]
mod files;
#[path = "../documents/pattern.rs"]
mod pattern;
#[path = "../documents/ports.rs"]
mod ports;
#[path = "../documents/run.rs"]
mod run;
#[path = "../documents/server.rs"]
mod server;
#[path = "../documents/stage.rs"]
mod stage;

use std::{
    env,
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::{Arguments, Completion, Trial};

/// What to say when a program cannot be called.
fn without(program: &str, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    let command = command.arg(argument).stdin(Stdio::null());
    let called = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let missing = format!("{program} cannot be called: {}", called.err()?);
    assert!(env::var_os("CI").is_none(), "{missing}");
    Some(missing)
}

fn trial(name: &str, missing: fn() -> Option<String>, test: fn()) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Some(missing) = missing() {
            return Ok(Completion::ignored_with(missing));
        }
        test();
        Ok(Completion::Completed)
    })
}

/// A test for each function, under its name, with what it wants.
macro_rules! trials {
    ($($module:ident::$test:ident wants $missing:path,)*) => {
        vec![$(trial(
            concat!(stringify!($module), "::", stringify!($test)),
            $missing,
            $module::$test,
        )),*]
    };
}

fn main() -> ExitCode {
    let trials = trials![
        documents::the_page_on_identity_does_what_it_says wants tls::without_openssl,
        documents::the_page_on_authorities_does_what_it_says wants tls::without_openssl,
        python::a_client_from_the_specification_alone_gets_what_it_promises wants python::without_python,
        terminal::a_router_on_a_terminal_reads_its_policy_again_and_ends_with_the_terminal wants terminal::without_tmux,
        terminal::the_demo_runs_on_a_terminal_and_gives_it_back wants terminal::without_tmux,
        tls::gnutls_completes_a_handshake_with_a_raw_public_key_of_ours wants tls::without_gnutls,
        tls::openssl_completes_a_handshake_with_a_key_of_ours wants tls::without_openssl,
        tls::openssl_completes_a_handshake_with_a_raw_public_key_of_ours wants tls::without_raw_keys,
        tls::openssl_with_an_older_tls_is_told_to_update wants tls::without_openssl,
        tls::openssl_reads_our_keys_and_we_read_its wants tls::without_openssl,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
