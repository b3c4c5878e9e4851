//! What messages say: text, CBOR or bytes, from the command line or standard input, and to the screen.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    io::{self, BufRead as _, Read as _, Write as _},
};

use minicbor::{Encoder, encode};
use serde_json::Value;
use tokio::sync::mpsc;

use super::super::{CommandError, CommandErrorKind};
use crate::{args::ReachArgs, printable::one_line};

/// What bodies are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Cbor,
    Raw,
}

impl Form {
    pub(super) fn of(reach: &ReachArgs) -> Self {
        match (reach.cbor, reach.raw) {
            (true, _) => Self::Cbor,
            (_, true) => Self::Raw,
            _ => Self::Text,
        }
    }

    /// The body that a word or a line stands for.
    fn encode(self, word: &[u8]) -> Result<Vec<u8>, CommandError> {
        if self != Self::Cbor {
            return Ok(word.to_vec());
        }
        let value: Value = serde_json::from_slice(word).map_err(|error| {
            let text = one_line(&String::from_utf8_lossy(word));
            CommandError::caused(CommandErrorKind::Message, NoJson { text, error })
        })?;
        let mut encoder = Encoder::new(Vec::new());
        // Writing to memory does not fail.
        let written = write(&value, &mut encoder);
        debug_assert!(written.is_ok());
        Ok(encoder.into_writer())
    }

    /// A body for a person or a program, on one line.
    pub(super) fn show(self, body: &[u8]) -> String {
        match self {
            Self::Cbor => one_line(&minicbor::display(body).to_string()),
            Self::Text | Self::Raw => one_line(&String::from_utf8_lossy(body)),
        }
    }
}

/// The messages that are to be sent, one after the other.
pub(super) struct Bodies {
    form: Form,
    source: Source,
}

enum Source {
    Words(std::vec::IntoIter<String>),
    /// Read by a thread of its own, so that the session goes on while a person thinks.
    Input(mpsc::Receiver<io::Result<Vec<u8>>>),
}

impl Bodies {
    /// From these words, or from standard input where there is none.
    pub(super) fn new(form: Form, words: Vec<String>) -> Self {
        let source = match words.is_empty() {
            false => Source::Words(words.into_iter()),
            true => Source::Input(read_input(form)),
        };
        Self { form, source }
    }

    /// The next one; `None` when there are no more.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, CommandError> {
        let body = match &mut self.source {
            Source::Words(words) => words.next().map(String::into_bytes),
            Source::Input(input) => input.recv().await.transpose()?,
        };
        body.map(|body| self.form.encode(&body)).transpose()
    }
}

/// Reads standard input: raw as one message, otherwise each line as one.
fn read_input(form: Form) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, input) = mpsc::channel(64);
    std::thread::spawn(move || {
        if form == Form::Raw {
            let mut body = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut body);
            // When nobody takes it the command is at its end.
            let _ = sender.blocking_send(read.map(|_| body));
            return;
        }
        while let Some(line) = line().transpose() {
            let failed = line.is_err();
            if sender.blocking_send(line).is_err() || failed {
                return;
            }
        }
    });
    input
}

/// The next line of standard input, without its end.
fn line() -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    for end in [b'\n', b'\r'] {
        if line.last() == Some(&end) {
            line.pop();
        }
    }
    Ok(Some(line))
}

/// Writes a body as it is.
pub(super) fn print_raw(body: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(body).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

type Written = Result<(), encode::Error<Infallible>>;

/// Writes a JSON value as CBOR.
fn write(value: &Value, encoder: &mut Encoder<Vec<u8>>) -> Written {
    match value {
        Value::Null => encoder.null()?.ok(),
        Value::Bool(value) => encoder.bool(*value)?.ok(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => encoder.u64(number)?.ok(),
            (None, Some(number)) => encoder.i64(number)?.ok(),
            _ => encoder.f64(number.as_f64().unwrap_or(f64::NAN))?.ok(),
        },
        Value::String(text) => encoder.str(text)?.ok(),
        Value::Array(values) => {
            encoder.array(values.len() as u64)?;
            values.iter().try_for_each(|value| write(value, encoder))
        }
        Value::Object(entries) => {
            encoder.map(entries.len() as u64)?;
            entries.iter().try_for_each(|(key, value)| {
                encoder.str(key)?;
                write(value, encoder)
            })
        }
    }
}

/// A word or a line that should be JSON.
#[derive(Debug)]
struct NoJson {
    text: String,
    error: serde_json::Error,
}

impl fmt::Display for NoJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected JSON to make CBOR of, found {:?}: quote texts twice, as in '\"text\"'",
            self.text
        )
    }
}

impl Error for NoJson {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_becomes_cbor_that_is_shown_as_it_was_given() {
        let text = r#"{"a": [1, -2, true, null], "b": "x"}"#;
        let body = Form::Cbor.encode(text.as_bytes()).unwrap();
        assert_eq!(body[..3], [0xa2, 0x61, b'a']);
        assert_eq!(Form::Cbor.show(&body), text);
        let error = Form::Cbor.encode(b"hello").unwrap_err().to_string();
        assert!(error.contains("quote texts twice"), "{error}");
    }

    #[test]
    fn what_could_steer_a_terminal_is_not_shown() {
        assert_eq!(Form::Text.show(b"a\x1b[2Jb"), "a\u{fffd}[2Jb");
    }
}
