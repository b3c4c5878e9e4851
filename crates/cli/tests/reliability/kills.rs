//! R1 and R3, by SIGKILL: what is acknowledged as stored is delivered, in order, and again only with
//! the mark for that.

use std::{collections::HashMap, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};
use tuyau_client::{Client, Delivery, SendOptions};
use tuyau_wire::SecretKey;

use crate::{
    router::{Place, Router},
    seed::Seed,
    setting,
};

/// How many send, each to all recipients.
const SENDERS: u8 = 4;

/// How long nothing comes before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who receives, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recipient {
    /// It is there all the time.
    Steady,
    /// It comes and goes, and acknowledges a part of what it gets.
    Fickle,
    /// It comes when all is over.
    Late,
}

const RECIPIENTS: [Recipient; 3] = [Recipient::Steady, Recipient::Fickle, Recipient::Late];

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}

fn sender(number: u8) -> SecretKey {
    key(1 + number)
}

fn recipient(number: usize) -> SecretKey {
    key(101 + number as u8)
}

/// The body of a message: who sent it to whom, the how manieth it is, and more bytes that follow from
/// these.
fn body(from: u8, to: usize, count: u64) -> Vec<u8> {
    let mut seed = Seed(u64::from(from) << 56 | (to as u64) << 48 | count);
    let mut body = vec![from, to as u8];
    body.extend(count.to_be_bytes());
    let more = seed.below(300);
    body.extend((0..more).map(|_| seed.next() as u8));
    body
}

/// What a recipient got.
#[derive(Default)]
struct Received {
    /// By sender: the count of the last new message.
    last: HashMap<u8, u64>,
    again: u64,
}

impl Received {
    fn take(&mut self, to: usize, delivery: &Delivery) {
        let (from, count) = (delivery.body[0], &delivery.body[2..10]);
        let count = u64::from_be_bytes(count.try_into().unwrap());
        assert_eq!(delivery.from, sender(from).identity());
        assert_eq!(delivery.body, body(from, to, count), "it is as it was sent");
        let last = self.last.entry(from).or_default();
        if count == *last + 1 {
            *last = count;
        } else {
            assert!(count <= *last, "{from} to {to}: {count} behind {last}");
            assert!(delivery.redelivered, "{count} comes again without a mark");
            self.again += 1;
        }
    }
}

/// Sends so many messages to each recipient, and counts those that are stored.
async fn send(client: Client, number: u8, each: u64, stored: watch::Sender<u64>) {
    let to = |number: usize| recipient(number).identity();
    let senders: Vec<_> = (0..RECIPIENTS.len())
        .map(|number| client.sender(to(number), SendOptions::DURABLE))
        .collect();
    let (sent, mut receipts) = mpsc::channel(256);
    let counting = tokio::spawn(async move {
        while let Some(receipt) = receipts.recv().await {
            let receipt: tuyau_client::Sent = receipt;
            receipt.await.expect("it is stored in the end");
            stored.send_modify(|stored| *stored += 1);
        }
    });
    for count in 1..=each {
        for (to, sender) in senders.iter().enumerate() {
            let posted = sender.post(body(number, to, count)).await.unwrap();
            sent.send(posted).await.unwrap();
        }
    }
    drop(sent);
    counting.await.unwrap();
    client.close().await.unwrap();
}

/// Receives until everything that was sent has come.
async fn receive(place: &Place, number: usize, each: u64, mut seed: Seed) -> Received {
    let mut received = Received::default();
    let kind = RECIPIENTS[number];
    let is_done = |received: &Received| {
        received.last.len() == usize::from(SENDERS) && received.last.values().all(|it| *it == each)
    };
    while !is_done(&received) {
        let client = place.client(recipient(number));
        let stay = match kind {
            Recipient::Fickle => seed.below(500),
            _ => u64::MAX,
        };
        for _ in 0..=stay {
            if is_done(&received) {
                break;
            }
            let delivery = timeout(PATIENCE, client.next()).await;
            let delivery = delivery.unwrap_or_else(|_| {
                panic!(
                    "{kind:?} waits in vain; so far: {:?} of {each}",
                    received.last
                )
            });
            let delivery = delivery.expect("the client is open");
            received.take(number, &delivery);
            if kind != Recipient::Fickle || seed.below(8) > 0 {
                delivery.acknowledge();
            }
        }
        if kind != Recipient::Fickle || seed.below(2) == 0 {
            client.close().await.unwrap();
        }
    }
    received
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "a long run tells what it did")]
async fn what_is_stored_is_delivered_although_the_router_is_killed_again_and_again() {
    let messages = setting("TUYAU_KILLS_MESSAGES", 12_000);
    let (kills, first) = (setting("TUYAU_KILLS", 4), setting("TUYAU_KILLS_SEED", 1));
    let mut seed = Seed(first);
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Router::start(directory);
    let each = messages / (u64::from(SENDERS) * RECIPIENTS.len() as u64);
    let total = each * u64::from(SENDERS) * RECIPIENTS.len() as u64;
    let (stored, mut count) = watch::channel(0);
    let (over, is_over) = watch::channel(false);
    let mut sending = JoinSet::new();
    for number in 0..SENDERS {
        let client = router.place.client(sender(number));
        sending.spawn(send(client, number, each, stored.clone()));
    }
    let mut receiving = JoinSet::new();
    for (number, kind) in RECIPIENTS.into_iter().enumerate() {
        let (place, seed) = (router.place.clone(), Seed(seed.next()));
        let mut is_over = is_over.clone();
        receiving.spawn(async move {
            if kind == Recipient::Late {
                is_over.wait_for(|over| *over).await.unwrap();
            }
            receive(&place, number, each, seed).await
        });
    }
    let mut at = 0;
    for _ in 0..kills {
        // So many more are stored before the next one.
        at += 1 + seed.below(2 * total / (kills + 1));
        count
            .wait_for(|stored| *stored >= at.min(total))
            .await
            .unwrap();
        tokio::task::block_in_place(|| router.kill(directory));
    }
    while let Some(sent) = sending.join_next().await {
        sent.unwrap();
    }
    over.send_replace(true);
    let mut again = 0;
    while let Some(received) = receiving.join_next().await {
        again += received.unwrap().again;
    }
    assert_eq!(*stored.borrow(), total);
    println!(
        "{total} messages stored across {kills} kills, seed {first}: none lost, {again} came again"
    );
}
