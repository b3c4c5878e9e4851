//! What all stores can do, and which there are.

#[cfg(feature = "peers")]
mod fjall;
mod ours;
#[cfg(feature = "peers")]
mod redb;
#[cfg(feature = "peers")]
mod sqlite;

use std::path::Path;

use crate::Result;

/// The length of a body. With its mailbox and its number a record has 168 bytes.
pub const BODY: usize = 128;

/// Mailboxes among which the records are spread.
pub const MAILBOXES: u64 = 16;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub mailbox: [u8; 32],
    pub number: u64,
    pub body: Vec<u8>,
}

/// A store of mailboxes. What returns is on the disk.
pub trait Store {
    fn append(&mut self, records: &[Record]) -> Result<()>;

    /// The records of a mailbox behind a number, in order.
    fn read(&mut self, mailbox: &[u8; 32], after: u64, most: usize) -> Result<Vec<(u64, Vec<u8>)>>;

    fn acknowledge(&mut self, mailbox: &[u8; 32], numbers: &[u64]) -> Result<()>;

    /// Whether it told of damage by another way than an error.
    fn told(&mut self) -> bool {
        false
    }
}

/// The names of the stores.
pub const NAMES: &[&str] = if cfg!(feature = "peers") {
    &["tuyau", "fjall", "redb", "sqlite"]
} else {
    &["tuyau"]
};

/// Opens a store in a directory, which is empty at first.
pub fn open(name: &str, path: &Path) -> Result<Box<dyn Store>> {
    Ok(match name {
        "tuyau" => Box::new(ours::Ours::open(path)?),
        #[cfg(feature = "peers")]
        "fjall" => Box::new(fjall::Fjall::open(path)?),
        #[cfg(feature = "peers")]
        "redb" => Box::new(redb::Redb::open(path)?),
        #[cfg(feature = "peers")]
        "sqlite" => Box::new(sqlite::Sqlite::open(path)?),
        other => return Err(format!("no store {other}; there are {NAMES:?}").into()),
    })
}

/// The mailbox of a record.
pub fn mailbox(number: u64) -> [u8; 32] {
    let mut id = [0x40; 32];
    id[0] = (number % MAILBOXES) as u8;
    id
}

/// The record with a number. Numbers begin with 1.
pub fn record(number: u64) -> Record {
    let mut body = vec![0; BODY];
    for (at, word) in body.chunks_mut(8).enumerate() {
        let mixed = (number + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(at as u32);
        word.copy_from_slice(&mixed.to_le_bytes());
    }
    let mailbox = mailbox(number);
    Record {
        mailbox,
        number,
        body,
    }
}

/// The key of a record in a store of pairs: mailbox, number.
#[cfg(feature = "peers")]
fn key(mailbox: &[u8; 32], number: u64) -> [u8; 40] {
    let mut key = [0; 40];
    key[..32].copy_from_slice(mailbox);
    key[32..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The number in such a key.
#[cfg(feature = "peers")]
fn number(key: &[u8]) -> Result<u64> {
    let bytes = key.get(32..).and_then(|bytes| bytes.try_into().ok());
    Ok(u64::from_be_bytes(bytes.ok_or("a key of another length")?))
}
