//! The order of servers in an SRV record set (RFC 2782). No I/O.

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    /// A whole name; `.` when the service is decidedly not offered.
    pub(super) target: Box<str>,
}

impl Server {
    pub(super) fn is_none(&self) -> bool {
        &*self.target == "."
    }
}

/// Servers by priority, lower first; those of one priority at random, more often before others the
/// more weight they have. `random` gives a number from 0 to the one that it is asked for.
pub(super) fn in_order(
    mut servers: Vec<Server>,
    mut random: impl FnMut(u64) -> u64,
) -> Vec<Server> {
    // Those without weight stand first among their like, so that they have a small chance.
    servers.sort_by_key(|server| (server.priority, server.weight > 0));
    let mut ordered = Vec::with_capacity(servers.len());
    while let Some(first) = servers.first() {
        let priority = first.priority;
        let like = servers.iter().take_while(|it| it.priority == priority);
        let total: u64 = like.map(|it| u64::from(it.weight)).sum();
        let chosen = random(total);
        let mut sum = 0;
        let at = servers.iter().position(|server| {
            sum += u64::from(server.weight);
            sum >= chosen
        });
        ordered.push(servers.remove(at.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(priority: u16, weight: u16, target: &str) -> Server {
        Server {
            priority,
            weight,
            port: 1,
            target: target.into(),
        }
    }

    fn names(servers: Vec<Server>, random: impl FnMut(u64) -> u64) -> String {
        let ordered = in_order(servers, random);
        ordered.iter().map(|server| &*server.target).collect()
    }

    fn example() -> Vec<Server> {
        vec![
            server(20, 0, "e"),
            server(10, 60, "a"),
            server(10, 0, "b"),
            server(10, 20, "c"),
            server(5, 1, "d"),
        ]
    }

    #[test]
    fn lower_priorities_come_first_and_the_number_chooses_by_weight() {
        assert_eq!(names(example(), |_| 0), "dbace");
        assert_eq!(names(example(), |most| most), "dcabe");
        assert_eq!(names(example(), |most| most.min(61)), "dcabe");
        assert_eq!(names(example(), |most| most.min(60)), "dacbe");
    }

    #[test]
    fn the_number_is_at_most_the_weight_that_is_left() {
        let mut asked = Vec::new();
        names(example(), |most| {
            asked.push(most);
            0
        });
        assert_eq!(asked, [1, 80, 80, 20, 0]);
    }

    #[test]
    fn weights_are_kept_on_the_average() {
        let mut state = 1_u64;
        let mut random = |most: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % (most + 1)
        };
        let first = (0..4_000).filter(|_| {
            let servers = vec![server(1, 30, "a"), server(1, 10, "b")];
            &*in_order(servers, &mut random)[0].target == "a"
        });
        let share = first.count();
        assert!((2_800..3_200).contains(&share), "{share}");
    }

    #[test]
    fn largest_weights_do_not_overflow() {
        let servers = vec![server(0, u16::MAX, "a"); 8];
        assert_eq!(names(servers, |most| most).len(), 8);
    }
}
