//! SSH against OpenSSH's own programs. Where one of them is not installed the tests are shown as ignored,
//! with that reason.

mod channels;
mod host_keys;
mod login;
mod support;
#[macro_use]
#[path = "../support/trials.rs"]
mod trials;

use std::process::ExitCode;

use libtest_mimic::Arguments;

/// Which program is not here.
fn missing() -> Option<String> {
    const CLIENT: &str = "openssh-client";
    if support::sshd().is_none() {
        let missing = "there is no sshd here; it is in Debian's package openssh-server";
        return Some(missing.to_owned());
    }
    trials::without("ssh-keygen", &["-?"], CLIENT)
        .or_else(|| trials::without("ssh-agent", &["-?"], CLIENT))
        .or_else(|| trials::without("ssh-add", &["-?"], CLIENT))
}

fn main() -> ExitCode {
    let trials = trials![
        missing;
        channels::a_command_is_a_flow_with_its_status,
        channels::a_failed_command_tells_its_status_and_error_output,
        channels::a_killed_command_tells_the_signal,
        channels::of_much_error_output_the_end_is_kept,
        channels::the_environment_is_given_as_far_as_the_server_takes_it,
        channels::ending_the_writing_half_leaves_the_other_open,
        channels::much_goes_both_ways_at_once,
        channels::a_subsystem_is_a_flow,
        channels::a_subsystem_that_is_not_there_is_named,
        channels::a_forwarded_connection_is_a_flow,
        channels::a_forwarded_unix_socket_is_a_flow,
        channels::a_forwarding_that_leads_nowhere_says_why,
        channels::the_host_key_is_told_as_openssh_prints_it,
        channels::an_aborted_command_ends_on_the_server,
        host_keys::an_unknown_host_is_refused_with_the_line_that_would_make_it_known,
        host_keys::a_changed_host_key_is_refused_with_its_line_and_both_fingerprints,
        host_keys::a_revoked_host_key_is_refused,
        host_keys::hashed_names_are_known,
        host_keys::a_new_host_is_learnt_only_when_that_is_wanted,
        host_keys::a_server_is_asked_for_the_kind_of_key_that_is_known,
        host_keys::any_host_key_is_accepted_only_under_a_name_that_says_danger,
        login::keys_of_every_kind_are_let_in,
        login::an_encrypted_key_wants_its_own_passphrase,
        login::what_is_no_private_key_is_refused_with_what_to_do,
        login::a_refused_user_is_told_what_was_tried_and_what_is_wanted,
        login::the_keys_of_an_agent_are_let_in,
        login::an_agent_that_is_not_there_is_mentioned,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
