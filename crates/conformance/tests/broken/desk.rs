//! A protocol of datagrams without a handshake, and its listener, that break one rule on purpose, or
//! none; each is caught by the law that it breaks.

use std::{
    collections::VecDeque,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use tuyau_conformance::{Case, Serving, ServingTraits, datagram_serving_cases, run_in_place};
use tuyau_core::{Address, Attempt, Datagrams, FlowError, Incoming, Origin, Protocol, Stage};

use crate::{
    fails,
    hub::{HubKey, PORT},
    post::{self, Post},
};

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    ConnectGreets,
    OneAtATime,
}

/// Where peers wait that have said something.
#[derive(Default)]
struct Desk {
    waiting: VecDeque<Post>,
    waker: Option<Waker>,
}

type Shared = Arc<Mutex<Desk>>;

async fn serving(fault: Fault) -> Serving<Listener, Dial> {
    let desk = Shared::default();
    let listener = Listener {
        desk: desk.clone(),
        address: format!("hub://here:{PORT}").parse().unwrap(),
        fault,
        serves: Arc::default(),
    };
    Serving::new(listener, Dial { desk, fault }, PORT)
}

/// One side of an exchange.
struct Side {
    post: Post,
    /// The other side, until the first datagram brings it to the desk.
    other: Option<(Post, Shared)>,
    _served: Option<Arc<()>>,
}

impl Side {
    fn arrive(&mut self) {
        if let Some((other, desk)) = self.other.take() {
            let mut desk = desk.lock().unwrap();
            desk.waiting.push_back(other);
            desk.waker.take().into_iter().for_each(Waker::wake);
        }
    }
}

impl Datagrams for Side {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        self.arrive();
        self.post.poll_send(cx, datagram)
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.post.poll_receive(cx, buffer)
    }

    fn max_size(&self) -> usize {
        self.post.max_size()
    }
}

struct Dial {
    desk: Shared,
    fault: Fault,
}

impl Protocol for Dial {
    type Key = HubKey;
    type Flow = Side;
    type Error = FlowError;
    const STAGE: Stage = Stage::new("desk");

    async fn connect(&self, _: &u16, _: &Attempt) -> Result<Side, FlowError> {
        let (post, other) = post::pair(post::Fault::None);
        let mut side = Side {
            post,
            other: Some((other, self.desk.clone())),
            _served: None,
        };
        if self.fault == Fault::ConnectGreets {
            side.arrive();
        }
        Ok(side)
    }
}

struct Listener {
    desk: Shared,
    address: Address,
    fault: Fault,
    /// Held by each peer that is served.
    serves: Arc<()>,
}

impl tuyau_core::Listener for Listener {
    type Flow = Side;
    type Error = FlowError;
    type Handshake = Ready<Result<Side, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let mut desk = self.desk.lock().unwrap();
        let busy = self.fault == Fault::OneAtATime && Arc::strong_count(&self.serves) > 1;
        let next = if busy { None } else { desk.waiting.pop_front() };
        let Some(post) = next else {
            desk.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let side = Side {
            post,
            other: None,
            _served: Some(self.serves.clone()),
        };
        Poll::Ready(Ok(Incoming {
            origin: Origin::Local("desk"),
            handshake: ready(Ok(side)),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

fn cases(fault: Fault) -> Vec<Case> {
    let traits = ServingTraits::new().without_refusal().without_handshake();
    datagram_serving_cases(traits, run_in_place, async move || serving(fault).await)
}

#[test]
fn a_sound_one_keeps_every_law_that_it_is_asked() {
    let asked = cases(Fault::None).into_iter().map(Case::run);
    assert_eq!(asked.filter(Result::is_ok).count(), 8);
}

#[test]
fn who_is_not_heard_and_keeps_others_waiting_is_caught() {
    let cases = cases(Fault::OneAtATime);
    assert!(fails("a_peer_that_stops_does_not_block_the_next", cases));
}

#[test]
fn who_is_announced_by_connecting_is_caught() {
    let cases = cases(Fault::ConnectGreets);
    assert!(fails("a_dropped_connect_leaves_nothing_behind", cases));
}
