//! Measures the TLS layer over flows in memory with each crypto provider: mutual handshakes with
//! Ed25519 raw keys, and records of three sizes, each written, flushed and read. Both sides run in
//! one thread, so the numbers are the work of both.
//!
//! Every round measures every provider, so that a slower moment of the machine meets all of them.
//! `--short` makes a run of a few seconds that shows that it works.

use std::{
    env,
    future::Future,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use tuyau::{mem, tls};
use tuyau_core::{Acceptor, Attempt, FlowExt, Layer, Stage};

/// Sizes of written and flushed pieces, in bytes: a short message, a usual one, a full record.
const SIZES: [usize; 3] = [128, 1024, 16 * 1024];

type Flow = tls::Flow<mem::Flow>;

/// Both sides of TLS with one provider.
struct Contender {
    name: &'static str,
    connector: tls::Connector,
    acceptor: tls::Acceptor,
    server: tls::PublicKey,
}

/// What is measured of a contender: a name, its unit, and one value for each round.
struct Series {
    contender: &'static str,
    what: String,
    unit: &'static str,
    values: Vec<f64>,
}

fn main() -> ExitCode {
    let short = env::args().any(|argument| argument == "--short");
    let (rounds, slice) = match short {
        true => (3, Duration::from_millis(100)),
        false => (21, Duration::from_millis(500)),
    };
    let contenders = contenders();
    let mut all = Vec::new();
    for round in 0..rounds {
        for contender in &contenders {
            let handshakes = per_second(slice, || drop(contender.shake()));
            record(&mut all, contender, "handshakes", "/s", handshakes);
            for size in SIZES {
                let mut pair = contender.shake();
                let bytes = vec![7; size];
                let mut buffer = vec![0; size];
                let pieces = per_second(slice, || pass(&mut pair, &bytes, &mut buffer));
                let rate = pieces * size as f64 / 1e6;
                record(&mut all, contender, &format!("{size} B"), "MB/s", rate);
            }
        }
        eprintln!("round {} of {rounds}", round + 1);
    }
    print(&mut all);
    ExitCode::SUCCESS
}

fn contenders() -> Vec<Contender> {
    vec![
        Contender::new("ring", rustls::crypto::ring::default_provider()),
        #[cfg(feature = "aws-lc-rs")]
        Contender::new("aws-lc-rs", rustls::crypto::aws_lc_rs::default_provider()),
    ]
}

impl Contender {
    fn new(name: &'static str, mut provider: tls::CryptoProvider) -> Self {
        // The same work for all: X25519 and AES-256-GCM.
        provider
            .kx_groups
            .retain(|group| group.name() == rustls::NamedGroup::X25519);
        provider
            .cipher_suites
            .retain(|suite| suite.suite() == rustls::CipherSuite::TLS13_AES_256_GCM_SHA384);
        let key = |seed| tls::KeyPair::from_seed_with(&provider, &[seed; 32]).expect("a good seed");
        let (client, server) = (key(1), key(2));
        let settings = |key| tls::Settings::new(key).provider(Arc::new(provider.clone()));
        Self {
            name,
            server: server.public_key(),
            connector: settings(client).connector().expect("good settings"),
            acceptor: settings(server).acceptor().expect("good settings"),
        }
    }

    fn shake(&self) -> (Flow, Flow) {
        let (near, far) = mem::pair();
        let attempt = Attempt::new(Stage::new("tls"));
        let peer = tls::Peer::key(self.server);
        let (near, far) = both(
            self.connector.connect(near, &peer, &attempt),
            self.acceptor.clone().accept(far),
        );
        (near.expect("a good server"), far.expect("a good client"))
    }
}

/// Sends bytes from one side to the other.
fn pass((near, far): &mut (Flow, Flow), bytes: &[u8], buffer: &mut [u8]) {
    let writing = async {
        near.write_all(bytes).await?;
        near.flush().await
    };
    let (written, read) = both(writing, far.read_exact(buffer));
    written.and(read).expect("both sides are there");
}

/// Runs two futures to their ends, in turns.
fn both<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if one.is_none()
            && let Poll::Ready(done) = first.as_mut().poll(&mut cx)
        {
            one = Some(done);
        }
        if other.is_none()
            && let Poll::Ready(done) = second.as_mut().poll(&mut cx)
        {
            other = Some(done);
        }
        if let (Some(_), Some(_)) = (&one, &other)
            && let (Some(one), Some(other)) = (one.take(), other.take())
        {
            return (one, other);
        }
    }
}

/// How often something can be done in a second, from a time slice of doing it.
fn per_second(slice: Duration, mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    let mut count = 0;
    loop {
        for _ in 0..8 {
            work();
        }
        count += 8;
        let took = began.elapsed();
        if took >= slice {
            return f64::from(count) / took.as_secs_f64();
        }
    }
}

fn record(all: &mut Vec<Series>, of: &Contender, what: &str, unit: &'static str, value: f64) {
    let known = all
        .iter_mut()
        .find(|series| series.contender == of.name && series.what == what);
    match known {
        Some(series) => series.values.push(value),
        None => all.push(Series {
            contender: of.name,
            what: what.to_owned(),
            unit,
            values: vec![value],
        }),
    }
}

fn print(all: &mut [Series]) {
    println!("| what | provider | lower quartile | median | upper quartile | unit |");
    println!("|---|---|---:|---:|---:|---|");
    all.sort_by(|a, b| a.what.len().cmp(&b.what.len()).then(a.what.cmp(&b.what)));
    for series in all {
        series.values.sort_by(f64::total_cmp);
        let quantile = |part: usize| series.values[(series.values.len() - 1) * part / 4];
        let (low, middle, high) = (quantile(1), quantile(2), quantile(3));
        let Series {
            contender,
            what,
            unit,
            ..
        } = series;
        println!("| {what} | {contender} | {low:.0} | {middle:.0} | {high:.0} | {unit} |");
    }
}
