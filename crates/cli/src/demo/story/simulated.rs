//! Services that the demo makes up: their keys, and what they say.

use std::collections::HashMap;
use std::time::Duration;

use tuyau_core::Address;
use tuyau_router::Timestamp;
use tuyau_wire::{Identity, Message, Record, SecretKey, Signed};

use super::error::StoryError;

/// How long a simulated registration holds.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The networks for documentation (RFC 5737): nobody has an address in them.
const NETWORKS: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];

/// The simulated services, each with the number of its last record.
#[derive(Debug, Default)]
pub(super) struct Services {
    keys: HashMap<Identity, (SecretKey, u64)>,
}

impl Services {
    /// A service with a fresh key: its identity, and the message by which it registers.
    pub(super) fn fresh(&mut self) -> Result<(Identity, Vec<u8>), StoryError> {
        let key = SecretKey::generate().map_err(StoryError::random)?;
        let identity = key.identity();
        let message = listen(&key, 1, random_route()?)?;
        self.keys.insert(identity, (key, 1));
        Ok((identity, message))
    }

    /// The first of these identities that is one of the services, a new route of it, and the
    /// message by which it registers that.
    pub(super) fn reroute(
        &mut self,
        mut identities: impl Iterator<Item = Identity>,
    ) -> Result<(Identity, Address, Vec<u8>), StoryError> {
        let identity = identities.find(|identity| self.keys.contains_key(identity));
        let identity = identity.ok_or_else(StoryError::no_key)?;
        let Some((key, sequence)) = self.keys.get_mut(&identity) else {
            return Err(StoryError::no_key());
        };
        *sequence += 1;
        let route = random_route()?;
        let message = listen(key, *sequence, route.clone())?;
        Ok((identity, route, message))
    }
}

fn listen(key: &SecretKey, sequence: u64, route: Address) -> Result<Vec<u8>, StoryError> {
    let identity = key.identity();
    let expires = (Timestamp::now() + LIFETIME).seconds();
    let record = Record {
        identity,
        sequence,
        routes: vec![route],
        expires,
    };
    let record = Signed::sign(key, record).map_err(StoryError::sign)?;
    Ok(Message::Listen {
        sequence: 1,
        record,
    }
    .encode())
}

/// A random host of a network for documentation, with a random port that needs no privilege.
fn random_route() -> Result<Address, StoryError> {
    loop {
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(StoryError::random)?;
        let [network, host, high, low] = random;
        let port = u16::from_be_bytes([high, low]);
        if !(1..255).contains(&host) || port < 1024 {
            continue;
        }
        let [a, b, c] = NETWORKS[usize::from(network) % NETWORKS.len()];
        return format!("tls://{a}.{b}.{c}.{host}:{port}")
            .parse()
            .map_err(StoryError::route);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_service_signs_what_it_says() {
        let mut services = Services::default();
        let (identity, message) = services.fresh().unwrap();
        let Message::Listen { record, .. } = Message::decode(&message).unwrap() else {
            panic!("not a listen message");
        };
        assert_eq!(record.verify().unwrap().identity, identity);
    }

    #[test]
    fn routes_lead_to_nobody() {
        for _ in 0..100 {
            let ip = match random_route().unwrap().ip() {
                Some(std::net::IpAddr::V4(ip)) => ip,
                other => panic!("{other:?}"),
            };
            assert!(ip.is_documentation(), "{ip}");
        }
    }

    #[test]
    fn the_first_identity_with_a_known_key_gets_a_new_route() {
        let mut services = Services::default();
        let (known, first) = services.fresh().unwrap();
        let stranger = SecretKey::from_seed([9; 32]).identity();
        let (identity, route, second) = services.reroute([stranger, known].into_iter()).unwrap();
        assert_eq!(identity, known);
        let record = |message| match Message::decode(message).unwrap() {
            Message::Listen { record, .. } => record.verify().unwrap(),
            _ => panic!("not a listen message"),
        };
        assert_eq!(record(&second).routes, [route]);
        assert!(record(&second).sequence > record(&first).sequence);
        assert!(services.reroute([stranger].into_iter()).is_err());
    }
}
