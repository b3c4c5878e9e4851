//! The other end: accepts one connection.

use tuyau::{mem::Hub, stack::Stack, tls};
use tuyau_core::{Address, AnyFlow, Chain, Listener as _, ListenerExt as _, Origin};
use tuyau_wire::{Identity, SecretKey};

use super::{Event, Notes, name};
use crate::commands::{CommandError, flow_info::FlowInfo};

/// Listens, and gives the first connection whose handshake succeeds, and whose peer is the expected
/// one if there is one.
pub(super) async fn accept(
    address: &str,
    key: &SecretKey,
    expected: Option<Identity>,
    notes: Notes,
) -> Result<AnyFlow, CommandError> {
    let address: Address = name::listening(address)?;
    let stack = Stack::with_settings(tuyau_client::tls_settings(key)?, Hub::new())?;
    let mut listener = stack.listen(&address).await?;
    let bound = listener.address().to_string();
    let whom = match address.scheme().starts_with("tls") {
        true => format!(" as {}", key.identity()),
        false => String::new(),
    };
    let event = Event::Listening { address: &bound };
    notes.either(&event, format_args!("listening on {bound}{whom}"));
    loop {
        let (origin, result) = match listener.accept().await {
            Ok(incoming) => (Some(incoming.origin), incoming.handshake.await),
            Err(error) => (None, Err(error)),
        };
        let refused = match result {
            Ok(flow) if is_expected(&flow, expected) => {
                let info = FlowInfo::of(&flow);
                accepted(notes, origin.as_ref(), &info);
                return Ok(flow);
            }
            Ok(_) => "it did not prove to be the one that is expected".to_owned(),
            Err(error) => Chain(&error).to_string(),
        };
        let event = Event::Turned {
            origin: shown(origin.as_ref()),
            error: refused.clone(),
        };
        let text = format!("turned away {}: {refused}", shown(origin.as_ref()));
        notes.either(&event, text);
    }
}

fn accepted(notes: Notes, origin: Option<&Origin>, info: &FlowInfo) {
    let origin = shown(origin);
    if notes.json {
        notes.say(&Event::Accepted { origin, flow: info });
    } else if notes.verbose {
        crate::output::complain(format_args!("accepted {origin}\n{info}"));
    }
}

fn shown(origin: Option<&Origin>) -> String {
    origin.map_or_else(|| "a connection".to_owned(), ToString::to_string)
}

fn is_expected(flow: &AnyFlow, expected: Option<Identity>) -> bool {
    let proved = flow.info::<tls::PeerKey>().map(|key| key.0.0);
    expected.is_none_or(|expected| proved.as_ref() == Some(expected.as_bytes()))
}
