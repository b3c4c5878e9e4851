//! R7: a router that was killed serves again at once, with all that it had, and its clients come back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tuyau_client::{Client, ClientEvent, SendOptions, Session, Settings};
use tuyau_wire::SecretKey;

use crate::{
    router::{Place, Router, stack},
    setting,
};

/// How long nothing comes before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many services register at a time.
const AT_ONCE: usize = 32;

/// The key of a service that registers, of a recipient, of a sender, of one who stays connected.
fn key(kind: u8, number: u64) -> SecretKey {
    let mut seed = [kind; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_seed(seed)
}

async fn register(place: &Place, routes: u64) {
    let free = Arc::new(Semaphore::new(AT_ONCE));
    let mut all = JoinSet::new();
    for number in 0..routes {
        let permit = free.clone().acquire_owned().await.unwrap();
        let place = place.clone();
        all.spawn(async move {
            let key = key(1, number);
            let (stack, settings) = (stack(&key), Settings::new(key));
            let address = place.listen.parse().unwrap();
            let session = Session::connect(stack.context(), &address, place.identity, &settings);
            let session = session.await.unwrap();
            let route = "tls://192.0.2.1:1".parse().unwrap();
            let day = Duration::from_secs(24 * 3600);
            session.register(vec![route], day).await.unwrap();
            session.close().await;
            drop(permit);
        });
        while let Some(done) = all.try_join_next() {
            done.unwrap();
        }
    }
    all.join_all().await;
}

/// Fills the mailboxes of so many recipients with so many messages each.
async fn fill(place: &Place, mailboxes: u64, each: u64) {
    let client = place.client(key(3, 0));
    for number in 0..mailboxes {
        let to = key(2, number).identity();
        let sender = client.sender(to, SendOptions::DURABLE);
        for count in 0..each {
            drop(sender.post(count.to_be_bytes()).await.unwrap());
        }
    }
    client.flush().await.unwrap();
    client.close().await.unwrap();
}

/// Empties a mailbox, and gives how many messages were in it.
async fn empty(place: &Place, number: u64, each: u64) {
    let client = place.client(key(2, number));
    for count in 0..each {
        let delivery = timeout(PATIENCE, client.next()).await;
        let delivery = delivery.expect("a message comes").unwrap();
        assert_eq!(delivery.body[..], count.to_be_bytes());
        delivery.acknowledge();
    }
    client.close().await.unwrap();
}

/// Clients that stay connected, with the pauses that all clients have, and how often they tried.
struct Crowd {
    clients: Vec<Client>,
    attempts: Arc<AtomicU64>,
}

impl Crowd {
    async fn new(place: &Place, count: u64) -> Self {
        let attempts = Arc::new(AtomicU64::new(0));
        let mut clients = Vec::new();
        for number in 0..count {
            let attempts = attempts.clone();
            let client = place.client_with(key(4, number), |settings| settings);
            let client = client.events(move |event| {
                if let ClientEvent::Connected { .. } | ClientEvent::Lost { .. } = event {
                    attempts.fetch_add(1, Relaxed);
                }
            });
            clients.push(client.start());
        }
        let crowd = Self { clients, attempts };
        crowd.is_back().await;
        crowd
    }

    /// Everybody can send.
    async fn is_back(&self) {
        for client in &self.clients {
            let to = key(5, 0).identity();
            let sender = client.sender(to, SendOptions::DURABLE);
            let sent = timeout(PATIENCE, sender.send("here")).await;
            sent.expect("it is back").unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::print_stdout,
    reason = "a long run tells how long the router was away"
)]
async fn a_killed_router_serves_again_with_all_that_it_had() {
    let routes = setting("TUYAU_RESTART_ROUTES", 200);
    let mailboxes = setting("TUYAU_RESTART_MAILBOXES", 20);
    let (each, crowd) = (
        setting("TUYAU_RESTART_EACH", 100),
        setting("TUYAU_RESTART_CLIENTS", 20),
    );
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Router::start(directory);
    let place = router.place.clone();
    register(&place, routes).await;
    fill(&place, mailboxes, each).await;
    let crowd = Crowd::new(&place, crowd).await;
    let before = crowd.attempts.load(Relaxed);

    let began = Instant::now();
    tokio::task::block_in_place(|| router.kill(directory));
    let listening = began.elapsed();
    empty(&place, 0, each).await;
    let serving = began.elapsed();
    crowd.is_back().await;
    let attempts = crowd.attempts.load(Relaxed) - before;
    println!(
        "{routes} routes, {mailboxes} mailboxes of {each}: listening {listening:?} after the kill, \
         {each} messages taken after {serving:?}; {} clients came back in {attempts} events",
        crowd.clients.len()
    );
    // Losing the session, perhaps an attempt or a few in vain, and the one that succeeds.
    assert!(attempts <= 8 * crowd.clients.len() as u64, "{attempts}");
    for number in 1..mailboxes {
        empty(&place, number, each).await;
    }
    assert_eq!(router.rows(directory), routes);
}
