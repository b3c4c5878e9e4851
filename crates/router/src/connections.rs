//! How many connections there are, in all and from each address, and how fast they come.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tuyau_core::Origin;

use crate::{Limits, journal::Event};

/// Counts connections against the limits.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    shared: Arc<Mutex<Counts>>,
    limits: Limits,
}

#[derive(Debug)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
    /// Handshakes that may begin now, refilled as time passes.
    handshakes: f64,
    refilled: Instant,
    refused: HashMap<(Option<IpAddr>, &'static str), Refused>,
}

#[derive(Debug)]
struct Refused {
    count: u64,
    told: Option<Instant>,
}

/// The most addresses whose refusals are counted apart; those of others are counted together.
const MAX_TOLD: usize = 256;

/// How often refusals of one kind are told at most.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// A place among the connections; dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Permit {
    connections: Connections,
    address: Option<IpAddr>,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Self {
        let counts = Counts {
            total: 0,
            by_address: HashMap::new(),
            handshakes: f64::from(limits.handshakes_per_second),
            refilled: Instant::now(),
            refused: HashMap::new(),
        };
        Self {
            shared: Arc::new(Mutex::new(counts)),
            limits,
        }
    }

    /// Takes a place for a connection, or gives what to tell about its refusal, if anything.
    pub(crate) fn admit(&self, origin: &Origin) -> Result<Permit, Option<Event>> {
        let address = match origin {
            Origin::Ip(socket) => Some(block(socket.ip())),
            _ => None,
        };
        let mut counts = self.lock();
        let of_address = address
            .and_then(|address| counts.by_address.get(&address))
            .copied();
        if counts.total >= self.limits.connections {
            return Err(counts.refuse(None, "connections", self.limits.connections));
        }
        if of_address.unwrap_or(0) >= self.limits.connections_per_address {
            let limit = self.limits.connections_per_address;
            return Err(counts.refuse(address, "connections_per_address", limit));
        }
        if !counts.take_handshake(self.limits.handshakes_per_second) {
            let limit = self.limits.handshakes_per_second as usize;
            return Err(counts.refuse(None, "handshakes_per_second", limit));
        }
        counts.total += 1;
        if let Some(address) = address {
            *counts.by_address.entry(address).or_default() += 1;
        }
        Ok(Permit {
            connections: self.clone(),
            address,
        })
    }

    /// Takes a place for a connection that the router dials, or gives why there is none, and what
    /// to tell about it, if anything.
    pub(crate) fn admit_dial(&self) -> Result<Permit, (String, Option<Event>)> {
        let (limit, mut counts) = (self.limits.connections, self.lock());
        if counts.total >= limit {
            let reason = format!("no connection is free for it, limits.connections is {limit}");
            return Err((reason, counts.refuse(None, "connections", limit)));
        }
        counts.total += 1;
        let (connections, address) = (self.clone(), None);
        Ok(Permit {
            connections,
            address,
        })
    }

    /// What to tell about refusals that nobody was told of yet.
    pub(crate) fn untold(&self) -> Vec<Event> {
        let now = Instant::now();
        let (limits, mut counts) = (&self.limits, self.lock());
        let mut events = Vec::new();
        counts.refused.retain(|&(from, limit), refused| {
            if refused.told.is_some_and(|told| now - told < TELL_EVERY) {
                return true;
            }
            if refused.count == 0 {
                return false;
            }
            let value = match limit {
                "connections" => limits.connections,
                "connections_per_address" => limits.connections_per_address,
                _ => limits.handshakes_per_second as usize,
            };
            events.push(Event::Refused {
                from,
                count: refused.count,
                limit,
                value,
            });
            *refused = Refused {
                count: 0,
                told: Some(now),
            };
            true
        });
        events
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn take_handshake(&mut self, per_second: u32) -> bool {
        let (now, per_second) = (Instant::now(), f64::from(per_second));
        let refill = (now - self.refilled).as_secs_f64() * per_second;
        self.handshakes = (self.handshakes + refill).min(per_second);
        self.refilled = now;
        if self.handshakes < 1.0 {
            return false;
        }
        self.handshakes -= 1.0;
        true
    }

    fn refuse(&mut self, from: Option<IpAddr>, limit: &'static str, value: usize) -> Option<Event> {
        let known = self.refused.contains_key(&(from, limit));
        let from = if known || self.refused.len() < MAX_TOLD {
            from
        } else {
            None
        };
        let new = || Refused {
            count: 0,
            told: None,
        };
        let refused = self.refused.entry((from, limit)).or_insert_with(new);
        if refused.told.is_some() {
            refused.count += 1;
            return None;
        }
        refused.told = Some(Instant::now());
        Some(Event::Refused {
            from,
            count: 1,
            limit,
            value,
        })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.connections.lock();
        counts.total -= 1;
        let Some(address) = self.address else {
            return;
        };
        if let Some(count) = counts.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 network of an IPv6 address, which is
/// what one host is given.
fn block(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & (u128::MAX << 64)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(limits: Limits) -> Connections {
        Connections::new(limits)
    }

    fn from(text: &str) -> Origin {
        Origin::Ip(text.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn counts_each_address_apart_and_frees_places() {
        let limits = Limits {
            connections: 3,
            connections_per_address: 2,
            ..Limits::default()
        };
        let connections = connections(limits);
        let first = connections.admit(&from("192.0.2.1:1")).unwrap();
        let _second = connections.admit(&from("192.0.2.1:2")).unwrap();
        let refused = connections
            .admit(&from("192.0.2.1:3"))
            .unwrap_err()
            .unwrap();
        assert!(matches!(
            refused,
            Event::Refused {
                limit: "connections_per_address",
                ..
            }
        ));
        assert!(
            connections
                .admit(&from("192.0.2.1:4"))
                .unwrap_err()
                .is_none(),
            "told once"
        );
        let _other = connections.admit(&from("192.0.2.2:1")).unwrap();
        let refused = connections
            .admit(&from("192.0.2.3:1"))
            .unwrap_err()
            .unwrap();
        assert!(matches!(
            refused,
            Event::Refused {
                limit: "connections",
                ..
            }
        ));
        drop(first);
        assert!(connections.admit(&from("192.0.2.1:5")).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn counts_an_ipv6_network_as_one_address() {
        let connections = connections(Limits {
            connections_per_address: 1,
            ..Limits::default()
        });
        let _first = connections.admit(&from("[2001:db8::1]:1")).unwrap();
        assert!(connections.admit(&from("[2001:db8::ffff:1]:1")).is_err());
        assert!(connections.admit(&from("[2001:db8:0:1::1]:1")).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn refills_handshakes_as_time_passes() {
        let connections = connections(Limits {
            handshakes_per_second: 2,
            ..Limits::default()
        });
        assert!(connections.admit(&from("192.0.2.1:1")).is_ok());
        assert!(connections.admit(&from("192.0.2.1:1")).is_ok());
        assert!(connections.admit(&from("192.0.2.1:1")).is_err());
        tokio::time::advance(Duration::from_millis(500)).await;
        assert!(connections.admit(&from("192.0.2.1:1")).is_ok());
        assert!(connections.admit(&from("192.0.2.1:1")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn tells_later_how_many_more_were_refused() {
        let connections = connections(Limits {
            connections: 0,
            ..Limits::default()
        });
        for _ in 0..10 {
            drop(connections.admit(&from("192.0.2.1:1")));
        }
        assert!(connections.untold().is_empty());
        tokio::time::advance(TELL_EVERY).await;
        assert!(matches!(
            connections.untold()[..],
            [Event::Refused { count: 9, .. }]
        ));
        tokio::time::advance(TELL_EVERY).await;
        assert!(connections.untold().is_empty());
    }
}
