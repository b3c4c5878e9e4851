//! The handles of a session: what they are bound to, and how much may be sent on them.

use std::{
    collections::{HashMap, VecDeque},
    hash::{Hash, Hasher},
    sync::Arc,
};

use tokio::sync::Notify;
use tuyau_wire::{Binding, Class, Identity, Level, Target};

use super::{error::Rejection, sender::SendOptions};

/// The most handles that a session binds at a time, where its router allows more.
const HANDLES_MAX: u64 = 1_024;

/// What messages have in common: what a handle is bound to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) binding: Binding,
}

impl Lane {
    pub(super) fn new(target: Target, options: SendOptions) -> Self {
        Self {
            binding: Binding {
                target,
                class: options.class,
                level: options.level,
                ttl: u64::try_from(options.ttl.as_millis()).unwrap_or(u64::MAX),
            },
        }
    }

    /// Whether anything is awaited for a message: a receipt or a reply.
    pub(super) fn is_answered(&self) -> bool {
        self.binding.class == Class::Request || self.binding.level != Level::None
    }

    /// To one service or to the router: at most once, and known to be taken.
    pub(super) fn plain(to: Identity) -> Self {
        Self::new(Target::Identity(to), SendOptions::FAST)
    }
}

/// Whatever differs in grants alone is found in the same place.
impl Hash for Lane {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Binding {
            target,
            class,
            level,
            ttl,
        } = &self.binding;
        (target.identity(), class, level, ttl).hash(state);
    }
}

/// A handle that is bound, or was.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) lane: Arc<Lane>,
    /// The bytes of all messages since it was bound.
    pub(super) sent: u64,
    /// How many there may be.
    pub(super) limit: u64,
    /// When it was last used, in uses of any handle.
    used: u64,
    /// Messages without an answer.
    open: usize,
    /// Whether it can be sent on: it was not refused or withdrawn since.
    bound: bool,
    /// The number of the request that bound it.
    pub(super) bind: u64,
    /// Whether the router has said that it is bound: credit that comes before is about what was bound
    /// to it before.
    confirmed: bool,
    /// Why the router refused to bind it.
    pub(super) refused: Option<Rejection>,
    /// Told when there is more credit.
    pub(super) room: Arc<Notify>,
}

/// What has to be said before a handle can be sent on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fresh {
    pub(super) handle: usize,
    /// Whether it has to be unbound first.
    pub(super) unbind: bool,
}

/// The handles of a session, by what they are bound to.
#[derive(Debug)]
pub(super) struct Handles {
    slots: Vec<Option<Slot>>,
    by_lane: HashMap<Arc<Lane>, usize>,
    /// Free handles; the one that has been free for longest is used first, so that what the router
    /// still says about its last use comes before.
    free: VecDeque<usize>,
    most: usize,
    credit: u64,
    uses: u64,
}

impl Handles {
    /// Handles below `most`, on each of which `credit` bytes may be sent at first.
    pub(super) fn new(most: u64, credit: u64) -> Self {
        Self {
            slots: Vec::new(),
            by_lane: HashMap::new(),
            free: VecDeque::new(),
            most: most.clamp(1, HANDLES_MAX) as usize,
            credit,
            uses: 0,
        }
    }

    /// The handle that is bound to a lane.
    pub(super) fn find(&self, lane: &Lane) -> Option<usize> {
        self.by_lane.get(lane).copied()
    }

    /// Whether a handle is bound to this very lane.
    pub(super) fn is_bound_to(&self, handle: usize, lane: &Arc<Lane>) -> bool {
        let slot = self.slots.get(handle).and_then(Option::as_ref);
        slot.is_some_and(|slot| slot.bound && Arc::ptr_eq(&slot.lane, lane))
    }

    /// The slot of a handle.
    pub(super) fn slot(&mut self, handle: usize) -> Option<&mut Slot> {
        self.slots.get_mut(handle)?.as_mut()
    }

    /// Binds a lane to a handle: to a free one, or in place of the one that was not used for
    /// longest. `None` when answers are waited for on all of them.
    pub(super) fn bind(&mut self, lane: &Arc<Lane>) -> Option<Fresh> {
        let fresh = self.choose()?;
        let slot = Slot {
            lane: lane.clone(),
            sent: 0,
            limit: self.credit,
            used: self.uses,
            open: 0,
            bound: true,
            bind: 0,
            confirmed: false,
            refused: None,
            room: Arc::default(),
        };
        self.slots[fresh.handle] = Some(slot);
        self.by_lane.insert(lane.clone(), fresh.handle);
        Some(fresh)
    }

    fn choose(&mut self) -> Option<Fresh> {
        if self.slots.len() < self.most {
            self.slots.push(None);
            let handle = self.slots.len() - 1;
            return Some(Fresh {
                handle,
                unbind: false,
            });
        }
        if let Some(handle) = self.free.pop_front() {
            return Some(Fresh {
                handle,
                unbind: false,
            });
        }
        let slots = self.slots.iter().enumerate();
        let idle = slots.filter_map(|(handle, slot)| {
            let slot = slot.as_ref().filter(|slot| slot.open == 0)?;
            Some((slot.used, handle))
        });
        let (_, handle) = idle.min()?;
        let slot = self.slots[handle].take()?;
        self.by_lane.remove(&slot.lane);
        slot.room.notify_waiters();
        Some(Fresh {
            handle,
            unbind: true,
        })
    }

    /// Charges a message to a handle.
    pub(super) fn charge(&mut self, handle: usize, cost: u64, is_awaited: bool) {
        self.uses += 1;
        let used = self.uses;
        if let Some(slot) = self.slot(handle) {
            slot.sent += cost;
            slot.used = used;
            slot.open += usize::from(is_awaited);
        }
    }

    /// A message has its answer; `true` when the handle could be used for something else now.
    pub(super) fn release(&mut self, handle: usize) -> bool {
        let Some(slot) = self.slot(handle) else {
            return false;
        };
        slot.open = slot.open.saturating_sub(1);
        let is_idle = slot.open == 0;
        if is_idle && !slot.bound {
            self.clear(handle);
        }
        is_idle
    }

    /// The router has bound a handle.
    pub(super) fn confirm(&mut self, handle: usize, bind: u64) {
        if let Some(slot) = self.slot(handle).filter(|slot| slot.bind == bind) {
            slot.confirmed = true;
        }
    }

    /// Raises what may be sent on a handle.
    pub(super) fn raise(&mut self, handle: u64, limit: u64) {
        let handle = usize::try_from(handle).unwrap_or(usize::MAX);
        let slot = self.slot(handle);
        if let Some(slot) = slot.filter(|slot| slot.confirmed && slot.limit < limit) {
            slot.limit = limit;
            slot.room.notify_waiters();
        }
    }

    /// The router has not bound a handle, or has freed it: who sends next binds anew.
    pub(super) fn withdraw(&mut self, handle: usize, refused: Option<&Rejection>) {
        let Some(slot) = self.slot(handle).filter(|slot| slot.bound) else {
            return;
        };
        slot.bound = false;
        slot.refused = refused.cloned();
        slot.room.notify_waiters();
        let (lane, is_idle) = (slot.lane.clone(), slot.open == 0);
        self.by_lane.remove(&lane);
        if is_idle {
            self.clear(handle);
        }
    }

    /// The same for all handles without answers: which one it is about cannot be told.
    pub(super) fn withdraw_silent(&mut self) {
        for handle in 0..self.slots.len() {
            let slot = self.slots[handle].as_ref();
            if slot.is_some_and(|slot| slot.lane.binding.level == Level::None && slot.open == 0) {
                self.withdraw(handle, None);
            }
        }
    }

    /// Lets everyone see who waits for credit.
    pub(super) fn end(&mut self) {
        for slot in self.slots.iter().flatten() {
            slot.room.notify_waiters();
        }
    }

    fn clear(&mut self, handle: usize) {
        self.slots[handle] = None;
        self.free.push_back(handle);
    }
}
