//! The headers of the files, and their names.

/// The length of a file header.
pub(super) const HEADER: usize = 44;

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// What the header of both files of a segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) salt: u32,
    pub(super) number: u64,
    pub(super) base: u64,
    pub(super) size: u64,
}

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Log,
    Index,
}

/// What the first bytes of a file are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Good(Header),
    Damaged,
    Version(u32),
}

impl Header {
    pub(super) fn encode(&self, purpose: u8, which: Which) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&magic(purpose, which));
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.base.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.size.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..40]);
        bytes[40..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the header of the file of a segment with this number.
    pub(super) fn decode(bytes: &[u8], purpose: u8, which: Which, number: u32) -> Read {
        let Some(bytes) = bytes.first_chunk::<HEADER>() else {
            return Read::Damaged;
        };
        let sound = crc32fast::hash(&bytes[..40]).to_le_bytes() == bytes[40..];
        if !sound || bytes[..8] != magic(purpose, which) {
            return Read::Damaged;
        }
        let version = u32_at(bytes, 8);
        if version != VERSION {
            return Read::Version(version);
        }
        let header = Self {
            salt: u32_at(bytes, 12),
            number: u64_at(bytes, 16),
            base: u64_at(bytes, 24),
            size: u64_at(bytes, 32),
        };
        let fits = header.number == u64::from(number) && u32::try_from(header.size).is_ok();
        if fits {
            Read::Good(header)
        } else {
            Read::Damaged
        }
    }
}

fn magic(purpose: u8, which: Which) -> [u8; 8] {
    let which = match which {
        Which::Log => b'l',
        Which::Index => b'i',
    };
    [b't', b'u', b'y', b'a', b'u', b'.', purpose, which]
}

/// Four bytes as a number; zeros where there are none.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Eight bytes as a number; zeros where there are none.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

pub(super) fn log_name(number: u32) -> String {
    format!("{number:010}.log")
}

pub(super) fn index_name(number: u32) -> String {
    format!("{number:010}.index")
}

/// The number of the segment to which a file belongs, when it belongs to one.
pub(super) fn number_of(name: &str) -> Option<u32> {
    let (digits, ending) = name.split_once('.')?;
    let ours = digits.len() == 10 && matches!(ending, "log" | "index");
    ours.then(|| digits.parse().ok())
        .flatten()
        .filter(|number| *number > 0)
}
