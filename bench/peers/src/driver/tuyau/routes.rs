//! Routes that our router finds in its state directory when it starts.

use std::{io, path::Path};

use minicbor::Encoder;
use tuyau_router::{
    Timestamp,
    store::{Directory, Disk, Id, Item, LogDirectory, LogDirectorySettings, Subject},
};

use super::{ROOM, Tuyau, now};
use crate::{Known, Server, Site};

/// How many are written at once.
const AT_ONCE: u64 = 4096;

impl Known for Tuyau {
    fn start(&self, site: Site, routes: u32) -> io::Result<Server> {
        let store = site.folder.join("state/store/directory");
        fill(&store, routes.into()).map_err(io::Error::other)?;
        super::start(site, ROOM, "  routes: 2000000\n")
    }
}

/// Registrations of identities that nobody has, as the router keeps them. It does not verify again what
/// it kept, so they need neither keys nor signatures.
fn fill(store: &Path, routes: u64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let settings = LogDirectorySettings::new(1);
    let (mut directory, _) = LogDirectory::open(Box::new(Disk::open(store)?), settings)?;
    let day = now() + 24 * 3600 * 1000;
    for number in 0..routes {
        let identity = *blake3::hash(&number.to_le_bytes()).as_bytes();
        let mut record = Encoder::new(Vec::new());
        record.array(4)?.bytes(&identity)?.u64(1)?;
        record.array(1)?.str("tls://192.0.2.1:1")?.u64(day / 1000)?;
        let mut kept = Encoder::new(Vec::new());
        kept.array(4)?.bytes(record.writer())?.bytes(&[0; 64])?;
        kept.bool(false)?.u64(now())?;
        directory.put(Item {
            subject: Subject::Registration(Id::new(identity)),
            sequence: 1,
            expires: Timestamp::from_millis(day / 1000 * 1000),
            withdrawn: false,
            bytes: kept.into_writer().into(),
        })?;
        if number % AT_ONCE == 0 {
            directory.commit()?;
        }
    }
    Ok(directory.commit()?)
}
