//! `git-tuyau clone URL`: clones a Git repository over git, ssh, http or https.
//!
//! The program plugs protocols together ([`ways`]) and hands them to the library `tuyau-git`, which
//! knows none of them and connects. Only where SSH is forced does the program connect itself, for the
//! sake of SSH's own type of flow.

mod arguments;
mod ways;

use std::{error::Error, process::ExitCode, time::Duration};

use tuyau::ssh;
use tuyau_core::{Chain, Connect};
use tuyau_git::{Cloned, Dialect, clone_by, clone_over};

use crate::{
    arguments::{Arguments, USAGE},
    ways::{GIT, HTTP, HTTPS, Scheme, Ways},
};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("git-tuyau: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match clone(&arguments).await {
        Ok(cloned) => {
            let objects = counted(cloned.objects as usize, "object");
            println!("{objects}, {}", counted(cloned.references, "reference"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("git-tuyau: {}", Chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}

async fn clone(arguments: &Arguments) -> Result<Cloned, Box<dyn Error>> {
    let ways = Ways::new(arguments)?;
    let connect = ways.context.connect(arguments.remote.target());
    let connect = connect.deadline(Duration::from_secs(arguments.deadline));
    let connect = match arguments.allow_downgrade {
        true => connect.allow_downgrade(),
        false => connect,
    };
    match arguments.only {
        None => over_any(connect, &ways, arguments).await,
        Some(Scheme::Git) => over_any(connect.key(GIT), &ways, arguments).await,
        Some(Scheme::Http) => over_any(connect.key(HTTP), &ways, arguments).await,
        Some(Scheme::Https) => over_any(connect.key(HTTPS), &ways, arguments).await,
        Some(Scheme::Ssh) => over_ssh(connect, &ways, arguments).await,
    }
}

/// Clones over whatever the library connects with: a flow whose type is not known here.
async fn over_any(
    connect: Connect<'_>,
    ways: &Ways,
    arguments: &Arguments,
) -> Result<Cloned, Box<dyn Error>> {
    let (remote, destination) = (&arguments.remote, &arguments.destination);
    match clone_by(connect, &ways.dialects, remote, destination).await {
        Ok(cloned) => {
            if let Some(report) = &cloned.report {
                eprintln!("{report}");
            }
            Ok(cloned)
        }
        Err(mut error) => {
            if let Some(connected) = error.take_connected() {
                eprintln!("{}", connected.report);
                tell(connected.flow.info());
            }
            Err(error.into())
        }
    }
}

/// Clones over SSH and nothing else, which gives SSH's own type of flow.
async fn over_ssh(
    connect: Connect<'_>,
    ways: &Ways,
    arguments: &Arguments,
) -> Result<Cloned, Box<dyn Error>> {
    let mut connected = connect.via(&ways.ssh).open().await?;
    eprintln!("{}", connected.report);
    let flow: &mut ssh::Flow = &mut connected.flow;
    if let Some(ssh::HostKey(key)) = flow.host_key() {
        println!(
            "the server's key is {} {}",
            key.algorithm(),
            key.fingerprint()
        );
    }
    let process = Dialect::Process;
    let cloned = clone_over(flow, process, &arguments.remote, &arguments.destination).await;
    if cloned.is_err() {
        tell(Some(flow.error_output()));
    }
    Ok(cloned?)
}

/// Prints what a command on the server had to complain of.
fn tell(output: Option<&ssh::ErrorOutput>) {
    for line in output.map(ToString::to_string).unwrap_or_default().lines() {
        eprintln!("the server: {line}");
    }
}
