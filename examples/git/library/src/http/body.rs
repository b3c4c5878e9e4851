//! The body of an answer (RFC 9112, sections 6 and 7).

use std::io;

use super::head::invalid;

/// How much of a body is still to come.
pub(super) struct Body(State);

enum State {
    /// This many bytes.
    Length(u64),
    /// The line with the length of a chunk.
    ChunkHead,
    /// This many bytes of a chunk.
    Chunk(u64),
    /// The line break after a chunk.
    ChunkEnd,
    /// Fields after the last chunk, up to an empty line.
    Trailer,
    /// Everything up to the end of the connection.
    ToTheEnd,
    Over,
}

impl Body {
    pub(super) fn of_length(length: u64) -> Self {
        Self(match length {
            0 => State::Over,
            length => State::Length(length),
        })
    }

    pub(super) fn chunked() -> Self {
        Self(State::ChunkHead)
    }

    pub(super) fn to_the_end() -> Self {
        Self(State::ToTheEnd)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.0, State::Over)
    }

    /// The connection ended where more was expected, or where nobody knew.
    pub(super) fn connection_ended(&mut self) -> io::Result<()> {
        match self.0 {
            State::ToTheEnd => self.0 = State::Over,
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    /// Moves bytes of the body from `input` to `buffer`: how many were taken and how many given. With
    /// none taken more input is needed.
    pub(super) fn take(&mut self, input: &[u8], buffer: &mut [u8]) -> io::Result<(usize, usize)> {
        let some = |left: u64| {
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            left.min(input.len()).min(buffer.len())
        };
        let count = match self.0 {
            State::Length(left) | State::Chunk(left) => some(left),
            State::ToTheEnd => some(u64::MAX),
            State::Over => 0,
            _ => return Ok((self.take_line(input)?, 0)),
        };
        buffer[..count].copy_from_slice(&input[..count]);
        match &mut self.0 {
            State::Length(left) | State::Chunk(left) => *left -= count as u64,
            _ => {}
        }
        self.0 = match std::mem::replace(&mut self.0, State::Over) {
            State::Length(0) => State::Over,
            State::Chunk(0) => State::ChunkEnd,
            state => state,
        };
        Ok((count, count))
    }

    /// Takes what stands between the bytes of chunks.
    fn take_line(&mut self, input: &[u8]) -> io::Result<usize> {
        if let State::ChunkHead = self.0 {
            let parsed = httparse::parse_chunk_size(input);
            let parsed = parsed.map_err(|_| invalid("a chunk has no valid length"))?;
            let httparse::Status::Complete((taken, length)) = parsed else {
                return wants_more(input, "the line with the length of a chunk is too long");
            };
            self.0 = match length {
                0 => State::Trailer,
                length => State::Chunk(length),
            };
            return Ok(taken);
        }
        let Some(end) = input.windows(2).position(|pair| pair == b"\r\n") else {
            return wants_more(input, "a line after a chunk is too long");
        };
        self.0 = match (&self.0, end) {
            (State::ChunkEnd, 0) => State::ChunkHead,
            (State::ChunkEnd, _) => return Err(invalid("a chunk is longer than its length")),
            (_, 0) => State::Over,
            _ => State::Trailer,
        };
        Ok(end + 2)
    }
}

/// No line between chunks is longer, in bytes.
const MAX_LINE: usize = 8192;

/// A line that has not ended, unless it is longer than any.
fn wants_more(input: &[u8], too_long: &'static str) -> io::Result<usize> {
    match input.len() < MAX_LINE {
        true => Ok(0),
        false => Err(invalid(too_long)),
    }
}
