//! Receiving: what comes for a key, and what is published to a group.

use serde_json::json;
use tokio::time::timeout;
use tuyau_client::{Delivery, JoinOptions, RequestError, Session};
use tuyau_wire::Identity;

use super::{
    body::{Form, print_raw},
    connect, identity,
};
use crate::{
    args::{JoinArgs, ReachArgs, ReceiveArgs, UntilArgs},
    commands::{CommandError, CommandErrorKind, signals::Signals, small_runtime},
    output::{Output, complain},
};

pub(in crate::commands) fn receive(args: ReceiveArgs) -> Result<(), CommandError> {
    small_runtime()?.block_on(async {
        let session = connect(&args.reach, None).await?;
        take(&session, &args.reach, &args.until, None).await
    })
}

pub(in crate::commands) fn join(args: JoinArgs) -> Result<(), CommandError> {
    let group = identity(&args.group)?;
    small_runtime()?.block_on(async {
        let session = connect(&args.reach, None).await?;
        if args.leave {
            session.leave(group).await?;
            session.close().await;
            return Ok(());
        }
        let options = JoinOptions {
            durable: args.durable,
            grant: None,
        };
        session.join(group, options).await?;
        take(&session, &args.reach, &args.until, Some(group)).await
    })
}

/// Prints what comes until there was enough, and acknowledges what was printed.
async fn take(
    session: &Session,
    reach: &ReachArgs,
    until: &UntilArgs,
    group: Option<Identity>,
) -> Result<(), CommandError> {
    let (form, output) = (Form::of(reach), Output::new(reach.json));
    let runtime = |error| CommandError::caused(CommandErrorKind::Runtime, error);
    let mut signals = Signals::new().map_err(runtime)?;
    // From here on the router knows where this service is.
    session.flush().await?;
    if output.is_json() {
        let identity = session.identity().to_string();
        let group = group.map(|group| group.to_string());
        output.line(json!({"event": "ready", "identity": identity, "group": group}))?;
    } else {
        complain(format_args!("receiving as {}", session.identity()));
    }
    let mut left = until.count.unwrap_or(u64::MAX);
    while left > 0 {
        let next = async {
            match until.timeout {
                Some(time) => timeout(time, session.next()).await,
                None => Ok(session.next().await),
            }
        };
        let delivery = tokio::select! {
            next = next => match next {
                Ok(Some(delivery)) => delivery,
                Ok(None) => return Err(RequestError::Lost(session.ended().await).into()),
                Err(_) if until.count.is_some() => {
                    let time = until.timeout.unwrap_or_default();
                    return Err(RequestError::TimedOut(time).into());
                }
                Err(_) => break,
            },
            () = signals.next() => break,
        };
        print(&delivery, form, output)?;
        delivery.acknowledge();
        left -= 1;
    }
    session.close().await;
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
