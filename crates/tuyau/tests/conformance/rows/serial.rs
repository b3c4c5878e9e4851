//! Serial lines on tokio, over a pair of pseudo-terminals.

use serial2_tokio::SerialPort;
use tuyau::serial::{self, FlowControl, Line, Parity, SerialKey};
use tuyau_conformance::{NotRun, Traits, endpoint_cases};

use crate::list::{List, tokio};

pub(crate) fn rows(list: &mut List) {
    list.flows("serial", Traits::stream().without_end(), tokio, pair);
    let line = || Line::new("/dev/ttyS0");
    let endpoints = vec![
        line(),
        line().baud(9600),
        line().bits(7),
        line().parity(Parity::Odd),
        line().parity(Parity::Even),
        line().stop_bits(2),
        line().flow_control(FlowControl::Software),
        line().flow_control(FlowControl::Hardware),
        line().baud(300).bits(5).stop_bits(2),
    ];
    let refused = &[
        "serial://line",
        "serial:///dev/ttyS0?baud=0",
        "serial:///dev/ttyS0?bits=9",
        "serial:///dev/ttyS0?speed=9600",
        "serial:///dev/ttyS0?",
    ];
    list.add("serial", endpoint_cases::<SerialKey>("serial", endpoints, refused));
}

pub(crate) async fn pair() -> Result<(serial::Flow, serial::Flow), NotRun> {
    let (near, far) = SerialPort::pair()
        .map_err(|error| NotRun::new(format!("no pair of pseudo-terminals: {error}")))?;
    Ok((near.into(), far.into()))
}
