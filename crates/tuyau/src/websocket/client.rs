//! The dialling side of the handshake (RFC 6455, section 4.1).

use std::fmt;

use tuyau_core::{Address, Attempt, EndpointError, FlowExt, Layer, LayerKey, Security, Stage};

use super::{
    Error, Flow, Kind, Request, Upgrade,
    error::Side,
    flow::Role,
    proof::{accept, fresh_key},
};
use crate::{
    http::{self, HEAD_LIMIT, Response},
    incoming::Incoming,
};

/// The key of the layer; with it over a protocol's key comes a [`Request`] beside the endpoint.
#[derive(Debug)]
pub struct WebSocketKey;

impl LayerKey for WebSocketKey {
    type Config = Request;
    const NAME: &'static str = "websocket";

    /// The path, which stands in an address behind the endpoint: `ws://127.0.0.1:80/chat`.
    fn show(request: &Request, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match request.path() {
            "/" => Ok(()),
            path => f.write_str(path),
        }
    }

    /// The host and path of the address.
    fn read(address: &Address) -> Result<Request, EndpointError> {
        let request = Request::of_address(address);
        request.ok_or_else(|| EndpointError::new(address, "a host, as in `ws://example.org/chat`"))
    }
}

/// WebSocket as a client.
#[derive(Clone, Debug)]
pub struct Connector {
    head_limit: usize,
    message_limit: Option<u64>,
}

impl Connector {
    /// A client with the limits that the module states.
    pub fn new() -> Self {
        Self {
            head_limit: HEAD_LIMIT,
            message_limit: None,
        }
    }

    /// Sets how long the head of the server's answer may be, 8,192 bytes unless told otherwise.
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

    async fn shake<F: tuyau_core::Flow>(
        &self,
        mut inner: F,
        request: &Request,
    ) -> Result<Flow<F>, Kind> {
        let key = fresh_key().ok_or(Kind::NoRandomness)?;
        let head = request.head(&key);
        inner.write_all(head.as_bytes()).await.map_err(Kind::Io)?;
        inner.flush().await.map_err(Kind::Io)?;
        let mut incoming = Incoming::default();
        let response = http::read_response(&mut inner, &mut incoming, self.head_limit).await;
        let response = response.map_err(|error| Kind::of_head(error, self.head_limit))?;
        let upgrade = check(&response, request, &key)?;
        Ok(Flow::new(
            inner,
            incoming,
            Role::client(),
            self.message_limit,
            upgrade,
        ))
    }
}

impl Default for Connector {
    fn default() -> Self {
        Self::new()
    }
}

fn check(response: &Response, request: &Request, key: &str) -> Result<Upgrade, Kind> {
    let Response {
        status,
        reason,
        fields,
    } = response;
    if *status != 101 {
        return Err(Kind::Refused {
            status: *status,
            reason: reason.clone(),
            location: fields.first("location").map(Into::into),
        });
    }
    let is = |wanted: &'static str| move |it: &str| it.eq_ignore_ascii_case(wanted);
    if !fields.members("upgrade").any(is("websocket")) {
        return Err(Kind::BadAnswer("`Upgrade: websocket` is missing"));
    }
    if !fields.members("connection").any(is("upgrade")) {
        return Err(Kind::BadAnswer("`Connection: Upgrade` is missing"));
    }
    if fields.first("sec-websocket-accept") != Some(&*accept(key)) {
        return Err(Kind::BadAnswer(
            "its `Sec-WebSocket-Accept` does not answer this request",
        ));
    }
    if fields.members("sec-websocket-extensions").next().is_some() {
        return Err(Kind::BadAnswer("it uses an extension that was not offered"));
    }
    let given = fields.first("sec-websocket-protocol");
    if given != request.wanted_subprotocol() {
        return Err(Kind::Subprotocol {
            wanted: request.wanted_subprotocol().map(Into::into),
            given: given.map(Into::into),
        });
    }
    Ok(Upgrade {
        host: request.host().into(),
        path: request.path().into(),
        origin: None,
        subprotocol: given.map(Into::into),
    })
}

impl<F: tuyau_core::Flow> Layer<F> for Connector {
    type Key = WebSocketKey;
    type Flow = Flow<F>;
    type Error = Error;

    const STAGE: Stage = Stage::new("websocket");

    async fn connect(
        &self,
        inner: F,
        request: &Request,
        _attempt: &Attempt,
    ) -> Result<Flow<F>, Error> {
        let shaken = self.shake(inner, request).await;
        shaken.map_err(|kind| Side::Server.error(kind))
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}
