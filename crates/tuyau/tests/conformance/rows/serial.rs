//! Serial lines on tokio, over a pair of pseudo-terminals.

use serial2_tokio::SerialPort;
use tuyau::serial;
use tuyau_conformance::{NotRun, Traits};

use crate::list::{List, tokio};

pub(crate) fn rows(list: &mut List) {
    list.flows("serial", Traits::stream().without_end(), tokio, pair);
}

pub(crate) async fn pair() -> Result<(serial::Flow, serial::Flow), NotRun> {
    let (near, far) = SerialPort::pair()
        .map_err(|error| NotRun::new(format!("no pair of pseudo-terminals: {error}")))?;
    Ok((near.into(), far.into()))
}
