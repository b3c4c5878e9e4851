//! Serial lines on tokio.
//!
//! A line has two ends and no listener: each side opens its own. Nothing tells an end: a flow that
//! is dropped is silence for the other side, and ending the writing half is
//! [`Unsupported`](tuyau_core::ErrorKind::Unsupported).
//!
//! ```
//! use tuyau::serial::{Line, SerialKey};
//! use tuyau_core::{Address, EndpointKey};
//!
//! let address: Address = "serial:///dev/ttyUSB0?baud=9600&parity=even".parse()?;
//! let line = SerialKey::read(&address)?;
//! assert_eq!(line, Line::new("/dev/ttyUSB0").baud(9600).parity(tuyau::serial::Parity::Even));
//! assert_eq!(Address::of::<SerialKey>("serial", &line)?, address);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Context`](tuyau_core::Context) opens it with `Literal::<SerialKey>::new()` as the resolver:
//!
//! ```
//! # #[cfg(unix)]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tuyau::{serial::{self, Serial, SerialKey}, tokio::TokioTimer};
//! use tuyau_core::{Address, FlowExt, Literal, Registry};
//!
//! let mut registry = Registry::new();
//! registry.protocol(serial::KEY, Serial);
//! registry.resolver(serial::KEY, 0, Literal::<SerialKey>::new());
//! let context = registry.freeze(TokioTimer::new());
//!
//! let target: Address = "serial:///dev/no-such-line".parse()?;
//! let error = context.connect(target).open().await.unwrap_err();
//! assert!(error.to_string().contains("/dev/no-such-line"));
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```

mod error;
mod flow;
mod line;

use std::{fmt, io};

use serial2_tokio::{KeepSettings, SerialPort};
use tuyau_core::{
    Address, Attempt, EndpointError, EndpointKey, ErrorKind, FlowError, Key, Protocol, Stage,
};

pub use error::SettingsError;
pub use flow::Flow;
pub use line::{FlowControl, Line, Parity};

/// The key of serial lines.
pub const KEY: Key<SerialKey> = Key::new();

/// The endpoint of a serial line: a [`Line`].
#[derive(Debug)]
pub struct SerialKey;

impl EndpointKey for SerialKey {
    type Endpoint = Line;
    const NAME: &'static str = "serial";

    fn show(endpoint: &Line, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{endpoint}")
    }

    fn read(address: &Address) -> Result<Line, EndpointError> {
        Line::read(address)
    }
}

/// Serial lines on tokio. Connecting wants a tokio runtime with its I/O driver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Protocol for Serial {
    type Key = SerialKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("serial");

    /// Opens the line and sets it up. Nothing keeps other processes away from it, save on Windows.
    ///
    /// # Errors
    /// When the device cannot be opened, is no terminal, or does not take a setting: that is
    /// [`Unsupported`](ErrorKind::Unsupported), with a [`SettingsError`] as its source.
    async fn connect(&self, line: &Line, _attempt: &Attempt) -> Result<Flow, FlowError> {
        let mut port = SerialPort::open(line.path(), KeepSettings)?;
        let settings = line.apply(port.get_configuration()?)?;
        match port.set_configuration(&settings) {
            Ok(()) => Ok(Flow::new(port, line)),
            Err(error) => Err(why(&port, line, error)),
        }
    }
}

/// Names the settings that the device did not take, where it tells: the system only says that there
/// were some.
fn why(port: &SerialPort, line: &Line, error: io::Error) -> FlowError {
    let kept = port.get_configuration();
    let refused = kept.map_or_else(|_| Vec::new(), |kept| line.refused_by(&kept));
    match refused.is_empty() {
        true => error.into(),
        false => FlowError::new(ErrorKind::Unsupported, SettingsError::new(refused)),
    }
}
