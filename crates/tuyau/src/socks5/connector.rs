//! The layer: asking the proxy.

use std::fmt;

use tuyau_core::{Attempt, ErrorKind, Flow, FlowError, FlowExt, Layer, LayerKey, Security, Stage};

use super::{
    Error, Kind,
    codec::{self, Method, Reply},
};
use crate::proxy::{Route, Tunnel, Via};

/// The key of the layer; with it over a protocol's key comes a [`Route`] beside the proxy's endpoint.
#[derive(Debug)]
pub struct Socks5Key;

impl LayerKey for Socks5Key {
    type Config = Route;
    const NAME: &'static str = "socks5";
    /// Who proves a key beneath is the proxy, and nothing protects the way behind it.
    const ENDS_ELSEWHERE: bool = true;

    fn show(route: &Route, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        route.show(f)
    }
}

/// SOCKS5 as a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Socks5;

impl Socks5 {
    /// The layer; everything else comes with the [`Route`].
    pub fn new() -> Self {
        Self
    }
}

async fn ask<F: Flow>(mut inner: F, route: &Route) -> Result<Tunnel<F>, Kind> {
    let credentials = route.given_credentials();
    say(&mut inner, &codec::greeting(credentials)).await?;
    let answer = hear_two(&mut inner).await?;
    let method = codec::method(answer, credentials.is_some())?;
    if let (Method::Password, Some(credentials)) = (method, credentials) {
        say(&mut inner, &codec::password(credentials)).await?;
        codec::let_in(hear_two(&mut inner).await?)?;
    }
    say(&mut inner, &codec::connect(route.destination())).await?;
    // No byte behind the answer is read: it belongs to the destination.
    let mut answer = Vec::new();
    let bound = loop {
        match codec::reply(&answer)? {
            Reply::Connected(bound) => break bound,
            Reply::Needs(more) => {
                let start = answer.len();
                answer.resize(start + more, 0);
                hear(&mut inner, &mut answer[start..]).await?;
            }
        }
    };
    let via = Via {
        destination: route.destination().clone(),
        bound,
    };
    Ok(Tunnel::new(inner, Vec::new(), via))
}

async fn say<F: Flow>(inner: &mut F, message: &[u8]) -> Result<(), Kind> {
    inner.write_all(message).await.map_err(Kind::Io)?;
    inner.flush().await.map_err(Kind::Io)
}

async fn hear_two<F: Flow>(inner: &mut F) -> Result<[u8; 2], Kind> {
    let mut answer = [0; 2];
    hear(inner, &mut answer).await?;
    Ok(answer)
}

async fn hear<F: Flow>(inner: &mut F, answer: &mut [u8]) -> Result<(), Kind> {
    let cut = |error: FlowError| match error.kind() {
        ErrorKind::Truncated => Kind::Unfinished,
        _ => Kind::Io(error),
    };
    inner.read_exact(answer).await.map_err(cut)
}

impl<F: Flow> Layer<F> for Socks5 {
    type Key = Socks5Key;
    type Flow = Tunnel<F>;
    type Error = Error;

    const STAGE: Stage = Stage::new("socks5");

    async fn connect(
        &self,
        inner: F,
        route: &Route,
        _attempt: &Attempt,
    ) -> Result<Tunnel<F>, Error> {
        let asked = ask(inner, route).await;
        asked.map_err(|kind| Error::new(kind, route.destination()))
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}
