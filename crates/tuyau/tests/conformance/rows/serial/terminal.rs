//! Lines that are pseudo-terminals.

use ::tokio::{
    io::Join,
    net::unix::pipe::{Receiver, Sender},
};
use serial2_tokio::{SerialPort, StopBits};
use tuyau::{
    serial::{self, FlowControl, KEY, Line, Parity, Serial, SerialKey, SettingsError},
    tokio::{FromTokio, TokioTimer},
};
use tuyau_conformance::{Case, NotRun, Traits};
use tuyau_core::{
    Address, ConnectError, ErrorKind, FlowError, FlowExt as _, Literal, Outcome, PeerAddress,
    Registry,
};

use crate::list::{List, tokio};

/// What stands at the other end of the line.
type Far = FromTokio<Join<Receiver, Sender>>;

pub(super) fn rows(list: &mut List) {
    list.flows("serial", Traits::stream().without_end(), tokio, pair);
    let cases = [
        Case::new("what_was_agreed_is_set", tokio, what_was_agreed_is_set),
        Case::new(
            "a_setting_that_the_device_lacks_is_named",
            tokio,
            a_setting_that_the_device_lacks_is_named,
        ),
        Case::new("an_open_port_is_a_flow", tokio, an_open_port_is_a_flow),
    ];
    list.add("serial", cases);
}

async fn pair() -> Result<(serial::Flow, Far), NotRun> {
    let (line, far) = terminal()?;
    Ok((open(&line).await.unwrap(), far))
}

async fn what_was_agreed_is_set() -> Result<(), NotRun> {
    let (line, _far) = terminal()?;
    let line = line.baud(9600).stop_bits(2);
    let line = line.flow_control(FlowControl::Software);
    let flow = open(&line).await.unwrap();
    let address = Address::of::<SerialKey>("serial", &line).unwrap();
    assert_eq!(flow.info::<PeerAddress>(), Some(&PeerAddress(address)));
    let port = flow.into_port().unwrap();
    let settings = port.get_configuration().unwrap();
    assert_eq!(settings.get_baud_rate().unwrap(), 9600);
    assert_eq!(settings.get_stop_bits().unwrap(), StopBits::Two);
    let control = settings.get_flow_control().unwrap();
    assert_eq!(control, serial2_tokio::FlowControl::XonXoff);
    Ok(())
}

/// A pseudo-terminal of Linux has eight bits and no parity.
async fn a_setting_that_the_device_lacks_is_named() -> Result<(), NotRun> {
    let (line, _far) = terminal()?;
    let line = line.baud(9600).bits(7).parity(Parity::Odd);
    let error = open(&line).await.unwrap_err();
    let Outcome::Failed(cause) = &error.report().attempts[0].outcome else {
        panic!("it was to fail: {error}");
    };
    let cause = cause.downcast_ref::<FlowError>().unwrap();
    assert_eq!(cause.kind(), ErrorKind::Unsupported);
    let source = std::error::Error::source(cause).unwrap();
    let settings = source.downcast_ref::<SettingsError>().unwrap();
    assert_eq!(settings.refused(), ["bits=7", "parity=odd"]);
    let text = error.to_string();
    let told = "the device does not take `bits=7` and `parity=odd`; \
                agree with the other end on what it can do";
    assert!(text.ends_with(told), "{text}");
    Ok(())
}

async fn an_open_port_is_a_flow() -> Result<(), NotRun> {
    let (line, mut far) = terminal()?;
    let mut near = serial::Flow::from(SerialPort::open(line.path(), 9600).unwrap());
    near.write_all(b"ping").await.unwrap();
    let mut buffer = [0; 4];
    far.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"ping");
    assert!(near.info::<PeerAddress>().is_none());
    Ok(())
}

/// Opens a line as an application does: its address through a context.
async fn open(line: &Line) -> Result<serial::Flow, ConnectError> {
    let mut registry = Registry::new();
    let protocol = registry.protocol(KEY, Serial);
    registry.resolver(KEY, 0, Literal::<SerialKey>::new());
    let context = registry.freeze(TokioTimer::new());
    let address = Address::of::<SerialKey>("serial", line).unwrap();
    let connected = context.connect(address).via(&protocol).open().await?;
    Ok(connected.flow)
}

/// A line as it usually is, and its other end.
fn terminal() -> Result<(Line, Far), NotRun> {
    let (line, other) = crate::terminal::terminal().map_err(NotRun::new)?;
    // It is no pipe, but is read and written as one.
    let sender = Sender::from_owned_fd_unchecked(other.try_clone().unwrap()).unwrap();
    let receiver = Receiver::from_owned_fd_unchecked(other).unwrap();
    Ok((line, FromTokio::new(::tokio::io::join(receiver, sender))))
}
