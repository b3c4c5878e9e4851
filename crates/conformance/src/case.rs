//! One law, run against one protocol, to its end or to a deadline.

use std::{
    fmt,
    future::Future,
    panic,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

/// What a case gives to the function that runs it: a future to be driven to its end.
///
/// It need not be `Send`: it is made and run in one thread.
pub type Work = Pin<Box<dyn Future<Output = ()>>>;

/// How long a case may take before it counts as hanging. Generous: a law takes milliseconds on most
/// protocols, and a test machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The stack of a case's thread, in bytes: futures of several layers are large without optimisation.
const STACK: usize = 16 * 1024 * 1024;

/// Why a case was not run: this machine lacks something, or the protocol does not have what the law
/// is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRun(Box<str>);

impl NotRun {
    /// Gives the reason, as a person should read it: `no vsock loopback (modprobe vsock_loopback)`.
    pub fn new(reason: impl Into<Box<str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotRun {}

type Body = Box<dyn FnOnce() -> Result<(), NotRun> + Send>;

/// One law, ready to be run against one protocol.
///
/// ```
/// use tuyau_conformance::{Case, NotRun, run_in_place};
///
/// let case = Case::new("two_and_two", run_in_place, async || {
///     assert_eq!(2 + 2, 4);
///     Ok(())
/// });
/// assert_eq!(case.under("sums").name(), "sums::two_and_two");
/// # let case = Case::new("missing", run_in_place, async || Err(NotRun::new("no calculator")));
/// # assert_eq!(case.run().unwrap_err().to_string(), "no calculator");
/// ```
pub struct Case {
    name: String,
    deadline: Duration,
    body: Body,
}

impl Case {
    /// A case with a body that `run` drives.
    pub fn new<R, B>(name: impl Into<String>, run: R, body: B) -> Self
    where
        R: FnOnce(Work) + Send + 'static,
        B: AsyncFnOnce() -> Result<(), NotRun> + Send + 'static,
    {
        let body = move || {
            let result = Arc::new(Mutex::new(None));
            let slot = result.clone();
            run(Box::pin(async move {
                let came_to = body().await;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(came_to);
            }));
            let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
            result
                .take()
                .expect("the run function drives its future to the end")
        };
        Self {
            name: name.into(),
            deadline: DEADLINE,
            body: Box::new(body),
        }
    }

    /// The name of the law, after those of what it is run against.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same case, listed under `row`: `row::name`.
    pub fn under(mut self, row: &str) -> Self {
        self.name = format!("{row}::{}", self.name);
        self
    }

    /// The same case with another deadline than [`DEADLINE`].
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs the case, in a thread of its own.
    ///
    /// # Errors
    /// [`NotRun`] when it could not be run here.
    ///
    /// # Panics
    /// When the law is broken, and when the case does not come to its end within its deadline; the
    /// thread is left behind then.
    pub fn run(self) -> Result<(), NotRun> {
        let Self {
            name,
            deadline,
            body,
        } = self;
        let (done, ended) = mpsc::channel();
        let work = move || {
            // Dropped at the end and by a panic alike.
            let _done: mpsc::Sender<()> = done;
            body()
        };
        let thread = thread::Builder::new().name(name.clone());
        let thread = thread.stack_size(STACK).spawn(work);
        let thread = thread.expect("a thread for a case can be made");
        if ended.recv_timeout(deadline) == Err(mpsc::RecvTimeoutError::Timeout) {
            panic!("{name} hangs: it has not come to its end within {deadline:?}");
        }
        thread
            .join()
            .unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    }

    /// Runs the case as a `#[test]`; one that cannot be run here says so on standard error and passes.
    ///
    /// # Panics
    /// As [`run`](Self::run) does.
    #[expect(
        clippy::print_stderr,
        reason = "a test has no other way to say that it was not run"
    )]
    pub fn test(self) {
        let name = self.name.clone();
        if let Err(reason) = self.run() {
            eprintln!("{name} was not run: {reason}");
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}
