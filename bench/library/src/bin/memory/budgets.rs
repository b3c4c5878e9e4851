//! What may be allocated, and what took more.

use std::process::ExitCode;

use library::Lost;

/// The most that may be allocated: a tenth or so above what was when this was written, so that a field
/// more passes, and a copy or a buffer more does not.
#[derive(Clone, Copy)]
pub struct Budget {
    pub allocations: u64,
    pub bytes: u64,
}

const fn most(allocations: u64, bytes: u64) -> Budget {
    Budget { allocations, bytes }
}

/// One connect without I/O, by the number of resolvers: some for the connect, about two for each
/// attempt, and what attempts and report grow in.
pub const CONNECT: [(u16, Budget); 4] = [
    (1, most(11, 1_450)),
    (4, most(19, 2_900)),
    (16, most(52, 13_700)),
    (64, most(165, 57_000)),
];

/// 1000 round trips, both ends: none of ours. Under TLS those are rustls's, two for each record.
pub const TCP_TRIPS: u64 = 0;
pub const TLS_TRIPS: u64 = 4_000;

/// An idle connection: the flow in its box and tokio's registration; under TLS also what rustls keeps of
/// a session, of which 4 KiB are its buffer, the configuration for the peer's key, and what is known of
/// the peer. A buffer of our own is there while much comes, and not while little or nothing does.
pub const IDLE_TCP: Budget = most(2, 400);
pub const IDLE_TLS: Budget = most(16, 9_800);

/// Compares what was counted with what is allowed, and remembers what was too much.
#[derive(Default)]
pub struct Judge {
    complaints: Vec<String>,
}

impl Judge {
    /// Notes that `what` took more of `unit` than is allowed, if it did.
    pub fn check(&mut self, what: &str, counted: u64, most: u64, unit: &str) {
        if counted > most {
            let complaint = format!("{what}: {counted} {unit}, at most {most} are allowed");
            self.complaints.push(complaint);
        }
    }

    /// Notes that `what` could not be counted.
    pub fn lost(&mut self, what: &str, lost: &Lost) {
        self.complaints.push(format!("{what}: not counted: {lost}"));
    }

    /// Says what was too much, and whether all was kept.
    pub fn verdict(self) -> ExitCode {
        for complaint in &self.complaints {
            eprintln!("{complaint}");
        }
        match self.complaints.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}
