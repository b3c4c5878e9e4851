//! Send: from one identity to another.

use tuyau_wire::{Identity, Message, RejectCode};

use super::{Action, Engine, Link, Receipt, SessionId, dial::Waiting};
use crate::{
    Timestamp,
    journal::{self, Event},
};

impl Engine {
    /// Delivers a message over a session of its recipient, or dials one.
    pub(super) fn deliver(
        &mut self,
        session: SessionId,
        request: u64,
        to: Identity,
        body: &[u8],
        now: Timestamp,
    ) {
        let Some(sender) = self.sessions.get(session) else {
            return;
        };
        let from = sender.peer;
        if to == self.rules.identity {
            let text = journal::excerpt(body);
            self.accept(session, request);
            return self.tell(Event::Received { from, text });
        }
        let receipt = Receipt {
            session,
            request,
            from,
            to,
            bytes: body.len(),
        };
        let message = Message::Deliver {
            from,
            request,
            body,
        };
        match self.session_for(&to) {
            Some(recipient) => self.hand_over(recipient, &message, Some(receipt)),
            None => {
                let waiting = Waiting::Message {
                    body: body.to_vec(),
                    receipt,
                };
                self.dial(to, waiting, now);
            }
        }
    }

    /// The session over which an identity is reached: one that it opened, else one that the router
    /// dialled; of these the newest.
    fn session_for(&self, identity: &Identity) -> Option<SessionId> {
        let accepted = |link: &Link| matches!(link, Link::Accepted { .. });
        let newest = self.sessions.of(identity).next().map(|(id, _)| id);
        let mut of = self.sessions.of(identity);
        of.find(|(_, session)| accepted(&session.link))
            .map(|(id, _)| id)
            .or(newest)
    }

    /// Queues a deliver for a recipient's session.
    pub(super) fn hand_over(
        &mut self,
        recipient: SessionId,
        message: &Message<'_>,
        receipt: Option<Receipt>,
    ) {
        let limit = self
            .sessions
            .get(recipient)
            .map_or(0, |session| session.max_frame);
        if message.encoded_len() <= limit {
            let mut frame = Vec::new();
            message.encode_frame(&mut frame);
            self.actions.push(Action::Deliver {
                session: recipient,
                frame,
                receipt,
            });
        } else if let Some(receipt) = receipt {
            let text = format!("the recipient accepts messages of at most {limit} bytes");
            self.reject(
                receipt.session,
                receipt.request,
                RejectCode::TooLarge,
                &text,
            );
        }
    }

    /// A message was queued for its recipient.
    pub(crate) fn delivered(&mut self, receipt: Receipt) {
        let Receipt {
            session,
            request,
            from,
            to,
            bytes,
        } = receipt;
        self.accept(session, request);
        self.tell(Event::Delivered { from, to, bytes });
    }

    /// The queue of a message's recipient was full, or its session has just ended.
    pub(crate) fn congested(&mut self, receipt: Receipt) {
        let Receipt {
            session,
            request,
            to,
            ..
        } = receipt;
        let text = format!("{to} does not read as fast as messages come; send again later");
        self.reject(session, request, RejectCode::Congested, &text);
    }
}
