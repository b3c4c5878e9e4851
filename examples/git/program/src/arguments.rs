//! The command line.

use std::{ffi::OsString, path::PathBuf};

use tuyau_git::{Destination, Remote};

use crate::ways::Scheme;

pub(crate) const USAGE: &str = "\
Usage: git-tuyau clone [OPTIONS] URL [DIRECTORY]

Clones a repository from git://, ssh://, http:// or https://. A URL without a
scheme, as example.org/project.git, is tried over https, and over http if that
is allowed.

  --bare               a repository without files beside it
  --only SCHEME        this way and no other: git, ssh, http or https
  --allow-downgrade    permit http where https did not work
  --deadline SECONDS   give connecting up after this time (30)
  --port SCHEME=PORT   the port of a scheme, where the URL names none
  --ca FILE            authorities of web servers, instead of the platform's
  --known-hosts FILE   known keys of SSH servers (~/.ssh/known_hosts)
  --key FILE           private key for SSH (those in ~/.ssh, and the agent's)
  --help               this text
";

/// What is wanted.
pub(crate) struct Arguments {
    pub(crate) remote: Remote,
    pub(crate) destination: Destination,
    pub(crate) only: Option<Scheme>,
    pub(crate) allow_downgrade: bool,
    pub(crate) deadline: u64,
    pub(crate) ports: Vec<(Scheme, u16)>,
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    /// Who logs in where the URL names nobody.
    pub(crate) user: String,
}

/// Reads the command line; nothing when only help is wanted.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Option<Arguments>, String> {
    let mut words = words;
    match words.next() {
        Some(word) if word == "clone" => {}
        Some(word) if word == "--help" || word == "-h" => return Ok(None),
        Some(word) => return Err(format!("there is no command {word:?}, only `clone`")),
        None => return Err("expected a command: `clone`".to_owned()),
    }
    let (mut bare, mut plain) = (false, Vec::new());
    let (mut only, mut ports, mut allow_downgrade, mut deadline) = (None, vec![], false, 30);
    let (mut authorities, mut known_hosts, mut key) = (None, None, None);
    while let Some(word) = words.next() {
        let name = word.to_string_lossy().into_owned();
        let mut value = || words.next().ok_or_else(|| format!("{name} wants a value"));
        match &*name {
            "--help" | "-h" => return Ok(None),
            "--bare" => bare = true,
            "--allow-downgrade" => allow_downgrade = true,
            "--only" => only = Some(scheme(&value()?.to_string_lossy())?),
            "--deadline" => deadline = number(&value()?.to_string_lossy())?,
            "--port" => ports.push(port(&value()?.to_string_lossy())?),
            "--ca" => authorities = Some(value()?.into()),
            "--known-hosts" => known_hosts = Some(value()?.into()),
            "--key" => key = Some(value()?.into()),
            _ if name.starts_with('-') => return Err(format!("there is no option {name}")),
            _ => plain.push(word),
        }
    }
    if plain.len() > 2 {
        return Err("expected a URL and at most one directory".to_owned());
    }
    let mut plain = plain.into_iter();
    let url = plain.next().ok_or("expected a URL")?;
    let remote: Remote = url
        .to_string_lossy()
        .parse()
        .map_err(|error| format!("{error}"))?;
    let named = || match bare {
        true => format!("{}.git", remote.name()).into(),
        false => PathBuf::from(remote.name()),
    };
    let directory = plain.next().map_or_else(named, PathBuf::from);
    let destination = match bare {
        true => Destination::bare(directory),
        false => Destination::new(directory),
    };
    Ok(Some(Arguments {
        remote,
        destination,
        only,
        allow_downgrade,
        deadline,
        ports,
        authorities,
        known_hosts,
        key,
        user: std::env::var("USER").unwrap_or_else(|_| "git".to_owned()),
    }))
}

fn scheme(name: &str) -> Result<Scheme, String> {
    let mut known = Scheme::ALL
        .into_iter()
        .filter(|scheme| scheme.name() == name);
    let wrong = || format!("{name:?} is no scheme; expected git, ssh, http or https");
    known.next().ok_or_else(wrong)
}

fn port(text: &str) -> Result<(Scheme, u16), String> {
    let wrong = || format!("{text:?} is no port; expected for example https=8443");
    let (name, port) = text.split_once('=').ok_or_else(wrong)?;
    Ok((scheme(name)?, port.parse().map_err(|_| wrong())?))
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = text.parse();
    parsed.map_err(|_| format!("{text:?} is no number of seconds"))
}
