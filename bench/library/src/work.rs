//! The work that is measured, the same for every contender.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::yield_now;

use crate::{Busy, End, Lost, Pattern, Stack};

/// How many bytes a reader reads at once, at most.
const READ: usize = 64 * 1024;

/// How many slices a vectored piece has.
const SLICES: usize = 16;

/// The bytes that go to and fro in a round trip.
const TRIP: usize = 64;

/// Bytes in one direction, in pieces.
#[derive(Clone)]
pub struct Bulk {
    pattern: Arc<Pattern>,
    size: usize,
    vectored: bool,
}

impl Bulk {
    /// Pieces of `size` bytes, each written by itself.
    pub fn new(pattern: &Arc<Pattern>, size: usize) -> Self {
        let pattern = pattern.clone();
        Self {
            pattern,
            size,
            vectored: false,
        }
    }

    /// The same pieces, each in 16 slices.
    pub fn vectored(mut self) -> Self {
        self.vectored = true;
        self
    }

    /// How many megabytes one piece is.
    pub fn megabytes(&self) -> f64 {
        self.size as f64 / 1e6
    }

    /// Sends `pieces` over a new connection, after a few others to warm it up. The time ends when
    /// the last byte has been read and compared.
    ///
    /// # Errors
    /// When something was lost.
    pub async fn run<N: End, F: End>(
        self,
        stack: &mut Stack<N, F>,
        pieces: u64,
    ) -> Result<Duration, Lost> {
        let (mut near, far) = stack.pair().await?;
        let warming = (pieces / 8).max(1) * self.size as u64;
        let far = self.pass(&mut near, far, 0, warming).await?;
        let measured = pieces * self.size as u64;
        let began = Busy::now();
        let far = self.pass(&mut near, far, warming, measured).await?;
        let took = began.elapsed();
        near.reset();
        far.reset();
        Ok(took)
    }

    async fn pass<N: End, F: End>(
        &self,
        near: &mut N,
        far: F,
        start: u64,
        length: u64,
    ) -> Result<F, Lost> {
        let reading = tokio::spawn(read(self.pattern.clone(), far, start, length));
        for piece in 0..length / self.size as u64 {
            let bytes = self.pattern.at(start + piece * self.size as u64, self.size);
            if self.vectored {
                let mut slices = [&bytes[..0]; SLICES];
                for (slice, bytes) in slices.iter_mut().zip(bytes.chunks(self.size / SLICES)) {
                    *slice = bytes;
                }
                near.write_vectored(&slices).await?;
            } else {
                near.write(bytes).await?;
            }
        }
        near.flush().await?;
        reading.await?
    }
}

async fn read<F: End>(
    pattern: Arc<Pattern>,
    mut far: F,
    start: u64,
    length: u64,
) -> Result<F, Lost> {
    let mut buffer = vec![0; READ];
    let mut came = 0;
    while came < length {
        let count = far.read(&mut buffer).await?;
        if count == 0 {
            return Err(Lost::Missing { sent: length, came });
        }
        pattern.check(start + came, &buffer[..count])?;
        came += count as u64;
    }
    Ok(far)
}

/// Sends 64 bytes to and fro, `count` times over one new connection.
///
/// # Errors
/// When something was lost.
pub async fn round_trips<N: End, F: End>(
    pattern: Arc<Pattern>,
    stack: &mut Stack<N, F>,
    count: u64,
) -> Result<Duration, Lost> {
    let (mut near, far) = stack.pair().await?;
    let warming = (count / 8).max(1);
    let echoing = tokio::spawn(echo(far, warming + count));
    trips(&pattern, &mut near, warming).await?;
    let began = Busy::now();
    trips(&pattern, &mut near, count).await?;
    let took = began.elapsed();
    near.reset();
    echoing.await??.reset();
    Ok(took)
}

async fn trips<N: End>(pattern: &Pattern, near: &mut N, count: u64) -> Result<(), Lost> {
    let mut buffer = [0; TRIP];
    for trip in 0..count {
        near.write(pattern.at(trip, TRIP)).await?;
        near.flush().await?;
        near.read_exact(&mut buffer).await?;
        pattern.check(trip, &buffer)?;
    }
    Ok(())
}

async fn echo<F: End>(mut far: F, count: u64) -> Result<F, Lost> {
    let mut buffer = [0; TRIP];
    for _ in 0..count {
        far.read_exact(&mut buffer).await?;
        far.write(&buffer).await?;
        far.flush().await?;
    }
    Ok(far)
}

/// Connects `count` times, one after the other, until a byte of the server has come: with TLS 1.3
/// the client does not know before that whether it was accepted.
///
/// # Errors
/// When something was lost.
pub async fn handshakes<N: End, F: End>(
    stack: &mut Stack<N, F>,
    count: u64,
) -> Result<Duration, Lost> {
    let began = Busy::now();
    for number in 0..count {
        let (mut near, mut far) = stack.pair().await?;
        let sent = [number as u8];
        far.write(&sent).await?;
        far.flush().await?;
        let mut came = [0];
        near.read_exact(&mut came).await?;
        if came != sent {
            return Err(Lost::Changed { at: 0 });
        }
        near.reset();
        far.reset();
    }
    Ok(began.elapsed())
}

/// How many connections a server has accepted.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Counts one.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Connects `count` times, one after the other, until the server has accepted as many: accepting is
/// part of the time, whether it happens meanwhile or afterwards.
///
/// # Errors
/// When something was lost.
pub async fn connections<D>(
    accepted: Counter,
    dial: impl Fn() -> D,
    count: u64,
) -> Result<Duration, Lost>
where
    D: Future<Output = Result<(), Lost>>,
{
    let before = accepted.value();
    let began = Busy::now();
    for _ in 0..count {
        dial().await?;
    }
    // Some turns of the runtime are enough, unless something is lost.
    for _ in 0..1_000_000 {
        if accepted.value() - before == count {
            return Ok(began.elapsed());
        }
        yield_now().await;
    }
    Err(Lost::Missing {
        sent: count,
        came: accepted.value() - before,
    })
}
