//! Printing what happens on a thread of its own, so that a reader who is slow, or a terminal that
//! was stopped, does not stop the service.

use std::{
    sync::mpsc::{self, Receiver, SyncSender, TrySendError},
    thread,
    time::Duration,
};

use tuyau_client::ServiceEvent;

use super::narrate::{Told, narrate};
use crate::{clock, output::Output};

/// How many events may wait to be printed. Those that come when so many wait are not printed.
const WAITING_MAX: usize = 4_096;

/// How long the last lines may take to be written. A reader who takes nothing does not keep the
/// process for longer.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Where events are printed.
pub(super) struct Printer {
    queue: SyncSender<Told>,
    /// Closed when everything is printed.
    printed: Receiver<()>,
}

impl Printer {
    pub(super) fn start(output: Output) -> Self {
        let (queue, told) = mpsc::sync_channel::<Told>(WAITING_MAX);
        let (printing, printed) = mpsc::channel::<()>();
        thread::spawn(move || {
            for told in told {
                // There is nowhere to say that there is nowhere to say anything.
                let _ = output.either(&told.json(), told.line());
            }
            drop(printing);
        });
        Self { queue, printed }
    }

    /// What a service reports to.
    pub(super) fn reporter(&self) -> impl Fn(ServiceEvent) + Send + Sync + 'static {
        let queue = self.queue.clone();
        move |event| {
            let told = narrate(event, clock::now());
            if let Err(TrySendError::Full(_)) = queue.try_send(told) {
                crate::output::complain("an event is not shown: the output is not read");
            }
        }
    }

    /// Waits until everything is printed, for a second at most; every reporter has to be gone.
    pub(super) fn finish(self) {
        drop(self.queue);
        // It ends by being closed, also when the thread panicked, which that has reported.
        let _ = self.printed.recv_timeout(LAST_LINES);
    }
}
