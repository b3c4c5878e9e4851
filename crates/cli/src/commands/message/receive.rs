//! Receiving: what comes for a key, and what is published to a group.

use std::future::pending;

use serde_json::json;
use tokio::time::{Instant, sleep_until};
use tuyau_client::{Delivery, JoinOptions, RequestError};

use super::{
    body::{Form, print_raw},
    connect, identity,
    link::{Link, Next},
};
use crate::{
    args::{JoinArgs, ReachArgs, ReceiveArgs, UntilArgs},
    commands::{CommandError, CommandErrorKind, group, signals::Signals, small_runtime},
    output::Output,
};

pub(in crate::commands) fn receive(args: ReceiveArgs) -> Result<(), CommandError> {
    small_runtime()?.block_on(async {
        let link = Link::start(&args.reach, None)?;
        take(link, &args.reach, &args.until).await
    })
}

pub(in crate::commands) fn join(args: JoinArgs) -> Result<(), CommandError> {
    let to = identity(&args.group)?;
    small_runtime()?.block_on(async {
        if args.leave {
            let session = connect(&args.reach, None).await?;
            session.leave(to).await?;
            session.close().await;
            return Ok(());
        }
        let options = JoinOptions {
            durable: args.durable,
            grant: args.grant.as_deref().map(group::load).transpose()?,
        };
        let link = Link::start(&args.reach, Some((to, options)))?;
        take(link, &args.reach, &args.until).await
    })
}

/// Prints what comes until there was enough, and acknowledges what was printed.
async fn take(mut link: Link, reach: &ReachArgs, until: &UntilArgs) -> Result<(), CommandError> {
    let (form, output) = (Form::of(reach), Output::new(reach.json));
    let runtime = |error| CommandError::caused(CommandErrorKind::Runtime, error);
    let mut signals = Signals::new().map_err(runtime)?;
    let mut left = until.count.unwrap_or(u64::MAX);
    // It runs from the first moment at which something could have come.
    let mut quiet_since = None;
    while left > 0 {
        let quiet = async {
            match (until.timeout, quiet_since) {
                (Some(time), Some(since)) => sleep_until(since + time).await,
                _ => pending().await,
            }
        };
        let delivery = tokio::select! {
            next = link.next() => match next? {
                Next::Message(delivery) => delivery,
                Next::Ready => {
                    quiet_since.get_or_insert_with(Instant::now);
                    continue;
                }
            },
            () = quiet => match until.count {
                Some(_) => {
                    let time = until.timeout.unwrap_or_default();
                    return Err(RequestError::TimedOut(time).into());
                }
                None => break,
            },
            () = signals.next() => break,
        };
        print(&delivery, form, output)?;
        delivery.acknowledge();
        quiet_since = Some(Instant::now());
        left -= 1;
    }
    link.close().await;
    Ok(())
}

fn print(delivery: &Delivery, form: Form, output: Output) -> Result<(), CommandError> {
    if form == Form::Raw {
        return Ok(print_raw(&delivery.body)?);
    }
    let text = form.show(&delivery.body);
    let value = json!({
        "event": "message",
        "from": delivery.from.to_string(),
        "epoch": delivery.epoch,
        "sequence": delivery.sequence,
        "group": delivery.group.map(|group| group.to_string()),
        "class": delivery.class.name(),
        "redelivered": delivery.redelivered,
        "bytes": delivery.body.len(),
        "text": text,
    });
    Ok(output.either(&value, format_args!("{}: {text}", delivery.from.short()))?)
}
