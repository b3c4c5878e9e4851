//! What a process holds, and work that must leave no more of it.

use std::{
    fs,
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{runtime, runtime::Handle, time};

/// How often work is done: what it leaves behind each time stands out.
const TIMES: usize = 20;

/// How long it may take until nothing is left, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is counted is the whole process's, so one test runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs a test while no other one runs, on a runtime of its own.
pub(crate) fn alone(test: impl AsyncFnOnce()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut runtime = runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(test());
}

/// The same for a test without a runtime.
pub(crate) fn alone_without_runtime(test: impl FnOnce()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    test();
}

/// Runs what only waits in virtual time, so that its deadline costs none.
pub(crate) async fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    time::pause();
    let done = work.await;
    time::resume();
    done
}

/// How much is held of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    /// Tasks of this runtime, or threads of the process where there is none.
    tasks: usize,
    /// Descriptors of the process.
    descriptors: usize,
}

impl Held {
    fn by_the_runtime() -> Self {
        Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            descriptors: entries("/proc/self/fd"),
        }
    }

    fn by_the_process() -> Self {
        Self {
            tasks: entries("/proc/self/task"),
            descriptors: entries("/proc/self/fd"),
        }
    }

    fn is_within(self, before: Self) -> bool {
        self.tasks <= before.tasks && self.descriptors <= before.descriptors
    }
}

fn entries(directory: &str) -> usize {
    fs::read_dir(directory).unwrap().count()
}

/// Does `work` some times, and waits until no more is held than was before.
pub(crate) async fn leaves_nothing(name: &str, work: impl AsyncFn()) {
    // What is made once and kept is made now.
    work().await;
    let before = in_virtual_time(at_rest()).await;
    for _ in 0..TIMES {
        work().await;
    }
    in_virtual_time(falls_to(name, before)).await;
}

/// What is held once nothing changes any more, whatever timers are due.
async fn at_rest() -> Held {
    let (mut last, mut same) = (Held::by_the_runtime(), 0);
    while same < 500 {
        time::sleep(Duration::from_millis(10)).await;
        let now = Held::by_the_runtime();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

async fn falls_to(name: &str, before: Held) {
    let began = Instant::now();
    loop {
        let now = Held::by_the_runtime();
        if now.is_within(before) {
            return;
        }
        let patient = began.elapsed() < PATIENCE;
        assert!(patient, "{name}: {now:?}, and before it was {before:?}");
        time::sleep(Duration::from_millis(10)).await;
    }
}

/// The same for work without a runtime: threads take the place of tasks.
///
/// Tests that wait for their turn are threads too, and one of them may begin to wait meanwhile; a thread
/// left behind each time would be many more.
pub(crate) fn leaves_no_thread(name: &str, work: impl Fn()) {
    work();
    let mut before = Held::by_the_process();
    before.tasks += TIMES / 2;
    for _ in 0..TIMES {
        work();
    }
    let began = Instant::now();
    while !Held::by_the_process().is_within(before) {
        let now = Held::by_the_process();
        let patient = began.elapsed() < PATIENCE;
        assert!(patient, "{name}: {now:?}, and before it was {before:?}");
        std::thread::yield_now();
    }
}
