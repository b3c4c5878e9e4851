//! One test vector, and the text file that holds it.

use super::annotate;

/// Bytes, and what a decoder makes of them.
#[derive(Clone, Debug)]
pub struct Vector {
    /// `message`, `frame` or `session`.
    pub folder: &'static str,
    pub name: String,
    /// What the case is about, in a line.
    pub title: String,
    pub expect: Expect,
    pub bytes: Vec<u8>,
}

/// What a decoder makes of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// They are a message.
    Valid,
    /// They are a message with a statement whose signature does not verify.
    BadSignature,
    /// They are refused with this kind of error, at this offset if it has one.
    Refused { kind: String, offset: Option<usize> },
    /// They begin with a whole frame whose message has this length.
    Frame { message: usize },
    /// They are the begin of a frame, which lacks at least that many bytes.
    More { missing: usize },
    /// They are frames with valid messages.
    Stream,
}

impl Expect {
    fn to_text(&self) -> String {
        match self {
            Self::Valid => "valid".into(),
            Self::BadSignature => "valid, bad signature".into(),
            Self::Refused {
                kind,
                offset: Some(offset),
            } => format!("refused, {kind} at {offset}"),
            Self::Refused { kind, offset: None } => format!("refused, {kind}"),
            Self::Frame { message } => format!("frame with a message of {message}"),
            Self::More { missing } => format!("more, at least {missing}"),
            Self::Stream => "frames with valid messages".into(),
        }
    }
}

impl Vector {
    /// The path of its file in the directory of the vectors.
    pub fn path(&self) -> String {
        let folder = match self.expect {
            Expect::Refused { .. } => "/invalid",
            Expect::Stream => "",
            _ => "/valid",
        };
        format!("{}{folder}/{}.hex", self.folder, self.name)
    }

    /// The text of its file.
    pub fn to_text(&self) -> String {
        let mut text = format!("# {}\n# expect: {}\n", self.title, self.expect.to_text());
        match self.expect {
            Expect::Valid | Expect::BadSignature => annotate::items(&self.bytes, &mut text),
            _ => annotate::plain(&self.bytes, &mut text),
        }
        text
    }
}

/// Reads a file as anyone would: `#` and what follows on its line is a comment, the rest is hex.
/// Gives the text after `# expect: ` and the bytes.
pub fn parse(text: &str) -> (String, Vec<u8>) {
    let expect = text
        .lines()
        .find_map(|line| line.strip_prefix("# expect: "));
    let digits: Vec<u32> = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().chars())
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    let bytes = digits
        .chunks(2)
        .map(|pair| (pair[0] << 4 | pair[1]) as u8)
        .collect();
    (expect.unwrap_or_default().into(), bytes)
}
