//! What is open in a session: requests without an answer, deliveries without a taker.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::sync::{
    mpsc::{self, OwnedPermit, error::SendError, error::TrySendError},
    oneshot,
};
use tuyau_core::Address;
use tuyau_wire::{Identity, Message, Record, Signed, Withdrawal};

use super::{
    Delivery, Receipt,
    answer::{Answer, Expected},
    error::{OutOfTurn, Rejection, RequestError, SessionError, SessionErrorKind as Kind},
    stream::Stream,
};
use crate::{Settings, sequence::since_1970};

/// A request and who waits for its answer.
pub(super) struct Request {
    pub(super) ask: Ask,
    pub(super) reply: Reply,
}

pub(super) enum Ask {
    Register {
        routes: Vec<Address>,
        lifetime: Duration,
    },
    Unregister,
    Send {
        to: Identity,
        body: Vec<u8>,
    },
    Lookup {
        identity: Identity,
    },
}

pub(super) type Reply = oneshot::Sender<Result<Answer, RequestError>>;

type Room = Pin<Box<dyn Future<Output = Result<OwnedPermit<Delivery>, SendError<()>>> + Send>>;

pub(super) struct Desk {
    settings: Settings,
    /// The longest message that the peer accepts, in bytes.
    limit: u64,
    last_request: u64,
    open: HashMap<u64, (Expected, Reply)>,
    deliveries: mpsc::Sender<Delivery>,
    /// A delivery that found the queue full, and the wait for room.
    waiting: Option<(Delivery, Room)>,
}

impl Desk {
    pub(super) fn new(settings: Settings, limit: u64, deliveries: mpsc::Sender<Delivery>) -> Self {
        Self {
            settings,
            limit,
            last_request: 0,
            open: HashMap::new(),
            deliveries,
            waiting: None,
        }
    }

    /// Sends a request, or answers it at once when it cannot be sent.
    pub(super) fn start(&mut self, Request { ask, reply }: Request, stream: &mut Stream) {
        // The caller gave up before anything was sent: so nothing is.
        if reply.is_closed() {
            return;
        }
        let request = self.last_request + 1;
        match self.push(request, &ask, stream) {
            Ok(expected) => {
                self.last_request = request;
                self.forget_abandoned();
                self.open.insert(request, (expected, reply));
            }
            Err(error) => answer(reply, Err(error)),
        }
    }

    fn push(&self, request: u64, ask: &Ask, stream: &mut Stream) -> Result<Expected, RequestError> {
        let identity = self.settings.key.identity();
        let (message, expected) = match ask {
            Ask::Register { routes, lifetime } => {
                let sequence = self.settings.sequence.advance();
                let expires = since_1970().saturating_add(*lifetime).as_secs();
                let record = Record {
                    identity,
                    sequence,
                    routes: routes.clone(),
                    expires,
                };
                let record =
                    Signed::sign(&self.settings.key, record).map_err(RequestError::Statement)?;
                let receipt = Receipt { sequence, expires };
                (Message::Listen { request, record }, receipt.into())
            }
            Ask::Unregister => {
                let sequence = self.settings.sequence.advance();
                let withdrawal = Withdrawal { identity, sequence };
                let withdrawal = Signed::sign(&self.settings.key, withdrawal)
                    .map_err(RequestError::Statement)?;
                let receipt = Receipt {
                    sequence,
                    expires: 0,
                };
                (
                    Message::Unlisten {
                        request,
                        withdrawal,
                    },
                    receipt.into(),
                )
            }
            Ask::Send { to, body } => {
                let to = *to;
                (
                    Message::Send { request, to, body },
                    Receipt::default().into(),
                )
            }
            Ask::Lookup { identity } => {
                let identity = *identity;
                (Message::Lookup { request, identity }, Expected::Record)
            }
        };
        let (length, limit) = (message.encoded_len(), self.limit);
        if length as u64 > limit {
            return Err(RequestError::TooLong { length, limit });
        }
        stream.push(&message);
        Ok(expected)
    }

    /// Callers that gave up are not told here; without this their entries could pile up.
    fn forget_abandoned(&mut self) {
        if self.open.len() == self.open.capacity() {
            self.open.retain(|_, (_, reply)| !reply.is_closed());
        }
    }

    /// Handles a message of the router.
    pub(super) fn handle(&mut self, message: Message<'_>) -> Result<(), SessionError> {
        match message {
            Message::Deliver {
                from,
                request,
                body,
            } => {
                let body = body.to_vec();
                self.deliver(Delivery {
                    from,
                    request,
                    body,
                });
                Ok(())
            }
            Message::Accept { request } => self.close(request, Ok(None)),
            Message::Found { request, record } => self.close(request, Ok(Some(record))),
            Message::Reject {
                request: Some(request),
                code,
                text,
            } => {
                let text = text.to_owned();
                self.close(request, Err(Rejection { code, text }))
            }
            Message::Reject {
                request: None,
                code,
                text,
            } => Err(SessionError::rejected(code, text)),
            other => Err(out_of_turn(other.name())),
        }
    }

    /// Answers a request: with what was found, with nothing more than that it was accepted, or with
    /// why it was not.
    fn close(
        &mut self,
        request: u64,
        outcome: Result<Option<Signed<Record>>, Rejection>,
    ) -> Result<(), SessionError> {
        if request > self.last_request {
            return Err(out_of_turn("an answer to a request that was not made"));
        }
        // An abandoned request is answered too.
        if let Some((expected, reply)) = self.open.remove(&request) {
            let result = match outcome {
                Ok(found) => Ok(expected.answer(found).map_err(out_of_turn)?),
                Err(rejection) => Err(RequestError::Rejected(rejection)),
            };
            answer(reply, result);
        }
        Ok(())
    }

    fn deliver(&mut self, delivery: Delivery) {
        if let Err(TrySendError::Full(delivery)) = self.deliveries.try_send(delivery) {
            let room = Box::pin(self.deliveries.clone().reserve_owned());
            self.waiting = Some((delivery, room));
        }
    }

    /// Ready when there is room for a delivery. Until then nothing is read, and the router sees
    /// that this service is slow.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some((_, room)) = &mut self.waiting {
            let permit = ready!(room.as_mut().poll(cx));
            if let (Ok(permit), Some((delivery, _))) = (permit, self.waiting.take()) {
                permit.send(delivery);
            }
        }
        Poll::Ready(())
    }

    /// Tells everyone who waits for an answer that the session is over.
    pub(super) fn fail(&mut self, reason: &SessionError) {
        for (_, (_, reply)) in self.open.drain() {
            answer(reply, Err(RequestError::Lost(reason.clone())));
        }
    }
}

fn out_of_turn(found: &'static str) -> SessionError {
    let expected = "deliver, or accept, found or reject of a request";
    SessionError::caused(Kind::Unexpected, OutOfTurn { expected, found })
}

/// Gives an answer to whoever still waits for it.
fn answer(reply: Reply, result: Result<Answer, RequestError>) {
    let _ = reply.send(result);
}
