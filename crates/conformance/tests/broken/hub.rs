//! A protocol in memory with a handshake, and its listener, that break one rule on purpose, or none.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use tuyau_conformance::Serving;
use tuyau_core::{
    Address, Attempt, EndpointError, EndpointKey, ErrorKind, FlowError, FlowExt, Incoming, Origin,
    Stage,
};

use crate::pipe::{self, Pipe};

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    AddressHasNoPort,
    AddressIsAnother,
    AddressIsLonger,
    ConnectDialsAtOnce,
    ConnectLeavesItsFlow,
    DropChangesNothing,
    DropForgetsTheQueue,
    HandshakeFails,
    HandshakeIsPartOfAccept,
    HandshakeLeavesItsFlow,
    NobodyWaits,
    PollForgets,
    PortIsNotTold,
    RefusesOddly,
}

/// Where dialled connections wait for the listener.
#[derive(Default)]
struct Hub {
    waiting: VecDeque<Pipe>,
    accepting: bool,
    waker: Option<Waker>,
    closed: bool,
    left: Vec<Pipe>,
}

type Shared = Arc<Mutex<Hub>>;

pub(crate) fn serving(fault: Fault) -> Serving<Listener, Dial> {
    let (listener, dial) = open(fault);
    Serving::new(listener, dial, PORT)
}

pub(crate) fn open(fault: Fault) -> (Listener, Dial) {
    let hub = Shared::default();
    let address = match fault {
        Fault::PortIsNotTold => "hub://here:0".to_owned(),
        Fault::AddressHasNoPort => "hub://here".to_owned(),
        Fault::AddressIsAnother => format!("hub://here:{}", PORT + 1),
        Fault::AddressIsLonger => format!("hub://here:{PORT}0"),
        _ => format!("hub://here:{PORT}"),
    };
    let listener = Listener {
        hub: hub.clone(),
        address: address.parse().unwrap(),
        fault,
        handshake: None,
    };
    (listener, Dial { hub, fault })
}

/// The only port at which a hub listens.
pub(crate) const PORT: u16 = 1;

pub(crate) struct HubKey;

impl EndpointKey for HubKey {
    type Endpoint = u16;
    const NAME: &'static str = "hub";

    fn show(port: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "here:{port}")
    }

    fn read(address: &Address) -> Result<u16, EndpointError> {
        let port = address.port();
        port.ok_or_else(|| EndpointError::new(address, "a port, as in `hub://here:1`"))
    }
}

pub(crate) struct Dial {
    hub: Shared,
    fault: Fault,
}

impl Dial {
    fn dial(&self, port: u16) -> Result<Pipe, FlowError> {
        let mut hub = self.hub.lock().unwrap();
        if port != PORT || hub.closed || (self.fault == Fault::NobodyWaits && !hub.accepting) {
            return Err(match self.fault {
                Fault::RefusesOddly => ErrorKind::Other.into(),
                _ => ErrorKind::Refused.into(),
            });
        }
        let (near, far) = pipe::pair(pipe::Fault::None);
        hub.waiting.push_back(far);
        hub.waker.take().into_iter().for_each(Waker::wake);
        Ok(near)
    }
}

impl tuyau_core::Protocol for Dial {
    type Key = HubKey;
    type Flow = Pipe;
    type Error = FlowError;
    const STAGE: Stage = Stage::new("hub");

    fn connect(
        &self,
        &port: &u16,
        _: &Attempt,
    ) -> impl Future<Output = Result<Pipe, FlowError>> + Send {
        let at_once = (self.fault == Fault::ConnectDialsAtOnce).then(|| self.dial(port));
        let leaves = self.fault == Fault::ConnectLeavesItsFlow;
        async move {
            let dialled = at_once.unwrap_or_else(|| self.dial(port))?;
            let mut held = Held(Some(dialled), leaves.then(|| self.hub.clone()));
            let flow = held.0.as_mut().unwrap();
            flow.write_all(b"hi").await?;
            flow.read_exact(&mut [0; 2]).await?;
            flow.write_all(b"go").await?;
            Ok(held.0.take().unwrap())
        }
    }
}

/// A flow being shaken hands over; dropped, it may be kept open in the hub.
struct Held(Option<Pipe>, Option<Shared>);

impl Drop for Held {
    fn drop(&mut self) {
        if let (Some(flow), Some(hub)) = (self.0.take(), &self.1) {
            hub.lock().unwrap().left.push(flow);
        }
    }
}

pub(crate) struct Listener {
    hub: Shared,
    address: Address,
    fault: Fault,
    handshake: Option<Handshake>,
}

type Handshake = Pin<Box<dyn Future<Output = Result<Pipe, FlowError>> + Send>>;

impl Listener {
    fn shake_hands(&self, flow: Pipe) -> Handshake {
        let fault = self.fault;
        let leaves = fault == Fault::HandshakeLeavesItsFlow;
        let mut held = Held(Some(flow), leaves.then(|| self.hub.clone()));
        Box::pin(async move {
            let flow = held.0.as_mut().unwrap();
            flow.read_exact(&mut [0; 2]).await?;
            if fault == Fault::HandshakeFails {
                return Err(ErrorKind::Protocol.into());
            }
            flow.write_all(b"ok").await?;
            flow.read_exact(&mut [0; 2]).await?;
            Ok(held.0.take().unwrap())
        })
    }
}

impl tuyau_core::Listener for Listener {
    type Flow = Pipe;
    type Error = FlowError;
    type Handshake = Handshake;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Handshake>, FlowError>> {
        if let Some(handshake) = &mut self.handshake {
            let Poll::Ready(done) = handshake.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.handshake = None;
            return incoming(Box::pin(std::future::ready(done)));
        }
        let mut hub = self.hub.lock().unwrap();
        let Some(flow) = hub.waiting.pop_front() else {
            hub.accepting = true;
            hub.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        drop(hub);
        match self.fault {
            Fault::HandshakeIsPartOfAccept => {
                self.handshake = Some(self.shake_hands(flow));
                self.poll_accept(cx)
            }
            Fault::PollForgets => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => incoming(self.shake_hands(flow)),
        }
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

fn incoming(handshake: Handshake) -> Poll<Result<Incoming<Handshake>, FlowError>> {
    Poll::Ready(Ok(Incoming {
        origin: Origin::Local("hub"),
        handshake,
    }))
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.fault == Fault::DropChangesNothing {
            return;
        }
        let mut hub = self.hub.lock().unwrap();
        hub.closed = true;
        if self.fault != Fault::DropForgetsTheQueue {
            hub.waiting.clear();
        }
    }
}
