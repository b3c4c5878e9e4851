//! Times in certificates, read and printed.

use std::fmt;

/// Seconds since 1970, in UTC; it prints as date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

const DAY: i64 = 86_400;

impl Moment {
    /// Reads a `UTCTime` (tag 23) or `GeneralizedTime` (tag 24) as RFC 5280 has them, section 4.1.2.5.
    pub(super) fn read(tag: u8, text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b"Z")?;
        if !text.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let (year, rest) = match (tag, text.len()) {
            (23, 12) => match number(&text[..2]) {
                year @ 50.. => (1900 + year, &text[2..]),
                year => (2000 + year, &text[2..]),
            },
            (24, 14) => (number(&text[..4]), &text[4..]),
            _ => return None,
        };
        let part = |index: usize| number(&rest[2 * index..2 * index + 2]);
        let (month, day, hour, minute, second) = (part(0), part(1), part(2), part(3), part(4));
        let valid = (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let days = days_from_civil(year, month, day);
        valid.then_some(Self(days * DAY + hour * 3_600 + minute * 60 + second))
    }
}

fn number(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

/// Days from 1970-01-01, by counting years from March: the leap day is then the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = era * 400 + years + i64::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let seconds = self.0.rem_euclid(DAY);
        let (hour, minute) = (seconds / 3_600, seconds / 60 % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02} UTC",
            seconds % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_both_forms() {
        for (tag, text, printed) in [
            (23, "700101000000Z", "1970-01-01 00:00:00 UTC"),
            (23, "491231235959Z", "2049-12-31 23:59:59 UTC"),
            (23, "500101000000Z", "1950-01-01 00:00:00 UTC"),
            (24, "20240229120003Z", "2024-02-29 12:00:03 UTC"),
            (24, "99991231235959Z", "9999-12-31 23:59:59 UTC"),
        ] {
            let moment = Moment::read(tag, text.as_bytes()).unwrap();
            assert_eq!(moment.to_string(), printed);
        }
        assert_eq!(
            Moment::read(24, b"20240301000000Z"),
            Some(Moment(1_709_251_200))
        );
    }

    #[test]
    fn refuses_other_texts() {
        for text in [
            "",
            "Z",
            "7001010000Z",
            "700001000000Z",
            "70010100000aZ",
            "700101000000",
        ] {
            assert_eq!(Moment::read(23, text.as_bytes()), None, "{text}");
        }
        assert_eq!(Moment::read(24, b"700101000000Z"), None);
    }
}
