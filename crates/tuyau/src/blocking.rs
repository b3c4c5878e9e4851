//! A backend for plain threads: TCP, Unix sockets, names and a timer, without an async runtime.
//!
//! [`block_on`] runs a future in the thread that calls it. While the future is pending, the thread
//! waits for its sockets and timers, so that several attempts overlap in one thread, with no other
//! thread behind it (but for the one in which the operating system looks a name up). [`Stream`] makes
//! [`Read`](std::io::Read) and [`Write`](std::io::Write) of any flow.
//!
//! # A blocking program
//!
//! It connects to a name, by whichever of its addresses answers first, and reads lines:
//!
//! ```
//! use std::{
//!     io::{BufRead, BufReader, Write},
//!     thread,
//!     time::Duration,
//! };
//! use tuyau::{
//!     blocking::{Stream, SystemResolver, Tcp, TcpListener, Timer, block_on},
//!     tcp,
//! };
//! use tuyau_core::{Listener, ListenerExt, Registry, Target};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A server, for the example: each call waits, as it does with std.
//! let mut listener = TcpListener::bind(&"tcp://127.0.0.1:0".parse()?)?;
//! let port = listener.address().port().expect("TCP has ports");
//! let serving = thread::spawn(move || {
//!     let incoming = block_on(listener.accept()).map_err(std::io::Error::from)?;
//!     let flow = block_on(incoming.handshake).map_err(std::io::Error::from)?;
//!     let mut stream = Stream::new(flow);
//!     stream.write_all(b"one line\nanother line\n")?;
//!     stream.close_write()
//! });
//!
//! let mut registry = Registry::new();
//! registry.protocol(tcp::KEY, Tcp::new());
//! registry.resolver(tcp::KEY, 0, SystemResolver);
//! let context = registry.freeze(Timer::new());
//!
//! // `localhost` may well be [::1] first, where nobody listens; the report says so.
//! let target = Target::name("localhost").port(port);
//! let connected = block_on(context.connect(target).open())?;
//! println!("{}", connected.report);
//!
//! let mut stream = Stream::new(connected.flow);
//! stream.set_read_timeout(Some(Duration::from_secs(10)));
//! let lines: Vec<String> = BufReader::new(stream).lines().collect::<Result<_, _>>()?;
//! assert_eq!(lines, ["one line", "another line"]);
//! # serving.join().unwrap()?;
//! # Ok(())
//! # }
//! ```
//!
//! # What to know
//!
//! - Layers such as TLS run over these flows as over any other, and `Stream` takes the result.
//! - A flow may be moved between threads, and a clone of its `Stream` be used in another thread: one
//!   reads while the other one writes.
//! - A socket of std's that is connected already becomes a flow by [`TcpFlow::from_std`] and
//!   `UnixFlow::from_std`. Any other [`Read`](std::io::Read) and [`Write`](std::io::Write) does not:
//!   it could only wait by holding up its thread, and with it the race and the deadline.
//! - What has to wait and is polled elsewhere, by another runtime say, fails with
//!   [`OutsideBlockOn`] instead of waiting for ever.
//! - The flows of the runtimes (`tuyau::tcp` and others) want their own runtime, and do not work here.

mod block_on;
mod duplex;
mod error;
mod reactor;
mod resolver;
mod socket;
mod stream;
mod tcp;
mod timer;
#[cfg(unix)]
mod unix;

pub use block_on::{block_on, try_block_on};
pub use error::{NotConnected, OutsideBlockOn};
pub use resolver::SystemResolver;
pub use stream::Stream;
pub use tcp::{Tcp, TcpFlow, TcpListener};
pub use timer::Timer;
#[cfg(unix)]
pub use unix::{Unix, UnixFlow, UnixListener};
