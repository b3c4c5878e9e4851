//! Serial lines on tokio, opened at pseudo-terminals.

#[cfg(target_os = "linux")]
mod terminal;

use tuyau::serial::{FlowControl, Line, Parity, SerialKey};
use tuyau_conformance::endpoint_cases;

use crate::list::List;

pub(crate) fn rows(list: &mut List) {
    #[cfg(target_os = "linux")]
    terminal::rows(list);
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
