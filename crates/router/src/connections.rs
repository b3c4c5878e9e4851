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
    /// Handshakes that may begin now.
    handshakes: Bucket,
    /// The same of each address that began one lately.
    handshakes_by_address: HashMap<IpAddr, Bucket>,
    /// When full buckets of addresses were dropped last.
    swept: Instant,
    refused: HashMap<(Option<IpAddr>, &'static str), Refused>,
}

/// Something that is taken one by one and refilled as time passes.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: f64,
    refilled: Instant,
}

#[derive(Debug)]
struct Refused {
    count: u64,
    told: Option<Instant>,
}

/// The most addresses whose refusals are counted apart; those of others are counted together.
const MAX_TOLD: usize = 256;

/// One address may begin at most this part of the handshakes of a second, so that it cannot keep
/// everyone else out.
const SHARES: u32 = 4;

/// How often full buckets of addresses are dropped. A bucket that nobody takes from is full after a
/// second, so there are never more buckets than handshakes in some seconds.
const SWEEP_EVERY: Duration = Duration::from_secs(2);

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
            handshakes: Bucket::full(limits.handshakes_per_second, Instant::now()),
            handshakes_by_address: HashMap::new(),
            swept: Instant::now(),
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
        if let Err(from) = counts.take_handshake(address, self.limits.handshakes_per_second) {
            let limit = self.limits.handshakes_per_second as usize;
            return Err(counts.refuse(from, "handshakes_per_second", limit));
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
    /// Takes a handshake, or gives the address whose share is used up, if it is not all of them.
    fn take_handshake(
        &mut self,
        address: Option<IpAddr>,
        per_second: u32,
    ) -> Result<(), Option<IpAddr>> {
        let (now, share) = (Instant::now(), per_second.div_ceil(SHARES));
        if now - self.swept >= SWEEP_EVERY {
            self.swept = now;
            let buckets = &mut self.handshakes_by_address;
            buckets.retain(|_, bucket| bucket.refill(share, now) < f64::from(share));
        }
        let known = address.and_then(|address| self.handshakes_by_address.get(&address));
        let mut of_address = known.copied().unwrap_or(Bucket::full(share, now));
        if address.is_some() && !of_address.take(share, now) {
            return Err(address);
        }
        // Only who gets one is remembered, which bounds how many there are.
        if !self.handshakes.take(per_second, now) {
            return Err(None);
        }
        if let Some(address) = address {
            self.handshakes_by_address.insert(address, of_address);
        }
        Ok(())
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

impl Bucket {
    fn full(per_second: u32, now: Instant) -> Self {
        Self {
            level: f64::from(per_second),
            refilled: now,
        }
    }

    /// Adds what the time that has passed gives, and gives the level.
    fn refill(&mut self, per_second: u32, now: Instant) -> f64 {
        let per_second = f64::from(per_second);
        let refill = (now - self.refilled).as_secs_f64() * per_second;
        self.level = (self.level + refill).min(per_second);
        self.refilled = now;
        self.level
    }

    fn take(&mut self, per_second: u32, now: Instant) -> bool {
        let enough = self.refill(per_second, now) >= 1.0;
        if enough {
            self.level -= 1.0;
        }
        enough
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
        assert!(connections.admit(&from("192.0.2.2:1")).is_ok());
        assert!(connections.admit(&from("192.0.2.3:1")).is_err());
        tokio::time::advance(Duration::from_millis(500)).await;
        assert!(connections.admit(&from("192.0.2.3:1")).is_ok());
        assert!(connections.admit(&from("192.0.2.4:1")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_floods_leaves_handshakes_to_others() {
        let connections = connections(Limits {
            handshakes_per_second: 8,
            ..Limits::default()
        });
        // Hosts of one IPv6 network share, too.
        let flooders = ["192.0.2.1:1", "[2001:db8::1]:1", "[2001:db8::2]:1"];
        let mut admitted = 0;
        for _ in 0..100 {
            for flooder in flooders {
                match connections.admit(&from(flooder)) {
                    Ok(_) => admitted += 1,
                    Err(Some(Event::Refused { from, limit, .. })) => {
                        assert!(from.is_some());
                        assert_eq!(limit, "handshakes_per_second");
                    }
                    Err(_) => {}
                }
            }
        }
        assert_eq!(admitted, 4, "a quarter each");
        assert!(connections.admit(&from("192.0.2.2:1")).is_ok());
        assert!(connections.admit(&Origin::Local("unix")).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_forgotten() {
        let connections = connections(Limits {
            handshakes_per_second: 100,
            ..Limits::default()
        });
        let mut admitted = 0;
        for address in 0..10_000_u32 {
            let ip = std::net::Ipv4Addr::from_bits(0x0a00_0000 + address);
            let origin = Origin::Ip((ip, 1).into());
            admitted += u32::from(connections.admit(&origin).is_ok());
            tokio::time::advance(Duration::from_millis(1)).await;
            let known = connections.lock().handshakes_by_address.len();
            assert!(known <= 400, "{known} addresses");
        }
        assert!(admitted >= 1000, "{admitted}");
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
