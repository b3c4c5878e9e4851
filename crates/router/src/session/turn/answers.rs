//! What the peer is told about a turn, gathered and queued at its end.

use tuyau_wire::{Level, Message, RejectCode};

use crate::{
    journal::Event,
    lane::{Destination, Lane},
    outbox::Outbox,
};

/// Answers in their order; receipts of consecutive numbers become one.
#[derive(Debug, Default)]
pub(super) struct Answers {
    frames: Vec<u8>,
    receipt: Option<(Level, u64, u64)>,
    /// The first refusal of a turn, for whoever watches.
    refusal: Option<Event>,
}

impl Answers {
    /// A message has come so far.
    pub(super) fn receipt(&mut self, level: Level, sequence: u64) {
        if let Some((of, _, last)) = &mut self.receipt
            && *of == level
            && *last + 1 == sequence
        {
            *last = sequence;
            return;
        }
        self.end_receipt();
        self.receipt = Some((level, sequence, sequence));
    }

    /// A message is refused.
    pub(super) fn reject(&mut self, sequence: u64, lane: &Lane, code: RejectCode, text: &str) {
        self.refusal.get_or_insert_with(|| Event::Rejected {
            identity: lane.from,
            code,
            text: text.to_owned(),
        });
        self.say(&Message::Reject {
            sequence: Some(sequence),
            code,
            text,
        });
    }

    /// A message is refused because its recipient does not keep up, or its sender is ahead of its
    /// credit.
    pub(super) fn congested(&mut self, sequence: u64, lane: &Lane) {
        let who = match &lane.to {
            Destination::Peer(peer) => peer.identity.to_string(),
            Destination::Group(group) => format!("the group {}", group.identity),
            Destination::Router | Destination::Mailboxes => "the router".into(),
        };
        let text = format!(
            "{who} does not take messages as fast as they come; wait for credit and send again"
        );
        self.reject(sequence, lane, RejectCode::Congested, &text);
    }

    /// A message is refused because too much waits for the disk.
    pub(super) fn disk_busy(&mut self, sequence: u64, lane: &Lane) {
        let text =
            "the router's disk does not take messages as fast as they come; send again later";
        self.reject(sequence, lane, RejectCode::Congested, text);
    }

    pub(super) fn say(&mut self, message: &Message<'_>) {
        self.end_receipt();
        message.encode_frame(&mut self.frames);
    }

    /// Queues all of it.
    pub(super) fn tell(&mut self, outbox: &Outbox) {
        self.end_receipt();
        if !self.frames.is_empty() {
            outbox.tell_frames(&self.frames);
            self.frames.clear();
        }
    }

    /// The first refusal since the last call.
    pub(super) fn take_refusal(&mut self) -> Option<Event> {
        self.refusal.take()
    }

    fn end_receipt(&mut self) {
        if let Some((level, first, last)) = self.receipt.take() {
            let receipt = Message::Receipt { level, first, last };
            receipt.encode_frame(&mut self.frames);
        }
    }
}
