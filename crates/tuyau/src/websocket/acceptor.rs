//! The serving side of the handshake (RFC 6455, section 4.2).

use tuyau_core::FlowExt;

use super::{
    Error, Flow, Kind, Upgrade,
    error::Side,
    flow::Role,
    proof::{accept, is_key},
};
use crate::{
    http::{self, HEAD_LIMIT, HeadError, Request, is_token},
    incoming::Incoming,
};

/// WebSocket as a server.
///
/// A request that is refused is answered with a status that says why, before the flow is closed.
#[derive(Clone, Debug)]
pub struct Acceptor {
    path: Option<Box<str>>,
    subprotocols: Vec<Box<str>>,
    head_limit: usize,
    message_limit: Option<u64>,
}

impl Acceptor {
    /// A server for every path, without subprotocols, with the limits that the module states.
    pub fn new() -> Self {
        Self {
            path: None,
            subprotocols: Vec::new(),
            head_limit: HEAD_LIMIT,
            message_limit: None,
        }
    }

    /// Refuses every other path with status 404. A query behind the path is not compared.
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Adds a subprotocol that this server speaks. Of those that a client offers it agrees to the one
    /// that was added first; to none, when the client offers none of them. What is not a token
    /// (RFC 9110, section 5.6.2) is never offered, and so never agreed to.
    pub fn subprotocol(mut self, name: &str) -> Self {
        if is_token(name) {
            self.subprotocols.push(name.into());
        }
        self
    }

    /// Sets how long the head of a request may be, 8,192 bytes unless told otherwise.
    pub fn head_limit(mut self, bytes: usize) -> Self {
        self.head_limit = bytes;
        self
    }

    /// Sets how long a message may be in bytes; unlimited unless told otherwise, since messages are
    /// never held.
    pub fn message_limit(mut self, bytes: u64) -> Self {
        self.message_limit = Some(bytes);
        self
    }

    async fn shake<F: tuyau_core::Flow>(&self, mut inner: F) -> Result<Flow<F>, Kind> {
        let mut incoming = Incoming::default();
        let request = http::read_request(&mut inner, &mut incoming, self.head_limit).await;
        let checked = match request {
            Ok(request) => self.check(&request),
            Err(HeadError::TooLong) => Err(refuse(431, "its head is longer than the limit")),
            Err(error) => Err(Kind::of_head(error, self.head_limit)),
        };
        let (upgrade, answer) = match checked {
            Ok(agreed) => agreed,
            Err(kind) => {
                tell(&mut inner, &kind).await;
                return Err(kind);
            }
        };
        inner.write_all(answer.as_bytes()).await.map_err(Kind::Io)?;
        inner.flush().await.map_err(Kind::Io)?;
        Ok(Flow::new(
            inner,
            incoming,
            Role::Server,
            self.message_limit,
            upgrade,
        ))
    }

    /// What was agreed on, and the answer that says so.
    fn check(&self, request: &Request) -> Result<(Upgrade, String), Kind> {
        let fields = &request.fields;
        let is = |wanted: &'static str| move |it: &str| it.eq_ignore_ascii_case(wanted);
        if request.method.as_ref() != "GET" {
            return Err(refuse(405, "the method is not GET"));
        }
        let host = fields.first("host").filter(|_| request.version_1_1);
        let host = host.ok_or(refuse(400, "it is not HTTP/1.1 with a Host"))?;
        let path = &request.target;
        let plain = path.split_once('?').map_or(&**path, |(plain, _)| plain);
        if self.path.as_deref().is_some_and(|served| served != plain) {
            return Err(refuse(404, "nothing is served at its path"));
        }
        if !fields.members("upgrade").any(is("websocket"))
            || !fields.members("connection").any(is("upgrade"))
        {
            return Err(refuse(426, "it does not ask for an upgrade to WebSocket"));
        }
        if fields.first("sec-websocket-version") != Some("13") {
            return Err(refuse(426, "its version of WebSocket is not 13"));
        }
        let key = fields.first("sec-websocket-key").filter(|key| is_key(key));
        let key = key.ok_or(refuse(
            400,
            "its Sec-WebSocket-Key is not 16 bytes in Base64",
        ))?;
        let offered: Vec<_> = fields.members("sec-websocket-protocol").collect();
        let mut spoken = self.subprotocols.iter();
        let subprotocol = spoken.find(|name| offered.contains(&&***name));
        let upgrade = Upgrade {
            host: host.into(),
            path: path.clone(),
            origin: fields.first("origin").map(Into::into),
            subprotocol: subprotocol.cloned(),
        };
        let agreed = subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n{}\r\n",
            accept(key),
            agreed.unwrap_or_default()
        );
        Ok((upgrade, answer))
    }
}

impl Default for Acceptor {
    fn default() -> Self {
        Self::new()
    }
}

fn refuse(status: u16, problem: &'static str) -> Kind {
    Kind::BadRequest { status, problem }
}

/// Answers a request that is refused. That this fails matters no more.
async fn tell<F: tuyau_core::Flow>(inner: &mut F, why: &Kind) {
    let (status, problem) = match why {
        Kind::BadRequest { status, problem } => (*status, *problem),
        Kind::NotHttp(_) => (400, "it is not HTTP"),
        _ => return,
    };
    let (reason, fields) = match status {
        404 => ("Not Found", ""),
        405 => ("Method Not Allowed", "Allow: GET\r\n"),
        426 => (
            "Upgrade Required",
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        ),
        431 => ("Request Header Fields Too Large", ""),
        _ => ("Bad Request", ""),
    };
    let body = format!("the request was refused: {problem}\n");
    let answer = format!(
        "HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: text/plain\r\n\
         Content-Length: {}\r\n{fields}\r\n{body}",
        body.len()
    );
    if inner.write_all(answer.as_bytes()).await.is_ok() {
        let _ = inner.close_write().await;
    }
}

impl<F: tuyau_core::Flow> tuyau_core::Acceptor<F> for Acceptor {
    type Flow = Flow<F>;
    type Error = Error;

    async fn accept(self, inner: F) -> Result<Flow<F>, Error> {
        let shaken = self.shake(inner).await;
        shaken.map_err(|kind| Side::Client.error(kind))
    }
}
