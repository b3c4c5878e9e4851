//! Records of the store's logs: refused, or written back as they were read; and a log whose files
//! hold anything opens, serves what is sound, and opens again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_router::{
    Timestamp,
    store::{
        self, LogDirectory, LogDirectorySettings, LogSpool, LogSpoolSettings, ReadLimit,
        SimulatedDisk, Spool,
    },
};

fuzz_target!(|bytes: &[u8]| {
    store::assert_decodes_soundly(bytes);
    // The length of the first file, and both of them.
    let Some((length, files)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let (log, index) = files.split_at(files.len().min(u16::from_le_bytes(*length).into()));
    // A segment gets the length that its header says, of which the fuzzer would say too much.
    if [log, index, files]
        .iter()
        .any(|file| file.get(34..40).is_some_and(|size| size != [0; 6]))
    {
        return;
    }
    for files in [[log, index], [index, log], [files, b""], [b"", files]] {
        spool(files);
        directory(files);
    }
});

const ALL: ReadLimit = ReadLimit {
    messages: usize::MAX,
    bytes: usize::MAX,
};

fn disk([log, index]: [&[u8]; 2]) -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    // The number of the segment, as its header says.
    let number = log.get(16).copied().unwrap_or(1).clamp(1, 9);
    disk.set(&format!("{number:010}.log"), Some(log.to_vec()));
    disk.set(&format!("{number:010}.index"), Some(index.to_vec()));
    disk
}

fn spool(files: [&[u8]; 2]) {
    let (disk, now) = (disk(files), Timestamp::from_millis(0));
    let open = || LogSpool::open(Box::new(disk.clone()), LogSpoolSettings::new(1), now);
    let Ok((mut spool, losses)) = open() else {
        return;
    };
    assert!(losses.iter().all(|loss| !loss.to_string().is_empty()));
    let content = |spool: &mut LogSpool| {
        let mut content = Vec::new();
        for (id, _) in spool.mailboxes(None, usize::MAX) {
            spool.read(id, 0, ALL, &mut content).unwrap();
        }
        content
    };
    let before = content(&mut spool);
    drop(spool);
    assert_eq!(content(&mut open().unwrap().0), before);
}

fn directory(files: [&[u8]; 2]) {
    let disk = disk(files);
    let open = || LogDirectory::open(Box::new(disk.clone()), LogDirectorySettings::new(1));
    if let Ok((directory, _)) = open() {
        use store::Directory as _;
        let items = directory.items(None, usize::MAX);
        drop(directory);
        assert_eq!(open().unwrap().0.items(None, usize::MAX), items);
    }
}
