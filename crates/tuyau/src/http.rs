//! Heads of HTTP/1.1 messages (RFC 9112), as far as upgrades and tunnels need them.

use std::{future::poll_fn, str};

use tuyau_core::{Flow, FlowError};

use crate::incoming::Incoming;

/// How long a head may be, in bytes, unless told otherwise; what servers commonly take.
pub(crate) const HEAD_LIMIT: usize = 8 * 1024;

/// How many header fields a head may have.
const MAX_FIELDS: usize = 64;

/// How many of the first bytes are kept for the error about a peer that does not speak HTTP.
const KEPT: usize = 48;

/// Why there is no head.
#[derive(Debug)]
pub(crate) enum HeadError {
    /// It is no HTTP; with its first bytes.
    NotHttp(Box<[u8]>),
    /// It has too many bytes or fields.
    TooLong,
    /// The stream ended before its end.
    Ended,
    /// The flow failed.
    Io(FlowError),
}

/// The head of a response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) reason: Box<str>,
    pub(crate) fields: Fields,
}

/// The head of a request.
#[cfg(feature = "websocket")]
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Box<str>,
    pub(crate) target: Box<str>,
    /// Whether the version is 1.1, not 1.0.
    pub(crate) version_1_1: bool,
    pub(crate) fields: Fields,
}

/// Header fields, in their order.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(Box<str>, Box<[u8]>)>);

impl Fields {
    fn new(headers: &[httparse::Header<'_>]) -> Self {
        let fields = headers.iter();
        Self(fields.map(|it| (it.name.into(), it.value.into())).collect())
    }

    /// The values of the fields with this name that are text, without surrounding blanks.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter();
        let fields = fields.filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        fields.filter_map(|(_, value)| str::from_utf8(value).ok().map(str::trim))
    }

    /// The value of the first field with this name.
    #[cfg(feature = "websocket")]
    pub(crate) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The members of the comma-separated lists in the fields with this name (RFC 9110, section 5.6.1).
    #[cfg(feature = "websocket")]
    pub(crate) fn members<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let members = self.all(name).flat_map(|value| value.split(','));
        members.map(str::trim).filter(|member| !member.is_empty())
    }
}

/// A parsed head and its length, or none while it is not whole.
type Parsed<T> = Result<Option<(T, usize)>, httparse::Error>;

fn parse_response(bytes: &[u8]) -> Parsed<Response> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(bytes)? else {
        return Ok(None);
    };
    let head = Response {
        status: response.code.unwrap_or_default(),
        reason: response.reason.unwrap_or_default().into(),
        fields: Fields::new(response.headers),
    };
    Ok(Some((head, length)))
}

#[cfg(feature = "websocket")]
fn parse_request(bytes: &[u8]) -> Parsed<Request> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = request.parse(bytes)? else {
        return Ok(None);
    };
    let head = Request {
        method: request.method.unwrap_or_default().into(),
        target: request.path.unwrap_or_default().into(),
        version_1_1: request.version == Some(1),
        fields: Fields::new(request.headers),
    };
    Ok(Some((head, length)))
}

/// Reads the head of a response; what comes behind it stays in `incoming`.
pub(crate) async fn read_response<F: Flow>(
    flow: &mut F,
    incoming: &mut Incoming,
    limit: usize,
) -> Result<Response, HeadError> {
    read(flow, incoming, limit, parse_response).await
}

/// Reads the head of a request; what comes behind it stays in `incoming`.
#[cfg(feature = "websocket")]
pub(crate) async fn read_request<F: Flow>(
    flow: &mut F,
    incoming: &mut Incoming,
    limit: usize,
) -> Result<Request, HeadError> {
    read(flow, incoming, limit, parse_request).await
}

async fn read<F: Flow, T>(
    flow: &mut F,
    incoming: &mut Incoming,
    limit: usize,
    parse: fn(&[u8]) -> Parsed<T>,
) -> Result<T, HeadError> {
    loop {
        let rest = incoming.rest();
        match parse(&rest[..rest.len().min(limit)]) {
            Ok(Some((head, length))) => {
                incoming.consume(length);
                return Ok(head);
            }
            Ok(None) if rest.len() < limit => {}
            Ok(None) | Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLong),
            Err(_) => return Err(HeadError::NotHttp(rest[..rest.len().min(KEPT)].into())),
        }
        let need = rest.len() + 1;
        match poll_fn(|cx| incoming.poll_fill(cx, flow, need)).await {
            Ok(0) => return Err(HeadError::Ended),
            Ok(_) => {}
            Err(error) => return Err(HeadError::Io(error)),
        }
    }
}

/// Whether it is a token (RFC 9110, section 5.6.2), as names of fields and subprotocols are.
#[cfg(feature = "websocket")]
pub(crate) fn is_token(text: &str) -> bool {
    let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(tchar)
}
