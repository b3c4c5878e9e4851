//! What came in and was not handed on yet.

use tuyau_wire::frame;

/// How much is read at a time while frames are small, in bytes: as much as one TLS record holds.
const READ: usize = 16 * 1024;

/// A buffer for the frames of a stream.
///
/// It grows with what has arrived, not with what a peer announces, and keeps no memory while it is
/// empty.
#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
    filled: usize,
}

impl Input {
    /// An empty buffer.
    pub(super) fn new() -> Self {
        let (bytes, filled) = (Vec::new(), 0);
        Self { bytes, filled }
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

    /// What came in.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// Drops what is done with from the begin.
    pub(super) fn consume(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
        if self.bytes.len() > 4 * (self.filled + READ) {
            self.bytes.truncate(self.filled + READ);
            self.bytes.shrink_to_fit();
        }
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

    fn read(input: &mut Input, bytes: &[u8]) {
        for part in bytes.chunks(READ) {
            input.room()[..part.len()].copy_from_slice(part);
            input.add(part.len());
        }
    }

    #[test]
    fn keeps_what_is_not_done_with() {
        let mut input = Input::new();
        read(&mut input, &[0x42, 1, 2, 0x41, 3, 0x43, 4]);
        assert_eq!(input.bytes(), [0x42, 1, 2, 0x41, 3, 0x43, 4]);
        input.consume(5);
        assert_eq!((input.len(), input.missing()), (2, 2));
        read(&mut input, &[5, 6]);
        assert_eq!(input.bytes(), [0x43, 4, 5, 6]);
        input.consume(4);
        input.release();
        assert!(input.bytes.is_empty());
    }

    #[test]
    fn grows_with_what_came_and_not_with_what_was_announced() {
        let mut input = Input::new();
        read(&mut input, &[0x5a, 0x3f, 0xff, 0xff, 0xff]);
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
        let mut input = Input::new();
        let length = 1 << 19;
        read(&mut input, &[0x5a, 0, 8, 0, 0]);
        read(&mut input, &vec![0x80; length]);
        read(&mut input, &[0x43, 1]);
        input.consume(length + 5);
        assert_eq!(input.len(), 2);
        assert!(input.bytes.capacity() < 4 * READ);
    }
}
