//! What a field of a message says, for a person and for a program.

use core::fmt;

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use crate::Identity;

/// How many characters of a body that is text are shown, and how many bytes of others.
const CHARACTERS: usize = 64;
const BYTES: usize = 24;

/// The end of the year 9999, from which on a date says nothing.
const FAR: u64 = 253_402_300_800;

/// A part of a message with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name, as the specification has it.
    pub name: &'static str,
    /// What it says.
    pub value: Value<'a>,
}

impl<'a> Field<'a> {
    pub(super) fn new(name: &'static str, value: Value<'a>) -> Self {
        Self { name, value }
    }
}

/// `name value`, on one line.
impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.value)
    }
}

/// What a [`Field`] says.
///
/// It prints on one line, and without anything that could steer a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Nothing: null.
    Nothing,
    /// Yes or no.
    Truth(bool),
    /// A number.
    Number(u64),
    /// A moment, in seconds since the begin of 1970 in UTC.
    Moment(u64),
    /// A word of the specification, such as a class.
    Word(Cow<'static, str>),
    /// A text that the peer chose; the protocol bounds it.
    Text(String),
    /// An identity.
    Identity(Identity),
    /// Bytes that mean nothing to the protocol: a body.
    Body(&'a [u8]),
    /// Several.
    List(Vec<Value<'a>>),
    /// What has parts with names, such as a record.
    Parts(Vec<Field<'a>>),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("none"),
            Self::Truth(true) => f.write_str("yes"),
            Self::Truth(false) => f.write_str("no"),
            Self::Number(number) => number.fmt(f),
            Self::Moment(seconds) => write_moment(*seconds, f),
            Self::Word(word) => f.write_str(word),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Identity(identity) => identity.fmt(f),
            Self::Body(bytes) => write_body(bytes, f),
            Self::List(values) => write_list('[', values, ']', f),
            Self::Parts(fields) => write_list('{', fields, '}', f),
        }
    }
}

fn write_list<T: fmt::Display>(
    open: char,
    items: &[T],
    close: char,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(f, "{open}")?;
    for (index, item) in items.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{item}")?;
    }
    write!(f, "{close}")
}

/// The length of a body, and its text or the first of its bytes.
fn write_body(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let unit = if bytes.len() == 1 { "byte" } else { "bytes" };
    write!(f, "{} {unit}", bytes.len())?;
    if let Some(text) = printable(bytes).filter(|text| !text.is_empty()) {
        // In quotes, with all that is not printable escaped.
        let short: String = text.chars().take(CHARACTERS).collect();
        let more = if short.len() < text.len() { "…" } else { "" };
        return write!(f, " {short:?}{more}");
    }
    for (index, byte) in bytes.iter().take(BYTES).enumerate() {
        write!(f, "{}{byte:02x}", if index == 0 { " " } else { "" })?;
    }
    match bytes.len() > BYTES {
        true => write!(f, "…"),
        false => Ok(()),
    }
}

/// The bytes as a text that a person can read: UTF-8 without control characters but those that
/// separate lines and columns.
pub(super) fn printable(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    let plain = |character: char| !character.is_control() || "\t\n\r".contains(character);
    text.chars().all(plain).then_some(text)
}

/// A number of seconds and the date that it means.
fn write_moment(seconds: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if seconds >= FAR {
        return write!(f, "{seconds} (after the year 9999)");
    }
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    write!(
        f,
        "{seconds} ({year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC)"
    )
}

/// Year, month and day of a number of days since the begin of 1970 (Gregorian calendar).
fn date(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day at the end. From March of the year 0 to 1970
    // there are 719,468 days, and 400 years have 146,097.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

impl From<&str> for Value<'_> {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_a_date() {
        for (seconds, date) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_799, "2000-02-29 23:59:59"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_900_000_000, "2030-03-17 17:46:40"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (FAR - 1, "9999-12-31 23:59:59"),
        ] {
            let shown = Value::Moment(seconds).to_string();
            assert_eq!(shown, alloc::format!("{seconds} ({date} UTC)"));
        }
        assert!(Value::Moment(u64::MAX).to_string().ends_with("9999)"));
    }

    #[test]
    fn a_body_is_a_text_where_it_can_be_read() {
        let shown = |bytes: &[u8]| Value::Body(bytes).to_string();
        assert_eq!(shown(b""), "0 bytes");
        assert_eq!(shown(b"x"), "1 byte \"x\"");
        assert_eq!(shown(b"a\nb"), "3 bytes \"a\\nb\"");
        assert_eq!(shown("dé".as_bytes()), "3 bytes \"dé\"");
        assert_eq!(shown(b"\x1b[2J"), "4 bytes 1b5b324a");
        assert_eq!(shown(&[0xff]), "1 byte ff");
    }

    #[test]
    fn what_is_long_is_shortened() {
        let text = Value::Body(&[b'x'; 1_000]).to_string();
        assert!(text.starts_with("1000 bytes \"xxx") && text.ends_with("\"…"));
        let bytes = Value::Body(&[0xab; 1_000]).to_string();
        assert!(bytes.starts_with("1000 bytes abab") && bytes.ends_with("ab…"));
        assert!(text.chars().count() < 100 && bytes.chars().count() < 100);
    }

    /// A text that would turn the direction of what follows it.
    #[test]
    fn nothing_steers_a_terminal() {
        let text = "a\u{202e}b\u{200b}c\u{feff}\u{1b}".to_string();
        let shown = Value::Text(text).to_string();
        assert!(shown.is_ascii(), "{shown}");
    }
}
