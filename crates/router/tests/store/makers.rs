//! Every implementation, so that a law is a test of each.

use tuyau_router::store::{
    Directory, LogDirectory, LogDirectorySettings, LogSpool, LogSpoolSettings, MemoryDirectory,
    MemorySpool, Quota, SimulatedDisk, Spool, SpoolSettings, Window,
};

use crate::messages::at;

/// A spool that is small enough to be filled.
pub(crate) fn settings() -> SpoolSettings {
    SpoolSettings {
        quota: Quota {
            mailbox_messages: 8,
            mailbox_bytes: 400,
            messages: 20,
            bytes: 900,
        },
        window: Window {
            messages: 16,
            time: std::time::Duration::from_secs(60),
        },
        max_body: 300,
    }
}

/// The same on the disk, in segments that hold some messages.
pub(crate) fn log_settings(cache_bytes: usize) -> LogSpoolSettings {
    LogSpoolSettings {
        spool: settings(),
        cache_bytes,
        segment_bytes: 1024,
        seed: 7,
    }
}

pub(crate) fn directory_settings() -> LogDirectorySettings {
    LogDirectorySettings {
        segment_bytes: 1024,
        seed: 7,
    }
}

/// Runs a law against an empty spool of each kind.
pub(crate) fn each_spool(law: impl Fn(&mut dyn Spool)) {
    law(&mut MemorySpool::new(settings()));
    for cache_bytes in [0, 1000, 1 << 20] {
        let disk = SimulatedDisk::new(1);
        let opened = LogSpool::open(Box::new(disk), log_settings(cache_bytes), at(0));
        let (mut spool, losses) = opened.unwrap();
        assert_eq!(losses, []);
        law(&mut spool);
    }
}

/// Runs a law against an empty directory of each kind.
pub(crate) fn each_directory(law: impl Fn(&mut dyn Directory)) {
    law(&mut MemoryDirectory::new());
    let disk = Box::new(SimulatedDisk::new(1));
    let (mut directory, losses) = LogDirectory::open(disk, directory_settings()).unwrap();
    assert_eq!(losses, []);
    law(&mut directory);
}
