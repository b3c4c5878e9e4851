//! The steps of a clone.

use std::path::PathBuf;

use gix_hash::ObjectId;
use tuyau_core::{Connect, Context, Flow, Report};

use crate::{
    Dialect, Dialects, Error, Kind, Remote, checkout, fetch, pack, repository::Repository,
};

/// Where a clone goes.
#[derive(Clone, Debug)]
pub struct Destination {
    pub(crate) directory: PathBuf,
    pub(crate) bare: bool,
}

impl Destination {
    /// A repository in `directory/.git`, with the files of its newest commit beside it.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            bare: false,
        }
    }

    /// A repository without files beside it, with the server's branches as its own.
    pub fn bare(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            bare: true,
        }
    }
}

/// What a clone brought.
#[derive(Debug)]
pub struct Cloned {
    /// How many objects the pack has.
    pub objects: u32,
    /// How many references the server has, `HEAD` not counted.
    pub references: usize,
    /// The commit that was checked out, unless the repository is bare or empty.
    pub checked_out: Option<ObjectId>,
    /// How the connection came about, when this library made it.
    pub report: Option<Report>,
}

/// Clones a repository over whatever `context` connects with.
///
/// # Errors
/// When no connection comes about, the server refuses, the pack is damaged, or the destination
/// cannot be written. The error of a clone that was connected
/// [has the connection](Error::take_connected).
///
/// # Cancel safety
/// Dropping the future leaves a destination that is not whole.
pub async fn clone(
    context: &Context,
    dialects: &Dialects,
    remote: &Remote,
    destination: &Destination,
) -> Result<Cloned, Error> {
    let connect = context.connect(remote.target());
    clone_by(connect, dialects, remote, destination).await
}

/// Like [`clone`], with a connect to [`Remote::target`] that the application has restricted: to a
/// key, to a security floor, by a deadline.
///
/// # Errors
/// Like [`clone`].
///
/// # Cancel safety
/// Like [`clone`].
pub async fn clone_by(
    connect: Connect<'_>,
    dialects: &Dialects,
    remote: &Remote,
    destination: &Destination,
) -> Result<Cloned, Error> {
    let mut connected = connect.open().await?;
    let cloned = match dialects.of(&connected.report) {
        Some(dialect) => clone_over(&mut connected.flow, dialect, remote, destination).await,
        None => Err(Kind::NoDialect.into()),
    };
    match cloned {
        Ok(cloned) => Ok(Cloned {
            report: Some(connected.report),
            ..cloned
        }),
        Err(error) => Err(error.over(connected)),
    }
}

/// Clones over a flow that the application has connected, as it does when it has forced a protocol
/// and wants that protocol's own type of flow.
///
/// # Errors
/// Like [`clone`].
///
/// # Cancel safety
/// Like [`clone`].
pub async fn clone_over(
    flow: &mut impl Flow,
    dialect: Dialect,
    remote: &Remote,
    destination: &Destination,
) -> Result<Cloned, Error> {
    let repository = Repository::create(destination)?;
    let cloned = fill(&repository, flow, dialect, remote).await;
    if cloned.is_err() {
        repository.discard();
    }
    cloned
}

async fn fill(
    repository: &Repository,
    flow: &mut impl Flow,
    dialect: Dialect,
    remote: &Remote,
) -> Result<Cloned, Error> {
    let fetched = fetch::fetch(flow, dialect, remote, &repository.packs()).await?;
    let objects = match &fetched.pack {
        Some(file) => pack::index(file, &repository.packs())?,
        None => 0,
    };
    repository.configure(&fetched.refs, remote)?;
    let checked_out = match repository.work_tree() {
        Some(work_tree) => checkout::check_out(repository, work_tree, &fetched.refs)?,
        None => None,
    };
    Ok(Cloned {
        objects,
        references: fetched.refs.branches_and_others().count(),
        checked_out,
        report: None,
    })
}
