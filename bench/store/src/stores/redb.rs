//! redb, a copy-on-write tree in one file.

use std::path::Path;

use redb::{Database, ReadableDatabase, TableDefinition};

use super::{Record, Result, Store, key, number};

const MESSAGES: TableDefinition<'_, [u8; 40], &[u8]> = TableDefinition::new("messages");

pub struct Redb {
    database: Database,
}

impl Redb {
    pub fn open(path: &Path) -> Result<Self> {
        let database = Database::create(path.join("messages.redb"))?;
        let write = database.begin_write()?;
        write.open_table(MESSAGES)?;
        write.commit()?;
        Ok(Self { database })
    }
}

impl Store for Redb {
    fn append(&mut self, records: &[Record]) -> Result<()> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(MESSAGES)?;
            for record in records {
                table.insert(key(&record.mailbox, record.number), &record.body[..])?;
            }
        }
        Ok(write.commit()?)
    }

    fn read(&mut self, mailbox: &[u8; 32], after: u64, most: usize) -> Result<Vec<(u64, Vec<u8>)>> {
        let read = self.database.begin_read()?;
        let table = read.open_table(MESSAGES)?;
        let range = key(mailbox, after + 1)..=key(mailbox, u64::MAX);
        let found = table.range(range)?.take(most);
        found
            .map(|pair| {
                let (key, body) = pair?;
                Ok((number(&key.value())?, body.value().to_vec()))
            })
            .collect()
    }

    fn acknowledge(&mut self, mailbox: &[u8; 32], numbers: &[u64]) -> Result<()> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(MESSAGES)?;
            for number in numbers {
                table.remove(key(mailbox, *number))?;
            }
        }
        Ok(write.commit()?)
    }
}
