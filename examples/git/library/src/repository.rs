//! A repository's directory: its references and configuration.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use gix_hash::ObjectId;
use gix_protocol::handshake::Ref;

use crate::{Destination, Error, Kind, Remote};

/// A new repository.
pub(crate) struct Repository {
    root: PathBuf,
    /// Whether its place was an empty directory before.
    was_there: bool,
    directory: PathBuf,
    work_tree: Option<PathBuf>,
}

/// The server's references.
pub(crate) struct Refs {
    /// By name: the object, and what it leads to if it is a tag.
    direct: BTreeMap<String, (ObjectId, Option<ObjectId>)>,
    /// The branch that `HEAD` stands for.
    head: Option<String>,
    /// The commit of `HEAD` when it stands for no branch.
    detached: Option<ObjectId>,
}

const BRANCHES: &str = "refs/heads/";

impl Refs {
    /// Checks every name: they become parts of files.
    pub(crate) fn new(listed: Vec<Ref>) -> Result<Self, Error> {
        let mut refs = Self {
            direct: BTreeMap::new(),
            head: None,
            detached: None,
        };
        for reference in listed {
            let (name, id, target) = match reference {
                Ref::Peeled {
                    full_ref_name,
                    tag,
                    object,
                } => (full_ref_name, Some((tag, Some(object))), None),
                Ref::Direct {
                    full_ref_name,
                    object,
                } => (full_ref_name, Some((object, None)), None),
                Ref::Symbolic {
                    full_ref_name,
                    target,
                    tag,
                    object,
                } => {
                    let peeled = tag.map(|_| object);
                    (
                        full_ref_name,
                        Some((tag.unwrap_or(object), peeled)),
                        Some(target),
                    )
                }
                Ref::Unborn {
                    full_ref_name,
                    target,
                } => (full_ref_name, None, Some(target)),
            };
            let name = valid(name.as_ref())?;
            let target = target.map(|target| valid(target.as_ref())).transpose()?;
            match (name.as_str(), target, id) {
                ("HEAD", Some(target), _) => refs.head = Some(target),
                ("HEAD", None, id) => refs.detached = id.map(|(id, _)| id),
                (_, _, Some(id)) if is_kept(&name) => drop(refs.direct.insert(name, id)),
                _ => {}
            }
        }
        Ok(refs)
    }

    /// The objects that are wanted.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        let direct = self.direct.values().map(|(id, _)| *id);
        direct.chain(self.detached)
    }

    pub(crate) fn branches_and_others(&self) -> impl Iterator<Item = &str> {
        self.direct.keys().map(String::as_str)
    }

    /// The commit that `HEAD` leads to.
    pub(crate) fn head(&self) -> Option<ObjectId> {
        let branch = self.head.as_ref().and_then(|name| self.direct.get(name));
        branch.map(|(id, _)| *id).or(self.detached)
    }
}

/// Branches and tags; other references are the server's own affair.
fn is_kept(name: &str) -> bool {
    name.starts_with(BRANCHES) || name.starts_with("refs/tags/")
}

fn valid(name: &[u8]) -> Result<String, Error> {
    let refuse = || Error::from(Kind::Reference(String::from_utf8_lossy(name).into_owned()));
    let text = std::str::from_utf8(name).map_err(|_| refuse())?;
    let checked = gix_validate::reference::name(name.into());
    checked.map_err(|_| refuse())?;
    Ok(text.to_owned())
}

impl Repository {
    /// Makes the directories of a repository where nothing is yet.
    pub(crate) fn create(destination: &Destination) -> Result<Self, Error> {
        let root = &destination.directory;
        let was_there = root.symlink_metadata().is_ok();
        let taken = match fs::read_dir(root) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => was_there,
        };
        if taken {
            return Err(Kind::Exists(root.clone()).into());
        }
        let (directory, work_tree) = match destination.bare {
            true => (root.clone(), None),
            false => (root.join(".git"), Some(root.clone())),
        };
        for part in ["objects/pack", "objects/info", "refs/heads", "refs/tags"] {
            let path = directory.join(part);
            fs::create_dir_all(&path).map_err(|error| Error::file(&path, error))?;
        }
        let repository = Self {
            root: root.clone(),
            was_there,
            directory,
            work_tree,
        };
        repository.write("HEAD", "ref: refs/heads/main\n")?;
        Ok(repository)
    }

    /// Takes away what was made, after a failure that is told anyway.
    pub(crate) fn discard(self) {
        let _ = fs::remove_dir_all(&self.root);
        if self.was_there {
            let _ = fs::create_dir(&self.root);
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn packs(&self) -> PathBuf {
        self.directory.join("objects/pack")
    }

    pub(crate) fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    /// Writes references and configuration.
    pub(crate) fn configure(&self, refs: &Refs, remote: &Remote) -> Result<(), Error> {
        let bare = self.work_tree.is_none();
        let mut packed = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
        let renamed = refs
            .direct
            .iter()
            .map(|(name, ids)| match name.strip_prefix(BRANCHES) {
                Some(branch) if !bare => (format!("refs/remotes/origin/{branch}"), ids),
                _ => (name.clone(), ids),
            });
        for (name, (id, peeled)) in renamed.collect::<BTreeMap<_, _>>() {
            // Writing into a string does not fail.
            let _ = writeln!(packed, "{id} {name}");
            if let Some(peeled) = peeled {
                let _ = writeln!(packed, "^{peeled}");
            }
        }
        self.write("packed-refs", &packed)?;
        self.write_head(refs, bare)?;
        let fetch = match bare {
            true => "",
            false => "\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
        };
        let configuration = format!(
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = {bare}\n\
             [remote \"origin\"]\n\turl = {remote}\n{fetch}"
        );
        self.write("config", &configuration)
    }

    fn write_head(&self, refs: &Refs, bare: bool) -> Result<(), Error> {
        match (&refs.head, refs.detached) {
            (Some(name), _) => {
                self.write("HEAD", &format!("ref: {name}\n"))?;
                match refs.direct.get(name) {
                    Some((id, _)) if !bare => self.write(name, &format!("{id}\n")),
                    _ => Ok(()),
                }
            }
            (None, Some(id)) => self.write("HEAD", &format!("{id}\n")),
            (None, None) => Ok(()),
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.directory.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| Error::file(parent, error))?;
        }
        fs::write(&path, text).map_err(|error| Error::file(&path, error))
    }
}
