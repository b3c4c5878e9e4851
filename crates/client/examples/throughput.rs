//! How many messages a second one sender posts to one recipient through a router in this process,
//! over TLS and TCP on the loopback:
//!
//! `cargo run --release -p tuyau-client --example throughput -- [messages] [bytes]`

use std::{error::Error, time::Instant};

use tuyau::{mem::Hub, stack::Stack};
use tuyau_client::{SendOptions, Session, Settings, tls_settings};
use tuyau_core::Address;
use tuyau_router::Router;
use tuyau_wire::{Identity, Level, SecretKey};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse());
    let messages: u64 = numbers.next().transpose()?.unwrap_or(2_000_000);
    let length: usize = numbers.next().transpose()?.unwrap_or(128) as usize;

    let key = SecretKey::generate()?;
    let mut settings = tuyau_router::Settings::new(key.clone());
    settings.listen = vec!["tls://127.0.0.1:0".parse()?];
    settings.limits.credit_bytes = 1 << 20;
    let (router, _journal) = Router::start(settings).await?;
    let (address, identity) = (router.listen()[0].clone(), key.identity());

    for level in [Level::None, Level::Accepted] {
        let recipient = SecretKey::generate()?;
        let to = recipient.identity();
        let receiving = connect(recipient, &address, identity).await?;
        let sending = connect(SecretKey::generate()?, &address, identity).await?;
        let begin = Instant::now();
        let received = tokio::spawn(async move {
            let mut batch = Vec::new();
            let mut count = 0;
            while count < messages {
                count += receiving.next_batch(&mut batch).await as u64;
                batch.clear();
            }
        });
        let sender = sending.sender(to, SendOptions::FAST.level(level));
        let body = vec![7; length];
        for _ in 0..messages {
            drop(sender.post(&body).await?);
        }
        let posted = begin.elapsed();
        sending.flush().await?;
        received.await?;
        let rate = |time: std::time::Duration| messages as f64 / time.as_secs_f64() / 1e6;
        let (posted, all) = (rate(posted), rate(begin.elapsed()));
        let report = format!("{level}: {posted:.2} million/s posted, {all:.2} million/s received");
        std::io::Write::write_all(&mut std::io::stdout(), format!("{report}\n").as_bytes())?;
    }
    Ok(())
}

async fn connect(
    key: SecretKey,
    address: &Address,
    router: Identity,
) -> Result<Session, Box<dyn Error>> {
    let stack = Stack::with_settings(tls_settings(&key)?, Hub::new())?;
    let settings = Settings::new(key);
    let session = Session::connect(stack.context(), address, router, &settings).await?;
    session.flush().await?;
    Ok(session)
}
