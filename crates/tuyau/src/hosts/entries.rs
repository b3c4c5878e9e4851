//! Reading the text of a hosts file. No I/O.

use std::{collections::HashMap, net::IpAddr};

use super::{Problem, ProblemKind};

/// The most addresses of one name that are used; those on later lines are left out.
pub const MAX_ADDRESSES: usize = 32;

/// The most problems that are kept; further ones are only counted.
pub const MAX_PROBLEMS: usize = 256;

/// The longest name, in bytes (RFC 1035, section 2.3.4).
const MAX_NAME: usize = 253;

/// The content of a hosts file.
///
/// ```
/// use tuyau::hosts::Entries;
///
/// let entries = Entries::parse(b"127.0.0.1 localhost\n::1 localhost ip6-loopback\n192.0.2.300 attic\n");
/// assert_eq!(entries.find("LocalHost").len(), 2);
/// assert_eq!(
///     entries.problems()[0].to_string(),
///     "line 3, column 1: expected an IPv4 or IPv6 address, found \"192.0.2.300\"; \
///      write a line as `192.0.2.1 name`"
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    names: HashMap<Box<str>, Vec<IpAddr>>,
    problems: Vec<Problem>,
    /// Names on lines that were left out, with the number of the problem.
    left_out: HashMap<Box<str>, usize>,
    further: usize,
}

impl Entries {
    /// Reads the text of a hosts file. Whatever it is, what can be used of it is.
    pub fn parse(text: &[u8]) -> Self {
        let mut entries = Self::default();
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            entries.line(number + 1, line);
        }
        entries
    }

    /// The addresses of a name in the order of the file, whatever the case of its letters and with
    /// or without a final dot; none when it is not in the file.
    pub fn find(&self, name: &str) -> &[IpAddr] {
        let found = self.names.get(&*canonical(name));
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// What was left out, in the order of the file, at most [`MAX_PROBLEMS`].
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems there are beyond those that [`problems`](Self::problems) gives.
    pub fn further_problems(&self) -> usize {
        self.further
    }

    /// How many names have an address.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no name has an address.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What is wrong with a line on which this name stands.
    pub fn problem_with(&self, name: &str) -> Option<&Problem> {
        self.problems.get(*self.left_out.get(&*canonical(name))?)
    }

    fn line(&mut self, number: usize, line: &[u8]) {
        let end = line.iter().position(|&byte| byte == b'#');
        let mut words = words(&line[..end.unwrap_or(line.len())]);
        let Some((column, first)) = words.next() else {
            return;
        };
        let address = str::from_utf8(first)
            .ok()
            .and_then(|text| text.parse::<IpAddr>().ok());
        let Some(address) = address else {
            let problem = Problem::new(number, column, first, ProblemKind::Address);
            return self.leave_out(problem, words.map(|(_, word)| word));
        };
        let mut named = false;
        for (column, word) in words {
            named = true;
            match name(word) {
                Some(name) => self.add(number, column, name, address),
                None => {
                    let problem = Problem::new(number, column, word, ProblemKind::Name);
                    self.leave_out(problem, [word].into_iter());
                }
            }
        }
        if !named {
            let problem = Problem::new(number, column, first, ProblemKind::NoName);
            self.leave_out(problem, [].into_iter());
        }
    }

    fn add(&mut self, line: usize, column: usize, name: String, address: IpAddr) {
        let addresses = self.names.entry(name.as_str().into()).or_default();
        if addresses.contains(&address) {
            return;
        }
        if addresses.len() < MAX_ADDRESSES {
            return addresses.push(address);
        }
        let problem = Problem::new(line, column, name.as_bytes(), ProblemKind::TooMany);
        self.leave_out(problem, [].into_iter());
    }

    fn leave_out<'a>(&mut self, problem: Problem, names: impl Iterator<Item = &'a [u8]>) {
        if self.problems.len() == MAX_PROBLEMS {
            self.further += 1;
            return;
        }
        let index = self.problems.len();
        self.problems.push(problem);
        for name in names.filter_map(|word| str::from_utf8(word).ok()) {
            let known = self.left_out.entry(canonical(name).into());
            known.or_insert(index);
        }
    }
}

/// The words of a line, each with its column: in bytes, counted from 1.
fn words(line: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    let words = line.split(|&byte| is_blank(byte)).map(move |word| {
        let column = at + 1;
        at += word.len() + 1;
        (column, word)
    });
    words.filter(|(_, word)| !word.is_empty())
}

/// Space, tab, carriage return, vertical tab and form feed.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

/// A name as the table has it, when the word is one.
fn name(word: &[u8]) -> Option<String> {
    let name = canonical(str::from_utf8(word).ok()?);
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let fits = (1..=MAX_NAME).contains(&name.len());
    (fits && name.bytes().all(sound)).then_some(name)
}

fn canonical(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, name: &str) -> Vec<String> {
        let entries = Entries::parse(text.as_bytes());
        entries.find(name).iter().map(ToString::to_string).collect()
    }

    fn problems(text: &[u8]) -> Vec<String> {
        let entries = Entries::parse(text);
        entries.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn finds_names_and_aliases_in_the_order_of_the_file() {
        let text = "# names\n\n10.0.0.1\tone  Uno.Example # eins\n::1 one\r\n10.0.0.2 one\n\
                    10.0.0.1 one\n0.0.0.0 two.";
        assert_eq!(find(text, "one"), ["10.0.0.1", "::1", "10.0.0.2"]);
        assert_eq!(find(text, "UNO.example."), ["10.0.0.1"]);
        assert_eq!(find(text, "two"), ["0.0.0.0"]);
        for absent in ["eins", "names", "", ".", "10.0.0.1", "on"] {
            assert!(find(text, absent).is_empty(), "{absent}");
        }
        assert!(problems(text.as_bytes()).is_empty());
    }

    #[test]
    fn says_where_a_line_is_wrong_and_uses_the_rest() {
        let text =
            b"10.0.0.1 one\n  256.0.0.1 two\nfe80::1%lo0 three\n10.0.0.9\n10.0.0.3 a/b four\n\
                     10.0.0.4 \xff\n";
        assert_eq!(
            problems(text),
            [
                "line 2, column 3: expected an IPv4 or IPv6 address, found \"256.0.0.1\"; \
                 write a line as `192.0.2.1 name`",
                "line 3, column 1: expected an IPv4 or IPv6 address, found \"fe80::1%lo0\"; \
                 write a line as `192.0.2.1 name`",
                "line 4, column 1: expected one name or more after \"10.0.0.9\"; \
                 add a name, or remove the line",
                "line 5, column 10: expected a name of letters, digits, `-`, `_` and `.`, of at most \
                 253 bytes, found \"a/b\"; correct it",
                "line 6, column 10: expected a name of letters, digits, `-`, `_` and `.`, of at most \
                 253 bytes, found \"\\xff\"; correct it",
            ]
        );
        let entries = Entries::parse(text);
        assert_eq!(entries.len(), 2);
        assert_eq!(entries.find("four").len(), 1);
        assert_eq!(entries.problem_with("TWO").unwrap().line(), 2);
        assert_eq!(entries.problem_with("three").unwrap().column(), 1);
        assert!(entries.problem_with("one").is_none());
    }

    #[test]
    fn bounds_the_addresses_of_a_name_and_the_problems_that_are_kept() {
        let mut text = String::new();
        for number in 0..40 {
            text += &format!("10.0.0.{number} many\n");
        }
        let entries = Entries::parse(text.as_bytes());
        assert_eq!(entries.find("many").len(), MAX_ADDRESSES);
        assert_eq!(entries.problems()[0].kind(), ProblemKind::TooMany);
        assert_eq!(entries.problems()[0].line(), MAX_ADDRESSES + 1);

        let entries = Entries::parse("x y\n".repeat(MAX_PROBLEMS + 3).as_bytes());
        assert_eq!(entries.problems().len(), MAX_PROBLEMS);
        assert_eq!(entries.further_problems(), 3);
    }

    #[test]
    fn shows_a_long_word_cut_and_without_control_characters() {
        let long = "z".repeat(10_000);
        let shown = problems(format!("{long} name").as_bytes()).remove(0);
        assert!(shown.len() < 300, "{shown}");
        let shown = problems(b"\x1b[2J name").remove(0);
        assert!(
            shown.contains(r"\x1b[2J") && !shown.contains('\x1b'),
            "{shown}"
        );
    }
}
