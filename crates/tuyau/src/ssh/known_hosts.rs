//! Which host keys are known, in files as OpenSSH reads them (`sshd(8)`, "SSH_KNOWN_HOSTS FILE
//! FORMAT").

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use ring::hmac;
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, Marker};

use super::{Kind, Place, PublicKey};

/// The lines of some files that concern one host.
#[derive(Debug, Default)]
pub(super) struct Known {
    lines: Vec<Line>,
    /// Lines that cannot be read; they may have meant the host.
    broken: Vec<Place>,
}

#[derive(Debug)]
struct Line {
    place: Place,
    marker: Option<Marker>,
    key: PublicKey,
    /// Whether it names the host without its port, which is not the usual one.
    portless: bool,
}

impl Known {
    /// Reads what `files` say about a host. A file that does not exist says nothing.
    pub(super) fn read(files: &[PathBuf], host: &str, port: u16) -> Result<Self, Kind> {
        let mut known = Self::default();
        for file in files {
            match fs::read(file) {
                // Comments may be in any encoding.
                Ok(text) => known.read_text(&String::from_utf8_lossy(&text), file, host, port),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Kind::KnownHosts(file.clone(), error)),
            }
        }
        Ok(known)
    }

    /// Reads the text of one file.
    pub(super) fn read_text(&mut self, text: &str, file: &Path, host: &str, port: u16) {
        let (name, bare) = (name_of(host, port), host.to_ascii_lowercase());
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = Place {
                file: file.to_owned(),
                line: number + 1,
            };
            let fields: Vec<_> = line.split_ascii_whitespace().collect();
            let Ok(entry) = fields.join(" ").parse::<Entry>() else {
                self.broken.push(place);
                continue;
            };
            let whole = matches(entry.host_patterns(), &name);
            if whole || matches(entry.host_patterns(), &bare) {
                self.lines.push(Line {
                    place,
                    marker: entry.marker().copied(),
                    key: PublicKey::new(entry.public_key().clone()),
                    portless: !whole,
                });
            }
        }
    }

    /// The keys that the host may have, so that it is asked for one of their kinds first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.lines
            .iter()
            .filter(|line| line.marker.is_none())
            .map(|line| &line.key)
    }

    /// Whether the host's key may be trusted, and if not, why.
    pub(super) fn judge(&self, key: &PublicKey) -> Result<(), Kind> {
        let same = |line: &&Line| line.key == *key;
        let revoked = |line: &&Line| line.marker == Some(Marker::Revoked);
        if let Some(line) = self.lines.iter().filter(revoked).find(same) {
            return Err(Kind::HostKeyRevoked {
                place: line.place.clone(),
                found: key.clone(),
            });
        }
        let plain = || self.lines.iter().filter(|line| line.marker.is_none());
        // A line without the port counts only for a host that no line knows with it.
        let with_port = plain().any(|line| !line.portless);
        let counting = || plain().filter(|line| !(with_port && line.portless));
        if counting().any(|line| line.key == *key) {
            return Ok(());
        }
        let mut whole = plain().filter(|line| !line.portless);
        if let Some(line) = whole.find(|line| line.key.algorithm() == key.algorithm()) {
            return Err(Kind::HostKeyChanged {
                place: line.place.clone(),
                expected: line.key.clone(),
                found: key.clone(),
            });
        }
        let authority = |line: &&Line| line.marker == Some(Marker::CertAuthority);
        let of_another_kind = plain().find(|line| !line.portless);
        Err(Kind::HostKeyUnknown {
            found: key.clone(),
            other: of_another_kind.map(|line| line.place.clone()),
            authority: self.lines.iter().find(authority).map(|it| it.place.clone()),
            broken: self.broken.first().cloned(),
        })
    }
}

/// Adds a line for a host's key.
pub(super) fn learn(file: &Path, host: &str, port: u16, key: &PublicKey) -> io::Result<()> {
    // Anything else could be read as a pattern, or as another line.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    if !host.bytes().all(plain) {
        let why = format!("no line can be written for the host {host:?}, which is no plain name");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let mut line = format!("{} {key}\n", name_of(host, port));
    if fs::read(file).is_ok_and(|text| !text.is_empty() && !text.ends_with(b"\n")) {
        line.insert(0, '\n');
    }
    let mut file = OpenOptions::new().append(true).create(true).open(file)?;
    file.write_all(line.as_bytes())
}

/// How a host is called in these files: the port only when it is not the usual one.
pub(super) fn name_of(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    match port {
        22 => host,
        port => format!("[{host}]:{port}"),
    }
}

fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
            hmac::verify(&key, name.as_bytes(), hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let mut found = false;
            for pattern in patterns {
                match pattern.strip_prefix('!') {
                    // A negated pattern that matches outweighs all others of its line.
                    Some(pattern) if matches_pattern(pattern, name) => return false,
                    Some(_) => {}
                    None => found |= matches_pattern(pattern, name),
                }
            }
            found
        }
    }
}

/// Matches `*` and `?`; the rest stands for itself, in either case. Brackets mean nothing special.
fn matches_pattern(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut in_name) = (0, 0);
    // Where the last star stands, and up to where it has matched.
    let mut star = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte.eq_ignore_ascii_case(&name[in_name]) => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((stars_at, matched)) = star else {
                    return false;
                };
                star = Some((stars_at, matched + 1));
                at = stars_at + 1;
                in_name = matched + 1;
            }
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests;
