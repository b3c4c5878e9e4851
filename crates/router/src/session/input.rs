//! What came in and was not handed on yet.

use tuyau_wire::frame::{self, FrameError};

/// How much is read at a time while frames are small, in bytes: as much as one TLS record holds.
const READ: usize = 16 * 1024;

/// How many frames one session hands on at a time: a turn of a peer that pipelines many small
/// requests is then no longer than the turns of others would bear.
const TURN: usize = 64;

/// A buffer that takes whole frames out of a stream.
///
/// It grows with what has arrived, not with what a peer announces, and keeps no memory while it is
/// empty.
#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
    filled: usize,
    limit: usize,
}

impl Input {
    /// An empty buffer for messages of up to `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        let (bytes, filled) = (Vec::new(), 0);
        Self {
            bytes,
            filled,
            limit,
        }
    }

    /// How many bytes of an unfinished frame are there.
    pub(super) fn len(&self) -> usize {
        self.filled
    }

    /// How many bytes the unfinished frame still lacks, at least.
    pub(super) fn missing(&self) -> usize {
        frame::missing(&self.bytes[..self.filled])
    }

    /// Where the next bytes are read to.
    pub(super) fn room(&mut self) -> &mut [u8] {
        let end = self.filled + self.missing().clamp(READ, self.filled.max(READ));
        if self.bytes.is_empty() {
            self.bytes = vec![0; end];
        } else if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        &mut self.bytes[self.filled..end]
    }

    /// Notes that `count` bytes were read into the room.
    pub(super) fn add(&mut self, count: usize) {
        self.filled += count;
    }

    /// Takes whole frames out, one after the other, at most as many as one turn has; none when there
    /// are none. What follows them is looked at by the next call.
    ///
    /// # Errors
    /// When the buffer begins with something that cannot become a frame.
    pub(super) fn frames(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let mut end = 0;
        for _ in 0..TURN {
            match frame::split(&self.bytes[end..self.filled], self.limit) {
                Ok(Some(frame)) => end += frame.length,
                Ok(None) => break,
                Err(_) if end > 0 => break,
                Err(error) => return Err(error),
            }
        }
        if end == 0 {
            return Ok(None);
        }
        let frames = self.bytes[..end].to_vec();
        self.bytes.copy_within(end..self.filled, 0);
        self.filled -= end;
        if self.bytes.len() > 4 * (self.filled + READ) {
            self.bytes.truncate(self.filled + READ);
            self.bytes.shrink_to_fit();
        }
        Ok(Some(frames))
    }

    /// Gives memory back when nothing is there and nothing comes.
    pub(super) fn release(&mut self) {
        if self.filled == 0 {
            self.bytes = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuyau_wire::frame::FrameErrorKind;

    fn read(input: &mut Input, bytes: &[u8]) {
        for part in bytes.chunks(READ) {
            input.room()[..part.len()].copy_from_slice(part);
            input.add(part.len());
        }
    }

    #[test]
    fn takes_no_more_frames_than_one_turn_has() {
        let mut input = Input::new(100);
        read(&mut input, &[0x40; TURN + 2]);
        assert_eq!(input.frames().unwrap().unwrap().len(), TURN);
        assert_eq!(input.frames().unwrap().unwrap().len(), 2);
        assert_eq!(input.frames().unwrap(), None);
    }

    #[test]
    fn takes_whole_frames_and_keeps_the_rest() {
        let mut input = Input::new(100);
        read(&mut input, &[0x42, 1, 2, 0x41, 3, 0x43, 4]);
        assert_eq!(
            input.frames().unwrap().unwrap(),
            [0x42, 1, 2, 0x41, 3],
            "two frames"
        );
        assert_eq!(input.frames().unwrap(), None);
        assert_eq!((input.len(), input.missing()), (2, 2));
        read(&mut input, &[5, 6]);
        assert_eq!(input.frames().unwrap().unwrap(), [0x43, 4, 5, 6]);
        input.release();
        assert!(input.bytes.is_empty());
    }

    #[test]
    fn what_is_no_frame_is_refused_although_nothing_more_comes() {
        let mut input = Input::new(100);
        read(&mut input, &[0x41, 1, 0x18]);
        assert_eq!(input.frames().unwrap().unwrap(), [0x41, 1]);
        assert_eq!(input.frames().unwrap_err().kind(), FrameErrorKind::NotBytes);
    }

    #[test]
    fn grows_with_what_came_and_not_with_what_was_announced() {
        let mut input = Input::new(1 << 30);
        read(&mut input, &[0x5a, 0x3f, 0xff, 0xff, 0xff]);
        assert_eq!(input.frames().unwrap(), None);
        let mut came = input.len();
        while came < 1 << 20 {
            let room = input.room().len();
            assert!(room <= came.max(READ), "{room} bytes for {came}");
            input.add(room);
            came += room;
        }
        assert!(input.bytes.capacity() <= 4 * came);
    }

    #[test]
    fn gives_memory_of_a_long_message_back() {
        let mut input = Input::new(1 << 20);
        let length = 1 << 19;
        read(&mut input, &[0x5a, 0, 8, 0, 0]);
        read(&mut input, &vec![0x80; length]);
        read(&mut input, &[0x43, 1]);
        assert_eq!(input.frames().unwrap().unwrap().len(), length + 5);
        assert_eq!(input.len(), 2);
        assert!(input.bytes.capacity() < 4 * READ);
    }
}
