//! Two questions at once, for IPv6 and for IPv4, answered as one (RFC 8305, sections 3 and 4).

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use ::tokio::time::{Sleep, sleep};

use super::DnsError;

/// How long IPv4 addresses wait for IPv6 ones that were asked for at the same time (RFC 8305,
/// section 8), and those of a server or service for those of a better one.
pub const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// What came of the question for one family.
type Answer = Result<Vec<IpAddr>, DnsError>;

/// Gives addresses as they come, families alternating, and then what each question failed with.
pub(super) async fn both(
    six: impl Future<Output = Answer> + Send,
    four: impl Future<Output = Answer> + Send,
    mut found: impl FnMut(IpAddr),
) -> [Option<DnsError>; 2] {
    let mut both = Both {
        six: Family::asked(six),
        four: Family::asked(four),
        delay: None,
        last_was_six: None,
    };
    poll_fn(|cx| both.poll(cx, &mut found)).await;
    [both.six.error, both.four.error]
}

struct Both<'a> {
    six: Family<'a>,
    four: Family<'a>,
    delay: Option<Pin<Box<Sleep>>>,
    last_was_six: Option<bool>,
}

struct Family<'a> {
    question: Option<Pin<Box<dyn Future<Output = Answer> + Send + 'a>>>,
    addresses: VecDeque<IpAddr>,
    error: Option<DnsError>,
}

impl<'a> Family<'a> {
    fn asked(question: impl Future<Output = Answer> + Send + 'a) -> Self {
        Self {
            question: Some(Box::pin(question)),
            addresses: VecDeque::new(),
            error: None,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        let Some(question) = &mut self.question else {
            return;
        };
        if let Poll::Ready(answer) = question.as_mut().poll(cx) {
            self.question = None;
            match answer {
                Ok(addresses) => self.addresses = addresses.into(),
                Err(error) => self.error = Some(error),
            }
        }
    }
}

impl Both<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, found: &mut impl FnMut(IpAddr)) -> Poll<()> {
        self.six.poll(cx);
        self.four.poll(cx);
        if self.is_early(cx) {
            return Poll::Pending;
        }
        while let Some(address) = self.next() {
            found(address);
        }
        match (&self.six.question, &self.four.question) {
            (None, None) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }

    /// Whether IPv4 still waits for IPv6, so that it does not begin alone.
    fn is_early(&mut self, cx: &mut Context<'_>) -> bool {
        let waits = self.six.question.is_some()
            && !self.four.addresses.is_empty()
            && self.last_was_six.is_none();
        if !waits {
            return false;
        }
        let delay = self
            .delay
            .get_or_insert_with(|| Box::pin(sleep(RESOLUTION_DELAY)));
        delay.as_mut().poll(cx).is_pending()
    }

    fn next(&mut self) -> Option<IpAddr> {
        let four_is_due = self.last_was_six == Some(true) && !self.four.addresses.is_empty();
        let six = !four_is_due && !self.six.addresses.is_empty();
        let family = if six { &mut self.six } else { &mut self.four };
        let next = family.addresses.pop_front();
        if next.is_some() {
            self.last_was_six = Some(six);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ::tokio::time::Instant;

    use super::*;
    use crate::dns::DnsErrorKind;

    async fn answer(after: u64, list: &[&str]) -> Answer {
        sleep(Duration::from_millis(after)).await;
        match list {
            [] => Err(DnsError::new(DnsErrorKind::NoRecord, "x", "A")),
            list => Ok(list.iter().map(|text| text.parse().unwrap()).collect()),
        }
    }

    /// What comes, each with the time in milliseconds.
    async fn run(six: (u64, &[&str]), four: (u64, &[&str])) -> (Vec<String>, usize) {
        let begin = Instant::now();
        let found = Mutex::new(Vec::new());
        let [six, four] = both(answer(six.0, six.1), answer(four.0, four.1), |address| {
            let at = begin.elapsed().as_millis();
            found.lock().unwrap().push(format!("{at} {address}"));
        })
        .await;
        let errors = six.into_iter().chain(four).count();
        (found.into_inner().unwrap(), errors)
    }

    #[tokio::test(start_paused = true)]
    async fn families_alternate_beginning_with_ipv6() {
        let (found, errors) = run((5, &["::1", "::2", "::3"]), (5, &["1.1.1.1", "1.1.1.2"])).await;
        assert_eq!(found, ["5 ::1", "5 1.1.1.1", "5 ::2", "5 1.1.1.2", "5 ::3"]);
        assert_eq!(errors, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn ipv6_begins_at_once_when_it_comes_first() {
        let (found, _) = run((5, &["::1", "::2"]), (9, &["1.1.1.1"])).await;
        assert_eq!(found, ["5 ::1", "5 ::2", "9 1.1.1.1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn ipv4_waits_fifty_milliseconds_for_ipv6() {
        let (found, _) = run((54, &["::1"]), (5, &["1.1.1.1"])).await;
        assert_eq!(found, ["54 ::1", "54 1.1.1.1"]);
        let (found, _) = run((900, &["::1"]), (5, &["1.1.1.1", "1.1.1.2"])).await;
        assert_eq!(found, ["55 1.1.1.1", "55 1.1.1.2", "900 ::1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_family_without_addresses_makes_the_other_wait_no_longer() {
        let (found, errors) = run((7, &[]), (5, &["1.1.1.1"])).await;
        assert_eq!((found, errors), (vec!["7 1.1.1.1".to_owned()], 1));
        let (found, errors) = run((70, &["::1"]), (5, &[])).await;
        assert_eq!((found, errors), (vec!["70 ::1".to_owned()], 1));
        let (found, errors) = run((70, &[]), (5, &[])).await;
        assert_eq!((found, errors), (vec![], 2));
    }
}
