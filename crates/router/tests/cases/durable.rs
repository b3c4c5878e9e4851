//! What tests of durable messages have in common.

use tuyau_wire::{Announcement, Binding, Class, Grant, Level, Message, Signed, Target};

use crate::world::{GROUP, Strict, durable, from_group, id};

/// The handle of those who send.
pub(crate) const HANDLE: u64 = 6;

/// Every level.
pub(crate) const LEVELS: [Level; 4] = [
    Level::None,
    Level::Accepted,
    Level::Stored,
    Level::Delivered,
];

/// A binding for durable messages to the group.
pub(crate) fn publish_durably(level: Level) -> Binding {
    let (group, grant) = (id(GROUP), None);
    Binding {
        target: Target::Group { group, grant },
        ..durable(id(GROUP), level)
    }
}

/// What a durable member is told of what the sender publishes to the group.
pub(crate) fn kept_from_group(sender: u8) -> Announcement {
    Announcement {
        class: Class::Durable,
        acknowledge: true,
        ..from_group(sender)
    }
}

impl Strict {
    /// Binds the handle and sends on it; hears the receipt, if one comes at once at this level.
    pub(crate) async fn sends(&mut self, binding: Binding, body: &[u8]) -> u64 {
        let level = binding.level;
        assert_eq!(self.bind(HANDLE, binding).await, None);
        let sent = self.post(HANDLE, body).await;
        match level {
            Level::Accepted | Level::Stored => self.hears_receipt(level, sent).await,
            _ => self.hears_nothing().await,
        }
        sent
    }

    /// Binds the handle, and sends what was sent before under this number.
    pub(crate) async fn sends_again(&mut self, binding: Binding, sequence: u64, body: &[u8]) {
        assert_eq!(self.bind(HANDLE, binding).await, None);
        self.number = sequence - 1;
        assert_eq!(self.post(HANDLE, body).await, sequence);
    }

    /// The next message announces durable messages of a sender; gives the handle.
    pub(crate) async fn hears_of(&mut self, from: u8) -> u64 {
        self.hears_announce(from, Class::Durable, true, 0).await
    }

    pub(crate) async fn hears_redeliver(&mut self, handle: u64, sequence: u64, body: &[u8]) {
        self.hears(&Message::Redeliver {
            handle,
            sequence,
            body,
        })
        .await;
    }

    /// The next messages are receipts of the level delivered of all these, in as many as there may be.
    pub(crate) async fn hears_delivered(&mut self, sent: &[u64]) {
        let mut left = sent.to_vec();
        while !left.is_empty() {
            let bytes = self.heard().await;
            match Message::decode(&bytes).unwrap() {
                Message::Receipt {
                    level: Level::Delivered,
                    first,
                    last,
                } => left.retain(|number| !(first..=last).contains(number)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message is a stored one, for the first time or again; gives handle and number.
    pub(crate) async fn heard_number(&mut self) -> (u64, u64) {
        let bytes = self.heard().await;
        match Message::decode(&bytes).unwrap() {
            Message::Deliver {
                handle, sequence, ..
            }
            | Message::Redeliver {
                handle, sequence, ..
            } => (handle, sequence),
            other => panic!("{other:?}"),
        }
    }

    /// Joins the group for good, and gives the number of the join.
    pub(crate) async fn join_durably(&mut self, grant: Option<Signed<Grant>>) -> u64 {
        let (sequence, group, durable) = (self.next(), id(GROUP), true);
        self.say(&Message::Join {
            sequence,
            group,
            durable,
            grant,
        })
        .await;
        self.hears_receipt(Level::Accepted, sequence).await;
        sequence
    }

    /// Leaves the group, and gives the number of that.
    pub(crate) async fn leave(&mut self) -> u64 {
        let (sequence, group) = (self.next(), id(GROUP));
        self.say(&Message::Leave { sequence, group }).await;
        sequence
    }
}
