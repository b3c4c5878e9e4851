//! Opening a log: every record is read, damage is told, and what was not finished is cut off.

use std::collections::{BTreeSet, VecDeque};

use super::{
    Log, LogSettings, Place,
    header::{HEADER, Header, Read, Which, index_name, log_name, number_of},
    index::{self, Index},
    reading::Reader,
    scan::{self, Scan, Verdict},
    segment::{self, Active, Segment},
};
use crate::store::{
    Damage, Files, StoreError, StoreErrorKind,
    files::{OpenFile, Random},
};

/// What is found while a log is opened, in the order in which it was written.
pub(crate) enum Event<'a> {
    /// A record.
    Record {
        place: Place,
        kind: u8,
        tag: &'a [u8],
        rest: &'a [u8],
    },
    /// A record that is lost, with what is known of it; the kind is zero when nothing is.
    Lost {
        found: Found,
        kind: u8,
        tag: &'a [u8],
    },
    /// Something is not as it should be, and nothing is lost by it.
    Note(Found),
}

/// Where and how something is damaged.
pub(crate) struct Found {
    pub(crate) file: String,
    pub(crate) offset: u32,
    pub(crate) damage: Damage,
}

/// The two files of a segment. The buffers serve for all.
#[derive(Default)]
struct Files2 {
    number: u32,
    log: Vec<u8>,
    index: Vec<u8>,
    last: bool,
}

impl Log {
    /// Opens the log in a directory and tells what is in it.
    ///
    /// # Errors
    /// When files cannot be read or mended, or are of another version.
    pub(crate) fn open(
        mut files: Box<dyn Files>,
        settings: LogSettings,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Self, StoreError> {
        let names = files
            .list()
            .map_err(|error| StoreError::disk("list", "directory", error))?;
        let numbers: BTreeSet<u32> = names.iter().filter_map(|name| number_of(name)).collect();
        let (first, last) = (numbers.first().copied(), numbers.last().copied());
        let mut log = Self {
            files,
            settings,
            random: Random::new(settings.seed),
            segments: VecDeque::new(),
            active: None,
            reader: Reader::new(),
            base: 0,
            live: 0,
            next_number: 1,
            failed: None,
        };
        let mut both = Files2::default();
        for number in first.unwrap_or(1)..=last.unwrap_or(0) {
            if numbers.contains(&number) {
                (both.number, both.last) = (number, last == Some(number));
                log.open_segment(&mut both, tell)?;
            } else {
                log.next_number = number + 1;
                tell(lost(log_name(number), Damage::Missing));
            }
        }
        Ok(log)
    }

    fn open_segment(
        &mut self,
        both: &mut Files2,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), StoreError> {
        let (number, last) = (both.number, both.last);
        self.read_or_empty(&log_name(number), &mut both.log)?;
        self.read_or_empty(&index_name(number), &mut both.index)?;
        let both = &*both;
        let Some(header) = self.header(both, tell)? else {
            return Ok(());
        };
        self.next_number = number + 1;
        self.base = self.base.max(header.base);
        let index = index::read(&both.index, &header, self.settings.purpose);
        let mut scan = scan::scan(&both.log, &index, header.salt);
        // The index of a segment that is not the newest is complete, unless it is damaged.
        let cut = if last || !index.damaged {
            scan.cut()
        } else {
            None
        };
        tell_all(both, &scan, tell);
        let end = scan.pieces.last().map_or(HEADER as u32, scan::Piece::end);
        let index_end = self.mend(both, &header, &scan, (&index, cut), tell)?;
        if last {
            let files = (self.open_file(&log_name(number))?, end);
            let index = (self.open_file(&index_name(number))?, index_end);
            self.active = Some(Active::over(&header, files, index));
        }
        self.segments.push_back(Segment {
            number,
            header,
            end,
            live: 0,
        });
        Ok(())
    }

    /// The header of a segment, from whichever file has it; none when it cannot be known.
    fn header(
        &mut self,
        both: &Files2,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<Header>, StoreError> {
        let purpose = self.settings.purpose;
        let (number, name) = (both.number, log_name(both.number));
        for (bytes, which) in [(&both.log, Which::Log), (&both.index, Which::Index)] {
            match Header::decode(bytes, purpose, which, number) {
                Read::Good(header) => return Ok(Some(header)),
                Read::Version(version) => {
                    let text = format!(
                        "the store's file {name} is of version {version}, this program knows 1; use the program that wrote it"
                    );
                    return Err(StoreError::new(StoreErrorKind::Version, text));
                }
                Read::Damaged => {}
            }
        }
        let empty = |bytes: &[u8]| bytes.iter().skip(HEADER).all(|byte| *byte == 0);
        if both.last && empty(&both.log) && empty(&both.index) {
            // It was being made, and nothing was written to it yet.
            segment::remove(&mut *self.files, number)?;
            return Ok(None);
        }
        self.next_number = number + 1;
        tell(lost(name, Damage::Checksum));
        Ok(None)
    }

    /// Makes the files what they should be, and gives where the index ends then.
    fn mend(
        &mut self,
        both: &Files2,
        header: &Header,
        scan: &Scan,
        (index, cut): (&Index, Option<u32>),
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<u64, StoreError> {
        let (number, purpose) = (both.number, self.settings.purpose);
        let name = log_name(number);
        let right = Header::decode(&both.log, purpose, Which::Log, number);
        let whole = both.log.len() as u64 == header.size;
        if right == Read::Damaged || !whole || cut.is_some() {
            let mut note = |damage, offset| {
                tell(Event::Note(Found {
                    file: name.clone(),
                    offset,
                    damage,
                }));
            };
            if right == Read::Damaged {
                note(Damage::Checksum, 0);
            }
            if !whole {
                note(Damage::Length, both.log.len() as u32);
            }
            if let Some(cut) = cut {
                note(Damage::Unfinished, cut);
            }
            let zeros = cut.map_or(0..0, |cut| cut..scan.used.max(cut));
            self.mend_log(&name, header, zeros)
                .map_err(|error| StoreError::disk("mend", &name, error))?;
        }
        if !index.damaged && index.lines.len() == scan.pieces.len() {
            return Ok(index.end);
        }
        // What the process wrote before it was killed need not be on the disk, and will have a line.
        self.open_file(&name)?
            .sync()
            .map_err(|error| StoreError::disk("sync", &name, error))?;
        let (file, damage) = (index_name(number), Damage::Index);
        let offset = index.end as u32;
        tell(Event::Note(Found {
            file: file.clone(),
            offset,
            damage,
        }));
        self.write_index(both, header, scan)
            .map_err(|error| StoreError::disk("mend", &file, error))
    }

    fn mend_log(
        &mut self,
        name: &str,
        header: &Header,
        zeros: std::ops::Range<u32>,
    ) -> std::io::Result<()> {
        let mut file = open_or_create(&mut *self.files, name)?;
        file.set_length(header.size)?;
        file.write_at(0, &header.encode(self.settings.purpose, Which::Log))?;
        file.write_at(u64::from(zeros.start), &vec![0; zeros.len()])?;
        file.sync()
    }

    /// Writes the index of a segment anew, and gives where it ends.
    fn write_index(&mut self, both: &Files2, header: &Header, scan: &Scan) -> std::io::Result<u64> {
        let mut bytes = header.encode(self.settings.purpose, Which::Index).to_vec();
        for piece in scan.pieces.iter().filter(|piece| piece.kind != 0) {
            let tag = piece.tag(&both.log, &both.index);
            let at = (header.salt, bytes.len() as u64);
            index::write(
                &mut bytes,
                at,
                (piece.offset, piece.length, piece.kind),
                tag,
            );
        }
        let mut file = open_or_create(&mut *self.files, &index_name(both.number))?;
        file.set_length(0)?;
        file.write_at(0, &bytes)?;
        file.sync()?;
        Ok(bytes.len() as u64)
    }

    fn read_or_empty(&mut self, name: &str, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        match segment::read_all(&mut *self.files, name, bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                bytes.clear();
                Ok(())
            }
            read => read.map_err(|error| StoreError::disk("read", name, error)),
        }
    }

    fn open_file(&mut self, name: &str) -> Result<Box<dyn OpenFile>, StoreError> {
        open_or_create(&mut *self.files, name)
            .map_err(|error| StoreError::disk("open", name, error))
    }
}

fn tell_all(both: &Files2, scan: &Scan, tell: &mut dyn FnMut(Event<'_>)) {
    for piece in &scan.pieces {
        match piece.verdict {
            Verdict::Good => {
                let (tag, rest) = piece.parts(&both.log);
                let (place, kind) = (piece.place(both.number), piece.kind);
                tell(Event::Record {
                    place,
                    kind,
                    tag,
                    rest,
                });
            }
            Verdict::Bad(damage) => {
                let (file, offset) = (log_name(both.number), piece.offset);
                tell(Event::Lost {
                    found: Found {
                        file,
                        offset,
                        damage,
                    },
                    kind: piece.kind,
                    tag: piece.tag(&both.log, &both.index),
                });
            }
        }
    }
}

/// A whole segment is lost, and nothing tells what was in it.
fn lost(file: String, damage: Damage) -> Event<'static> {
    let offset = 0;
    Event::Lost {
        found: Found {
            file,
            offset,
            damage,
        },
        kind: 0,
        tag: &[],
    }
}

fn open_or_create(files: &mut dyn Files, name: &str) -> std::io::Result<Box<dyn OpenFile>> {
    match files.open(name) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let file = files.create(name)?;
            files.sync_directory()?;
            Ok(file)
        }
        opened => opened,
    }
}
