//! What is done from time to time: messages whose time is over are removed, and whoever watches is
//! told what happened.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use tuyau_wire::{Identity, RejectCode};

use super::{Mail, lock};
use crate::{
    journal::Event,
    peer::Peer,
    store::{Directory, Expired, Id, Loss, Room, Spool, StoreError},
};

/// What was removed because its time was over, and what was found damaged.
type Found = (Result<Vec<Expired>, StoreError>, Vec<Loss>);

/// How many mailboxes are looked at in one turn of the store.
const PAGE: usize = 1024;

impl Mail {
    /// Time has passed.
    pub(crate) fn tick(&self) {
        for (identity, (messages, bytes)) in mem::take(&mut *lock(&self.inner.collected)) {
            self.inner.plane.tell(Event::Collected {
                identity,
                messages,
                bytes,
            });
        }
        self.sources().sweep();
        if !self.inner.expiring.swap(true, Relaxed) {
            self.expire();
        }
    }

    fn expire(&self) {
        let mail = self.clone();
        let expire = |spool: &mut dyn Spool, directory: &mut dyn Directory, now| {
            let expired = spool.expire(now);
            let mut losses = spool.take_losses();
            losses.extend(directory.take_losses());
            (expired, losses)
        };
        let answer = move |result: Result<Found, StoreError>| {
            mail.inner.expiring.store(false, Relaxed);
            let (expired, losses) = match result {
                Ok((Ok(expired), losses)) => (expired, losses),
                Ok((Err(error), losses)) => {
                    mail.failed(&error);
                    (Vec::new(), losses)
                }
                Err(error) => return mail.failed(&error),
            };
            mail.expired(&expired);
            for loss in losses {
                let text = loss.to_string();
                mail.inner.plane.tell(Event::Damaged { text });
            }
        };
        self.asked(self.store().write(Room::none(), expire, answer));
    }

    /// The time of messages was over: senders that wait for them are told, and whoever watches.
    pub(super) fn expired(&self, expired: &[Expired]) {
        if expired.is_empty() {
            return;
        }
        let mut by_mailbox = BTreeMap::<Id, u64>::new();
        for expired in expired {
            *by_mailbox.entry(expired.mailbox).or_default() += 1;
        }
        let positions: Vec<_> = expired.iter().map(|it| it.position).collect();
        let text = "its time was over before the recipient acknowledged it";
        self.receipts()
            .refused(&positions, RejectCode::TimedOut, text);
        for (mailbox, messages) in by_mailbox {
            if let Ok(identity) = mailbox.identity() {
                self.inner.plane.tell(Event::Dropped {
                    identity,
                    messages,
                    reason: "their time was over",
                });
            }
        }
    }

    /// Tells those of these who have no messages any more.
    pub(crate) fn settle(&self, peers: Vec<Arc<Peer>>) {
        let look = move |spool: &mut dyn Spool, _: &mut dyn Directory, _| {
            let empty = |peer: &&Arc<Peer>| spool.usage(peer.identity.into()).messages == 0;
            peers.iter().filter(empty).for_each(|peer| peer.settle());
        };
        self.asked(self.store().look(Room::none(), look));
    }

    /// Looks again whether somebody has messages, who then is [wanted](Self::want).
    pub(crate) fn recall(&self, identity: Identity) {
        let mail = self.clone();
        let look = move |spool: &mut dyn Spool, _: &mut dyn Directory, _| {
            if spool.usage(identity.into()).messages > 0 {
                mail.want(identity);
            }
        };
        self.asked(self.store().look(Room::none(), look));
    }

    /// Has everybody [wanted](Self::want) who has messages, mailbox by mailbox.
    pub(crate) fn recall_all(&self) {
        self.recall_after(None);
    }

    fn recall_after(&self, after: Option<Id>) {
        let mail = self.clone();
        let look = move |spool: &mut dyn Spool, _: &mut dyn Directory, _| {
            let page = spool.mailboxes(after, PAGE);
            for (mailbox, _) in &page {
                if let Ok(identity) = mailbox.identity() {
                    mail.want(identity);
                }
            }
            if let Some((last, _)) = page.last() {
                mail.recall_after(Some(*last));
            }
        };
        self.asked(self.store().look(Room::none(), look));
    }
}
