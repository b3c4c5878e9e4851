//! The ceiling: forwards frames between keys and does nothing else. No policy, no counters, no state but
//! who listens: `plain-relay ADDRESS [AUTHORITY CERTIFICATE KEY]`, the latter in PEM for mutual TLS.
//!
//! A frame is the length of what follows and a number, four bytes each in little endian, and a body. The
//! number 0 is for the relay: a body of 32 bytes registers for a key, which several may do; one of 33 bytes
//! binds the next number, from 1, to the key at its front. Both come back when they are done. With another
//! number a frame goes to all who are registered for its key, who find there the number of the sender's
//! connection.

use std::{
    collections::HashMap,
    env, io,
    mem::{swap, take},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    runtime,
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

/// What may wait for one peer, in bytes; who sends more waits.
const QUEUE: usize = 1024 * 1024;
/// What is read at once, in bytes: as much as came the last time, between these.
const READ: (usize, usize) = (2 * 1024, 128 * 1024);
const HEAD: usize = 8;

type Key = [u8; 32];

/// The queues of those who are registered under one key.
type Listeners = Arc<Mutex<Arc<[Arc<Queue>]>>>;

#[derive(Default)]
struct Relay {
    keys: Mutex<HashMap<Key, Listeners>>,
    connections: AtomicU32,
}

/// What waits to be written to one peer.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    closed: bool,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let tls = match &arguments[1..] {
        [authority, certificate, key] => Some(acceptor(authority, certificate, key)?),
        _ => None,
    };
    runtime::Builder::new_multi_thread()
        .enable_io()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind(&arguments[0]).await?;
            let relay = Arc::new(Relay::default());
            loop {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                let (relay, tls) = (relay.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => serve(&relay, tls.accept(socket).await?).await,
                        None => serve(&relay, socket).await,
                    }
                });
            }
        })
}

fn acceptor(authority: &str, certificate: &str, key: &str) -> io::Result<TlsAcceptor> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(authority).map_err(io::Error::other)?)
        .map_err(io::Error::other)?;
    let provider = Arc::new(ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(io::Error::other)?
        .with_client_cert_verifier(clients.build().map_err(io::Error::other)?)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificate).map_err(io::Error::other)?],
            PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?,
        )
        .map_err(io::Error::other)?;
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(
    relay: &Relay,
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
) -> io::Result<()> {
    let (mut reader, writer) = tokio::io::split(stream);
    let queue = Arc::new(Queue::default());
    tokio::spawn(write(queue.clone(), writer));
    let mut session = Session {
        queue,
        number: relay.connections.fetch_add(1, Ordering::Relaxed) + 1,
        own: Vec::new(),
        bound: Vec::new(),
    };
    let mut bytes = Vec::new();
    let mut came = 0;
    loop {
        bytes.reserve((2 * came).clamp(READ.0, READ.1));
        came = reader.read_buf(&mut bytes).await?;
        if came == 0 {
            return Ok(());
        }
        let used = session.handle(relay, &bytes).await;
        bytes.drain(..used);
    }
}

async fn write(queue: Arc<Queue>, mut writer: impl AsyncWrite + Unpin) {
    let mut batch = Vec::new();
    loop {
        batch.clear();
        let closed = {
            let mut state = lock(&queue.state);
            swap(&mut state.bytes, &mut batch);
            state.closed
        };
        if !batch.is_empty() {
            queue.emptied.notify_one();
            if writer.write_all(&batch).await.is_err() || writer.flush().await.is_err() {
                queue.close();
            }
        } else if closed {
            return;
        } else {
            queue.filled.notified().await;
        }
    }
}

struct Session {
    queue: Arc<Queue>,
    number: u32,
    own: Vec<Listeners>,
    /// By number, from 1.
    bound: Vec<Listeners>,
}

impl Session {
    /// Forwards the frames that are whole; gives how many bytes they are. Frames in a row that have one
    /// number are queued at once.
    async fn handle(&mut self, relay: &Relay, bytes: &[u8]) -> usize {
        let mut start = 0;
        while let Some((length, number)) = head(&bytes[start..]) {
            let mut end = start + length;
            if number == 0 {
                self.control(relay, &bytes[start..end]).await;
                start = end;
                continue;
            }
            while let Some((length, same)) = head(&bytes[end..])
                && same == number
            {
                end += length;
            }
            if let Some(listeners) = self.bound.get(number as usize - 1) {
                let listeners = lock(listeners).clone();
                for queue in listeners.iter() {
                    queue.push(&bytes[start..end], self.number).await;
                }
            }
            start = end;
        }
        start
    }

    async fn control(&mut self, relay: &Relay, frame: &[u8]) {
        if let Some(key) = frame.get(HEAD..HEAD + 32) {
            let key = Key::try_from(key).unwrap_or_default();
            let listeners = lock(&relay.keys)
                .entry(key)
                .or_insert_with(|| Arc::new(Mutex::new(Arc::new([]))))
                .clone();
            match frame.len() {
                40 => {
                    let mut all = lock(&listeners);
                    *all = all.iter().cloned().chain([self.queue.clone()]).collect();
                    drop(all);
                    self.own.push(listeners);
                }
                _ => self.bound.push(listeners),
            }
        }
        self.queue.push(frame, 0).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for listeners in take(&mut self.own) {
            let mut all = lock(&listeners);
            *all = all
                .iter()
                .filter(|queue| !Arc::ptr_eq(queue, &self.queue))
                .cloned()
                .collect();
        }
        self.queue.close();
    }
}

impl Queue {
    /// Queues whole frames with a number in place of theirs, when there is room.
    async fn push(&self, frames: &[u8], number: u32) {
        loop {
            {
                let mut state = lock(&self.state);
                if state.closed {
                    break;
                }
                if state.bytes.len() < QUEUE {
                    let mut at = state.bytes.len();
                    state.bytes.extend_from_slice(frames);
                    while let Some((length, _)) = head(&state.bytes[at..]) {
                        state.bytes[at + 4..at + HEAD].copy_from_slice(&number.to_le_bytes());
                        at += length;
                    }
                    break;
                }
            }
            self.emptied.notified().await;
        }
        // The next one who waits, if any, looks for itself.
        self.emptied.notify_one();
        self.filled.notify_one();
    }

    fn close(&self) {
        *lock(&self.state) = State {
            bytes: Vec::new(),
            closed: true,
        };
        self.filled.notify_one();
        self.emptied.notify_one();
    }
}

/// The length of the first frame, with its head, and its number; nothing while it is not whole.
fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let (length, rest) = bytes.split_first_chunk()?;
    let number = u32::from_le_bytes(*rest.first_chunk()?);
    let length = u32::from_le_bytes(*length) as usize + 4;
    (HEAD..=bytes.len())
        .contains(&length)
        .then_some((length, number))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
