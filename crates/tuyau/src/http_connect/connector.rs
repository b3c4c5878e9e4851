//! The layer: asking the proxy.

use std::fmt;

use base64ct::{Base64, Encoding};
use tuyau_core::{Attempt, Flow, FlowExt, Layer, LayerKey, Security, Stage};

use super::{Access, Error, Kind};
use crate::{
    http::{self, HEAD_LIMIT, Response},
    incoming::Incoming,
    proxy::{Route, Tunnel, Via},
};

/// How many interim answers (RFC 9110, section 15.2) are read before the one that counts.
const MAX_INTERIM: usize = 8;

/// The key of the layer; with it over a protocol's key comes a [`Route`] beside the proxy's endpoint.
#[derive(Debug)]
pub struct HttpConnectKey;

impl LayerKey for HttpConnectKey {
    type Config = Route;
    const NAME: &'static str = "http-connect";
    /// Who proves a key beneath is the proxy, and nothing protects the way behind it.
    const ENDS_ELSEWHERE: bool = true;

    fn show(route: &Route, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        route.show(f)
    }
}

/// HTTP CONNECT as a client.
#[derive(Clone, Copy, Debug)]
pub struct HttpConnect {
    head_limit: usize,
}

impl HttpConnect {
    /// The layer; everything else comes with the [`Route`].
    pub fn new() -> Self {
        Self {
            head_limit: HEAD_LIMIT,
        }
    }

    /// Sets how long the head of the proxy's answer may be, 8,192 bytes unless told otherwise.
    pub fn head_limit(mut self, bytes: usize) -> Self {
        self.head_limit = bytes;
        self
    }

    async fn ask<F: Flow>(&self, mut inner: F, route: &Route) -> Result<Tunnel<F>, Kind> {
        let request = request(route);
        inner
            .write_all(request.as_bytes())
            .await
            .map_err(Kind::Io)?;
        inner.flush().await.map_err(Kind::Io)?;
        let mut incoming = Incoming::default();
        let mut interim = 0;
        let response = loop {
            let response = http::read_response(&mut inner, &mut incoming, self.head_limit).await;
            let response = response.map_err(|error| Kind::of_head(error, self.head_limit))?;
            let is_interim = (100..200).contains(&response.status) && response.status != 101;
            if !is_interim || interim == MAX_INTERIM {
                break response;
            }
            interim += 1;
        };
        if !(200..300).contains(&response.status) {
            return Err(Kind::Refused {
                status: response.status,
                access: access(&response, route),
                reason: response.reason,
            });
        }
        let via = Via {
            destination: route.destination().clone(),
            bound: None,
        };
        Ok(Tunnel::new(inner, incoming.rest().to_vec(), via))
    }
}

impl Default for HttpConnect {
    fn default() -> Self {
        Self::new()
    }
}

fn access(response: &Response, route: &Route) -> Access {
    let mut wanted = response.fields.all("proxy-authenticate").peekable();
    let basic = |challenge: &str| {
        let scheme = challenge.split_whitespace().next();
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
    };
    if wanted.peek().is_some() && !wanted.any(basic) {
        Access::Unsupported
    } else if route.given_credentials().is_some() {
        Access::WithCredentials
    } else {
        Access::Anonymous
    }
}

fn request(route: &Route) -> String {
    let to = route.destination();
    let authorization = route.given_credentials().map(|credentials| {
        let pair = format!("{}:{}", credentials.user(), credentials.password());
        let pair = Base64::encode_string(pair.as_bytes());
        format!("Proxy-Authorization: Basic {pair}\r\n")
    });
    let authorization = authorization.unwrap_or_default();
    format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{authorization}\r\n")
}

impl<F: Flow> Layer<F> for HttpConnect {
    type Key = HttpConnectKey;
    type Flow = Tunnel<F>;
    type Error = Error;

    const STAGE: Stage = Stage::new("http-connect");

    async fn connect(
        &self,
        inner: F,
        route: &Route,
        _attempt: &Attempt,
    ) -> Result<Tunnel<F>, Error> {
        let asked = self.ask(inner, route).await;
        asked.map_err(|kind| Error::new(kind, route.destination()))
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}
