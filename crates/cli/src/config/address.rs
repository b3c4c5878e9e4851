//! Addresses of a configuration: which ones this program can listen on or connect to.

use tuyau::{ListenError, tcp::TcpKey};
use tuyau_core::{Address, EndpointKey as _};

use super::node::Node;
use super::problem::Problem;
use super::quote::quoted;
use super::schema::Use;
use super::{socket, value};

/// TLS over TCP.
const TLS: &str = "tls";
/// TLS over a Unix socket.
const TLS_UNIX: &str = "tls+unix";

/// One address for the given use.
pub(crate) fn one(node: &Node, used: Use) -> Result<Address, Problem> {
    let text = value::scalar_text(node, "an address")?;
    let address: Address = text
        .parse()
        .map_err(|error| Problem::bad_value(format!("{error}")))?;
    check_scheme(&address)?;
    check_rest(&address, used)?;
    Ok(address)
}

/// Between one and `max` addresses, none of them twice.
pub(crate) fn several(node: &Node, used: Use, max: usize) -> Result<Vec<Address>, Problem> {
    let items = value::list(node, "a list of addresses")?;
    if items.is_empty() || items.len() > max {
        let message = format!("{} addresses in this list: write 1 to {max}", items.len());
        return Err(Problem::out_of_range(message));
    }
    let mut addresses = Vec::with_capacity(items.len());
    for item in &items {
        let address = one(item, used).map_err(|problem| problem.at(&item.place))?;
        if addresses.contains(&address) && address.port() != Some(0) {
            let message = format!(
                "{} is in the list twice: keep one",
                quoted(&address.to_string())
            );
            return Err(Problem::bad_value(message).at(&item.place));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

/// Whether it stands for every interface of the machine, which nobody can connect to.
pub(crate) fn is_wildcard(address: &Address) -> bool {
    address.ip().is_some_and(|ip| ip.is_unspecified())
}

fn check_scheme(address: &Address) -> Result<(), Problem> {
    let shown = quoted(&address.to_string());
    let instead = |scheme: &str| {
        let text = address.to_string();
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        quoted(&format!("{scheme}://{rest}"))
    };
    match address.scheme() {
        TLS | TLS_UNIX => Ok(()),
        "tcp" => Err(Problem::bad_value(format!(
            "{shown} is plain TCP, and peers have to prove who they are: write {}",
            instead(TLS)
        ))),
        "unix" => Err(Problem::bad_value(format!(
            "{shown} is a plain Unix socket, and peers have to prove who they are: write {}",
            instead(TLS_UNIX)
        ))),
        other => Err(Problem::bad_value(format!(
            "the scheme {} of {shown} is not one of `tls` and `tls+unix`: write for example \
             `tls://127.0.0.1:6000`",
            quoted(other)
        ))),
    }
}

fn check_rest(address: &Address, used: Use) -> Result<(), Problem> {
    let shown = quoted(&address.to_string());
    let complaint = if address.user().is_some() || address.queries().next().is_some() {
        format!("{shown} must have no user before `@` and nothing after `?`")
    } else if address.scheme() == TLS_UNIX {
        match (address.host(), address.path()) {
            (None, Some(path)) if path.len() <= socket::PATH_BYTES_MAX => return Ok(()),
            (None, Some(_)) => format!(
                "the path of {shown} is too long for a socket: the system takes at most {} bytes",
                socket::PATH_BYTES_MAX
            ),
            _ => format!("{shown} needs a path and no host: write `tls+unix:///run/name.sock`"),
        }
    } else if address.host().is_none() || address.path().is_some() {
        format!("{shown} needs a host and no path: write `tls://host:port`")
    } else if address.port().is_none() {
        format!(
            "{shown} has no port: write {}",
            quoted(&format!("{address}:6000"))
        )
    } else if used == Use::Dial && address.port() == Some(0) {
        format!("nobody can connect to port 0 of {shown}: write the port that it listens on")
    } else if used == Use::Dial && is_wildcard(address) {
        format!(
            "nobody can connect to {shown}, which stands for every interface: write the address \
             of one"
        )
    } else if used == Use::Listen
        && let Err(error) = TcpKey::read(address)
    {
        // Names are not looked up for listening; the program that starts would say the same.
        ListenError::from(error).to_string()
    } else {
        return Ok(());
    };
    Err(Problem::bad_value(complaint))
}
