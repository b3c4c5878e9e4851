//! TLS with OpenSSL's `s_client` and `s_server` at the other end. Where there is no `openssl` command
//! the tests are shown as ignored, with that reason.

mod client;
mod server;
mod support;
#[macro_use]
#[path = "../support/trials.rs"]
mod trials;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn missing() -> Option<String> {
    trials::without("openssl", &["version"], "openssl")
}

fn main() -> ExitCode {
    let trials = trials![
        missing;
        client::it_proves_a_key_in_a_certificate,
        client::it_accepts_our_certificate_for_its_name_and_agrees_on_alpn,
        client::it_resumes_a_session_with_our_tickets,
        client::it_speaks_tls_1_2_where_that_is_allowed,
        server::its_certificates_of_every_kind_are_accepted,
        server::it_speaks_tls_1_2_only,
        server::its_certificate_for_another_name_is_refused,
        server::it_asks_for_our_certificate,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
