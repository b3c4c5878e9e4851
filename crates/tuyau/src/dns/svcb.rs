//! What HTTPS and SVCB records mean (RFC 9460). No I/O.

use std::net::IpAddr;

use super::client::Kind;

/// The port of HTTPS records without a port in their name (RFC 9460, section 9.1).
pub(super) const HTTPS_PORT: u16 = 443;

/// A question for HTTPS or SVCB records.
#[derive(Debug)]
pub(super) struct Asked {
    /// Whose records.
    pub(super) owner: String,
    pub(super) kind: Kind,
    /// The host of the target.
    pub(super) host: String,
    /// The port of services that do not have one of their own.
    pub(super) port: Option<u16>,
}

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// 0 for an alias, else lower is better.
    pub(super) priority: u16,
    /// A whole name; `.` stands for the owner in a service, for nothing in an alias.
    pub(super) target: Box<str>,
    pub(super) port: Option<u16>,
    pub(super) hints: Vec<IpAddr>,
    pub(super) alpn: Vec<Box<str>>,
    pub(super) no_default_alpn: bool,
    /// Keys that have to be understood and are not, or that are missing; by name.
    pub(super) obstacles: Vec<Box<str>>,
}

/// What a record set says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The records of another name hold.
    Alias(Box<str>),
    /// The service is decidedly not offered.
    NotOffered,
    /// These services, best first.
    Services(Vec<Record>),
    /// There are services, and this program can use none of them; the keys that stand in the way.
    Unsupported(Vec<Box<str>>),
}

/// Reads a record set. One alias in it makes services count for nothing (section 2.4.1); services of
/// one priority are shuffled. `random` gives a number from 0 to the one that it is asked for.
pub(super) fn read(records: Vec<Record>, mut random: impl FnMut(u64) -> u64) -> Verdict {
    let (mut aliases, services): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| record.priority == 0);
    if !aliases.is_empty() {
        let at = random(aliases.len() as u64 - 1) as usize;
        let target = aliases.swap_remove(at).target;
        return match &*target {
            "." => Verdict::NotOffered,
            _ => Verdict::Alias(target),
        };
    }
    let (mut usable, other): (Vec<_>, Vec<_>) = services
        .into_iter()
        .partition(|record| record.obstacles.is_empty());
    if usable.is_empty() {
        let mut keys: Vec<_> = other.into_iter().flat_map(|it| it.obstacles).collect();
        keys.sort();
        keys.dedup();
        return Verdict::Unsupported(keys);
    }
    for last in (1..usable.len()).rev() {
        usable.swap(last, random(last as u64) as usize);
    }
    usable.sort_by_key(|record| record.priority);
    Verdict::Services(usable)
}

/// Whose HTTPS records tell of a host and port (section 9.1).
pub(super) fn https_owner(host: &str, port: Option<u16>) -> String {
    match port {
        None | Some(HTTPS_PORT) => host.to_owned(),
        Some(port) => format!("_{port}._https.{host}"),
    }
}

/// Whose SVCB records tell of a host and port, for the protocol of an attribute leaf (section 2.3).
pub(super) fn owner(leaf: &str, host: &str, port: Option<u16>) -> String {
    match port {
        None => format!("{leaf}.{host}"),
        Some(port) => format!("_{port}.{leaf}.{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, target: &str) -> Record {
        Record {
            priority,
            target: target.into(),
            ..Record::default()
        }
    }

    #[test]
    fn an_alias_makes_services_count_for_nothing() {
        let records = vec![record(1, "a."), record(0, "b."), record(0, "c.")];
        assert_eq!(read(records.clone(), |_| 0), Verdict::Alias("b.".into()));
        assert_eq!(read(records, |most| most), Verdict::Alias("c.".into()));
        assert_eq!(read(vec![record(0, ".")], |_| 0), Verdict::NotOffered);
    }

    #[test]
    fn services_come_by_priority_and_shuffled_within_one() {
        let records = vec![
            record(2, "a."),
            record(1, "b."),
            record(2, "c."),
            record(3, "d."),
        ];
        for random in [|_| 0, |most| most] {
            let Verdict::Services(services) = read(records.clone(), random) else {
                panic!();
            };
            let priorities: Vec<_> = services.iter().map(|it| it.priority).collect();
            assert_eq!(priorities, [1, 2, 2, 3]);
        }
        let shuffled =
            |random: fn(u64) -> u64| read(vec![record(1, "a."), record(1, "b.")], random);
        assert_ne!(shuffled(|_| 0), shuffled(|most| most));
    }

    #[test]
    fn services_with_keys_that_must_be_understood_are_left_out() {
        let other = Record {
            obstacles: vec!["ech".into(), "key7".into()],
            ..record(1, "a.")
        };
        let records = vec![other.clone(), record(2, "b.")];
        assert_eq!(
            read(records, |_| 0),
            Verdict::Services(vec![record(2, "b.")])
        );
        let keys = vec!["ech".into(), "key7".into()];
        assert_eq!(
            read(vec![other.clone(), other], |_| 0),
            Verdict::Unsupported(keys)
        );
    }

    #[test]
    fn ports_stand_in_the_name_of_the_owner() {
        assert_eq!(https_owner("a.example", None), "a.example");
        assert_eq!(https_owner("a.example", Some(443)), "a.example");
        assert_eq!(
            https_owner("a.example", Some(8443)),
            "_8443._https.a.example"
        );
        assert_eq!(owner("_dns", "a.example", None), "_dns.a.example");
        assert_eq!(owner("_dns", "a.example", Some(53)), "_53._dns.a.example");
    }
}
