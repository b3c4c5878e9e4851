//! What a process holds, and work that must leave no more of it.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{runtime, runtime::Handle, time};

/// How often work is done: what it leaves behind each time stands out.
const TIMES: usize = 20;

/// How long it may take until nothing is left, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is counted is the whole process's, so one test runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// The threads of tests that wait for their turn, or have it: they begin whenever the harness likes.
static WAITING: Mutex<Option<HashSet<OsString>>> = Mutex::new(None);

/// Waits for the turn of a test.
fn turn() -> MutexGuard<'static, ()> {
    let thread = fs::read_link("/proc/thread-self").unwrap();
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let number = thread.file_name().unwrap().to_owned();
    waiting.get_or_insert_default().insert(number);
    drop(waiting);
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test while no other one runs, on a runtime of its own.
pub(crate) fn alone(test: impl AsyncFnOnce()) {
    let _alone = turn();
    on_a_runtime(test);
}

fn on_a_runtime(test: impl AsyncFnOnce()) {
    let mut runtime = runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(test());
}

/// The same on a thread that is this test's only, since it moves to another namespace.
pub(crate) fn alone_on_its_thread(test: impl AsyncFnOnce() + Send) {
    let _alone = turn();
    std::thread::scope(|scope| {
        let test = scope.spawn(|| on_a_runtime(test));
        if let Err(panic) = test.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// The same for a test without a runtime.
pub(crate) fn alone_without_runtime(test: impl FnOnce()) {
    let _alone = turn();
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
    /// Tasks of this runtime, or threads of the process, without those of tests, where there is none.
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
            tasks: threads(),
            descriptors: entries("/proc/self/fd"),
        }
    }

    fn is_within(self, before: Self) -> bool {
        self.tasks <= before.tasks && self.descriptors <= before.descriptors
    }
}

/// How many threads there are beside those of the tests.
fn threads() -> usize {
    let tests = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let tests = tests.as_ref();
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let names = threads.map(|thread| thread.unwrap().file_name());
    let others = names.filter(|name| tests.is_none_or(|tests| !tests.contains(name)));
    others.count()
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
pub(crate) fn leaves_no_thread(name: &str, work: impl Fn()) {
    work();
    let before = Held::by_the_process();
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
