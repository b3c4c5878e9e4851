//! How far an attempt to connect has come.

use core::{
    array, fmt,
    sync::atomic::{AtomicU32, Ordering},
};

/// The name of a step of connecting: `tcp`, `tls`, `noise`…
///
/// It is at most 16 bytes long so that an [`Attempt`] can hold it without a lock or an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stage([u8; Stage::MAX_LENGTH]);

impl Stage {
    /// The longest name, in bytes.
    pub const MAX_LENGTH: usize = 16;

    /// Finding endpoints for a name.
    pub const RESOLVE: Self = Self::new("resolve");

    /// Makes a stage; in a constant, a bad name does not compile.
    ///
    /// # Panics
    /// When the name is longer than 16 bytes, empty, or not printable ASCII.
    pub const fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        assert!(
            !bytes.is_empty() && bytes.len() <= Self::MAX_LENGTH,
            "1 to 16 bytes"
        );
        let mut stage = [0; Self::MAX_LENGTH];
        let mut index = 0;
        while index < bytes.len() {
            assert!(bytes[index].is_ascii_graphic(), "printable ASCII");
            stage[index] = bytes[index];
            index += 1;
        }
        Self(stage)
    }

    /// The name.
    pub fn name(&self) -> &str {
        let length = self
            .0
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(Self::MAX_LENGTH);
        core::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

/// One attempt to connect, as its protocol sees it: the place to note the stage it has reached.
///
/// The stage is read when the attempt failed, won or was dropped, and stands in the report.
#[derive(Debug)]
pub struct Attempt {
    stage: [AtomicU32; Stage::MAX_LENGTH / 4],
}

impl Attempt {
    /// An attempt that is about to start `stage`.
    ///
    /// A [`Context`](crate::Context) makes these itself; making one is for calling a protocol or a
    /// layer directly.
    pub fn new(stage: Stage) -> Self {
        let attempt = Self {
            stage: Default::default(),
        };
        attempt.enter(stage);
        attempt
    }

    /// Notes that `stage` begins.
    pub fn enter(&self, stage: Stage) {
        // An attempt is polled by one task, and the report is written by that task or by the one
        // that dropped it; the executor orders the two.
        for (word, bytes) in self.stage.iter().zip(stage.0.chunks_exact(4)) {
            let bytes = array::from_fn(|index| bytes[index]);
            word.store(u32::from_le_bytes(bytes), Ordering::Relaxed);
        }
    }

    /// The stage that was entered last.
    pub fn stage(&self) -> Stage {
        let mut name = [0; Stage::MAX_LENGTH];
        for (word, bytes) in self.stage.iter().zip(name.chunks_exact_mut(4)) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        Stage(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_last_stage() {
        let attempt = Attempt::new(Stage::new("tcp"));
        assert_eq!(attempt.stage().name(), "tcp");
        attempt.enter(Stage::new("sixteen-bytes-xx"));
        assert_eq!(attempt.stage().name(), "sixteen-bytes-xx");
    }
}
