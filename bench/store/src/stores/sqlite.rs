//! SQLite, with a write-ahead log that is synced at each commit.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{Record, Result, Store};

pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    pub fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path.join("messages.sqlite"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS messages (mailbox BLOB NOT NULL, number INTEGER NOT NULL,
             body BLOB NOT NULL, PRIMARY KEY (mailbox, number)) WITHOUT ROWID",
        )?;
        Ok(Self { connection })
    }
}

impl Store for Sqlite {
    fn append(&mut self, records: &[Record]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO messages VALUES (?1, ?2, ?3)")?;
            for record in records {
                insert.execute(params![record.mailbox, record.number as i64, record.body])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn read(&mut self, mailbox: &[u8; 32], after: u64, most: usize) -> Result<Vec<(u64, Vec<u8>)>> {
        let mut select = self.connection.prepare_cached(
            "SELECT number, body FROM messages WHERE mailbox = ?1 AND number > ?2
             ORDER BY number LIMIT ?3",
        )?;
        let rows = select.query_map(params![mailbox, after as i64, most as i64], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get(1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn acknowledge(&mut self, mailbox: &[u8; 32], numbers: &[u64]) -> Result<()> {
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return Ok(());
        };
        let mut delete = self.connection.prepare_cached(
            "DELETE FROM messages WHERE mailbox = ?1 AND number BETWEEN ?2 AND ?3",
        )?;
        delete.execute(params![mailbox, *first as i64, *last as i64])?;
        Ok(())
    }
}
