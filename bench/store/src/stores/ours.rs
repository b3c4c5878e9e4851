//! The router's own log, with all that it does beside: it knows duplicates, quotas and expiry.

use std::{path::Path, sync::Arc};

use tuyau_router::{
    Timestamp,
    store::{
        Appended, Disk, Id, LogSpool, LogSpoolSettings, Lost, Message, Quota, ReadLimit,
        Recipients, Spool,
    },
};

use super::{Record, Result, Store};

pub struct Ours {
    spool: LogSpool,
    told: bool,
}

const SENDER: Id = Id::new([7; 32]);
const NOW: Timestamp = Timestamp::from_millis(1_900_000_000_000);

impl Ours {
    pub fn open(path: &Path) -> Result<Self> {
        let mut settings = LogSpoolSettings::new(7);
        settings.spool.quota = Quota {
            mailbox_messages: u64::MAX,
            ..Quota::default()
        };
        let (spool, losses) = LogSpool::open(Box::new(Disk::open(path)?), settings, NOW)?;
        let told = !losses.is_empty();
        if losses.iter().any(|loss| loss.what == Lost::Unknown) {
            eprintln!("something is lost of which nothing is known");
        }
        Ok(Self { spool, told })
    }
}

impl Store for Ours {
    fn append(&mut self, records: &[Record]) -> Result<()> {
        for record in records {
            let message = Message {
                recipients: Recipients::One(Id::new(record.mailbox)),
                group: None,
                sender: SENDER,
                epoch: 1,
                sequence: record.number,
                expires: Timestamp::from_millis(u64::MAX),
                body: Arc::from(&record.body[..]),
            };
            let appended = self.spool.append(&message, NOW)?;
            if !matches!(appended, Appended::Stored { position, .. } if position == record.number) {
                return Err(format!("record {}: {appended:?}", record.number).into());
            }
        }
        Ok(self.spool.commit()?)
    }

    fn read(&mut self, mailbox: &[u8; 32], after: u64, most: usize) -> Result<Vec<(u64, Vec<u8>)>> {
        let limit = ReadLimit {
            messages: most,
            bytes: usize::MAX,
        };
        let mut entries = Vec::with_capacity(most);
        self.spool
            .read(Id::new(*mailbox), after + 1, limit, &mut entries)?;
        Ok(entries
            .into_iter()
            .map(|entry| (entry.position, entry.body.to_vec()))
            .collect())
    }

    fn acknowledge(&mut self, mailbox: &[u8; 32], numbers: &[u64]) -> Result<()> {
        if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
            self.spool.acknowledge(Id::new(*mailbox), *first..=*last)?;
        }
        Ok(self.spool.commit()?)
    }

    fn told(&mut self) -> bool {
        self.told || !self.spool.take_losses().is_empty()
    }
}
