//! Where a client's masks come from.

use std::fmt;

use tuyau_core::{ErrorKind, FlowError};

/// Random bytes that are fetched at once: for sixteen frames.
const STOCK: usize = 64;

/// Masks that nobody can foresee (RFC 6455, section 5.3), from the system's randomness.
pub(super) struct Masks {
    stock: [u8; STOCK],
    used: usize,
}

impl Masks {
    pub(super) fn new() -> Self {
        Self {
            stock: [0; STOCK],
            used: STOCK,
        }
    }

    pub(super) fn next(&mut self) -> Result<[u8; 4], FlowError> {
        if self.used == STOCK {
            getrandom::fill(&mut self.stock)
                .map_err(|error| FlowError::new(ErrorKind::Other, error.to_string()))?;
            self.used = 0;
        }
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.stock[self.used..self.used + 4]);
        self.used += 4;
        Ok(mask)
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masks")
    }
}
