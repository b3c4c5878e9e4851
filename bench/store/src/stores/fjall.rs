//! fjall, a tree of sorted files behind a journal.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{Record, Result, Store, key, number};

pub struct Fjall {
    database: Database,
    messages: Keyspace,
}

impl Fjall {
    pub fn open(path: &Path) -> Result<Self> {
        let database = Database::builder(path).open()?;
        let messages = database.keyspace("messages", KeyspaceCreateOptions::default)?;
        Ok(Self { database, messages })
    }
}

impl Store for Fjall {
    fn append(&mut self, records: &[Record]) -> Result<()> {
        let mut batch = self
            .database
            .batch()
            .durability(Some(PersistMode::SyncData));
        for record in records {
            let key = key(&record.mailbox, record.number);
            batch.insert(&self.messages, key, &record.body[..]);
        }
        Ok(batch.commit()?)
    }

    fn read(&mut self, mailbox: &[u8; 32], after: u64, most: usize) -> Result<Vec<(u64, Vec<u8>)>> {
        let range = key(mailbox, after + 1)..=key(mailbox, u64::MAX);
        let found = self.messages.range(range).take(most);
        found
            .map(|pair| {
                let (key, body) = pair.into_inner()?;
                Ok((number(&key)?, body.to_vec()))
            })
            .collect()
    }

    fn acknowledge(&mut self, mailbox: &[u8; 32], numbers: &[u64]) -> Result<()> {
        let mut batch = self
            .database
            .batch()
            .durability(Some(PersistMode::SyncData));
        for number in numbers {
            batch.remove(&self.messages, key(mailbox, *number));
        }
        Ok(batch.commit()?)
    }
}
