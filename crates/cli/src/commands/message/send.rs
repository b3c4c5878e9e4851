//! Sending: to a service, to a group, and with a reply.

use std::{collections::VecDeque, time::Duration};

use serde_json::json;
use tokio::time::timeout;
use tuyau_client::{Destination, Posted, RequestError, SendOptions};
use tuyau_wire::Level;

use super::{
    body::{Bodies, Form, print_raw},
    connect, identity,
};
use crate::{
    args::{CarryArgs, PublishArgs, ReachArgs, RequestArgs, SendArgs},
    commands::{CommandError, group, small_runtime},
    output::Output,
    plural::messages as messages_of,
};

/// How many messages are on their way at a time.
const UNDER_WAY: usize = 256;

pub(in crate::commands) fn send(args: SendArgs) -> Result<(), CommandError> {
    let to = identity(&args.to)?;
    carry(to.into(), args.messages, &args.reach, &args.carry)
}

pub(in crate::commands) fn publish(args: PublishArgs) -> Result<(), CommandError> {
    let grant = args.grant.as_deref().map(group::load).transpose()?;
    let to = Destination::group(identity(&args.group)?, grant);
    carry(to, args.messages, &args.reach, &args.carry)
}

fn carry(
    to: Destination,
    messages: Vec<String>,
    reach: &ReachArgs,
    carry: &CarryArgs,
) -> Result<(), CommandError> {
    let output = Output::new(reach.json);
    let mut bodies = Bodies::new(Form::of(reach), messages);
    let options = options(carry);
    small_runtime()?.block_on(async {
        let session = connect(reach, Some(carry.timeout)).await?;
        let sender = session.sender(to, options);
        let (mut posted, mut more, mut count) = (VecDeque::new(), true, 0_u64);
        while more || !posted.is_empty() {
            tokio::select! {
                body = bodies.next(), if more && posted.len() < UNDER_WAY => match body? {
                    Some(body) => {
                        let post = in_time(carry.timeout, sender.post(&body));
                        posted.push_back((post.await?, body.len()));
                    }
                    None => more = false,
                },
                sent = first(&mut posted, carry.timeout), if !posted.is_empty() => {
                    let (sequence, bytes) = sent?;
                    posted.pop_front();
                    count += 1;
                    if output.is_json() {
                        let (epoch, level) = (session.epoch(), options.level.name());
                        output.line(json!({
                            "event": "sent", "epoch": epoch, "sequence": sequence,
                            "level": level, "bytes": bytes,
                        }))?;
                    }
                }
            }
        }
        session.flush().await?;
        session.close().await;
        if !output.is_json() {
            let level = match options.level {
                Level::None => "sent",
                level => level.name(),
            };
            output.line(format_args!("{level}: {count} {}", messages_of(count)))?;
        }
        Ok(())
    })
}

/// Waits for the first of those that are under way, and gives its number and its length.
async fn first(
    posted: &mut VecDeque<(Posted, usize)>,
    time: Duration,
) -> Result<(u64, usize), RequestError> {
    match posted.front_mut() {
        Some((posted, bytes)) => {
            let sequence = posted.sequence();
            in_time(time, posted).await?;
            Ok((sequence, *bytes))
        }
        None => std::future::pending().await,
    }
}

async fn in_time<T>(
    time: Duration,
    work: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    let done = timeout(time, work).await;
    done.unwrap_or(Err(RequestError::TimedOut(time)))
}

fn options(carry: &CarryArgs) -> SendOptions {
    let options = match carry.durable {
        true => SendOptions::DURABLE,
        false => SendOptions::FAST,
    };
    let level = carry.ack.map_or(options.level, Into::into);
    let ttl = carry.ttl.unwrap_or(Duration::ZERO);
    options.level(level).ttl(ttl)
}

pub(in crate::commands) fn request(args: RequestArgs) -> Result<(), CommandError> {
    let to = identity(&args.to)?;
    let (form, output) = (Form::of(&args.reach), Output::new(args.reach.json));
    let mut bodies = Bodies::new(form, args.messages);
    small_runtime()?.block_on(async {
        let session = connect(&args.reach, Some(args.timeout)).await?;
        let requester = session.requester(to, args.timeout);
        while let Some(body) = bodies.next().await? {
            let reply = requester.request(&body).await?;
            let text = form.show(&reply);
            match form {
                Form::Raw => print_raw(&reply)?,
                _ => output.either(
                    &json!({"event": "reply", "bytes": reply.len(), "text": text}),
                    &text,
                )?,
            }
        }
        session.close().await;
        Ok(())
    })
}
