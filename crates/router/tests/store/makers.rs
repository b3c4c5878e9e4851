//! Every implementation, so that a law is a test of each.

use tuyau_router::store::{
    Directory, MemoryDirectory, MemorySpool, Quota, Spool, SpoolSettings, Window,
};

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

/// Runs a law against an empty spool of each kind.
pub(crate) fn each_spool(law: impl Fn(&mut dyn Spool)) {
    law(&mut MemorySpool::new(settings()));
}

/// Runs a law against an empty directory of each kind.
pub(crate) fn each_directory(law: impl Fn(&mut dyn Directory)) {
    law(&mut MemoryDirectory::new());
}
