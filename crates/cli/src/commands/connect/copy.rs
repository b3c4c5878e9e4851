//! Standard input goes to the flow, the flow to standard output, each to its own end.

use std::{
    error::Error,
    fmt,
    io::{self, IsTerminal as _, Read as _, Write as _},
    pin::pin,
    thread,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot},
    time::timeout,
};
use tuyau::tokio::Compat;
use tuyau_core::{AnyFlow, FlowError};

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// How many chunks may wait between the flow and the standard streams, in either direction.
const CHUNKS: usize = 4;

/// The time for telling the peer that it is over.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why copying ended before its end.
#[derive(Debug)]
pub enum CopyError {
    /// Standard input cannot be read.
    Input(io::Error),
    /// Standard output cannot be written.
    Output(io::Error),
    /// What came in could not be sent.
    Send(FlowError),
    /// The flow failed before the peer had ended it.
    Receive(FlowError),
    /// A signal asked for the end.
    Interrupted,
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input(_) => "standard input cannot be read",
            Self::Output(_) => "standard output cannot be written",
            Self::Send(_) => "the peer took no more, and not everything was sent",
            Self::Receive(_) => "the connection broke before the peer had ended it",
            Self::Interrupted => "interrupted by a signal",
        })
    }
}

impl Error for CopyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Input(error) | Self::Output(error) => Some(error),
            Self::Send(error) | Self::Receive(error) => Some(error),
            Self::Interrupted => None,
        }
    }
}

/// What comes of the direction from the peer.
enum Received {
    /// The peer has ended its half.
    All,
    /// Nobody reads standard output any more.
    Unwanted,
}

/// Copies until both directions have ended, or the peer's has and a person is at the terminal, who
/// would not notice. The end of standard input ends the writing half only.
///
/// # Errors
/// When a direction breaks; what the peer still sends after it took no more is copied first.
pub(super) async fn copy(
    flow: AnyFlow,
    interrupted: impl Future<Output = ()>,
) -> Result<(), CopyError> {
    let (reader, mut writer) = tokio::io::split(Compat::new(flow));
    let result = {
        let mut sending = pin!(send(&mut writer));
        let mut receiving = pin!(receive(reader));
        let mut interrupted = pin!(interrupted);
        let (mut sent, mut received) = (None, false);
        loop {
            tokio::select! {
                result = &mut sending, if sent.is_none() => match result {
                    Err(error @ CopyError::Input(_)) => break Err(error),
                    result => sent = Some(result),
                },
                result = &mut receiving, if !received => match result {
                    Ok(Received::All) => received = true,
                    Ok(Received::Unwanted) => break Ok(()),
                    Err(error) => break Err(error),
                },
                () = &mut interrupted => break Err(CopyError::Interrupted),
            }
            match sent.take() {
                Some(result) if received => break result,
                None if received && io::stdin().is_terminal() => break Ok(()),
                other => sent = other,
            }
        }
    };
    // Doing it twice is no error; a peer that is gone is not told.
    let _ = timeout(FAREWELL, writer.shutdown()).await;
    result
}

async fn send(writer: &mut WriteHalf<Compat<AnyFlow>>) -> Result<(), CopyError> {
    let fail = |error: io::Error| CopyError::Send(error.into());
    let mut input = input();
    while let Some(chunk) = input.recv().await {
        let chunk = chunk.map_err(CopyError::Input)?;
        writer.write_all(&chunk).await.map_err(fail)?;
        if input.is_empty() {
            writer.flush().await.map_err(fail)?;
        }
    }
    writer.shutdown().await.map_err(fail)
}

async fn receive(mut reader: ReadHalf<Compat<AnyFlow>>) -> Result<Received, CopyError> {
    let mut output = Output::start();
    let mut buffer = vec![0; CHUNK];
    loop {
        match reader.read(&mut buffer).await {
            Ok(0) => return output.finish().await.map(|()| Received::All),
            Ok(count) if output.write(&buffer[..count]).await => {}
            Ok(_) => return output.finish().await.map(|()| Received::Unwanted),
            Err(error) => {
                output.finish().await?;
                return Err(CopyError::Receive(error.into()));
            }
        }
    }
}

/// What comes in. The thread that reads it does not keep the process.
fn input() -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    thread::spawn(move || {
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = match io::stdin().lock().read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read,
            };
            let chunk = match read {
                Ok(0) => return,
                Ok(count) => Ok(buffer[..count].to_vec()),
                Err(error) => Err(error),
            };
            let last = chunk.is_err();
            if sender.blocking_send(chunk).is_err() || last {
                return;
            }
        }
    });
    receiver
}

/// Standard output. The thread that writes it does not keep the process when nobody reads.
struct Output {
    chunks: mpsc::Sender<Vec<u8>>,
    ended: oneshot::Receiver<io::Result<()>>,
}

impl Output {
    fn start() -> Self {
        let (chunks, mut queue) = mpsc::channel::<Vec<u8>>(CHUNKS);
        let (end, ended) = oneshot::channel();
        thread::spawn(move || {
            let mut result = Ok(());
            while let Some(chunk) = queue.blocking_recv() {
                let mut out = io::stdout().lock();
                result = out.write_all(&chunk).and_then(|()| out.flush());
                if result.is_err() {
                    break;
                }
            }
            drop(queue);
            let _ = end.send(result);
        });
        Self { chunks, ended }
    }

    /// Whether it could be handed on; if not, [`finish`](Self::finish) says why.
    async fn write(&mut self, bytes: &[u8]) -> bool {
        self.chunks.send(bytes.to_vec()).await.is_ok()
    }

    /// Waits until everything is written. That nobody reads it is no failure.
    async fn finish(self) -> Result<(), CopyError> {
        drop(self.chunks);
        match self.ended.await {
            Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CopyError::Output(error))
            }
            _ => Ok(()),
        }
    }
}
