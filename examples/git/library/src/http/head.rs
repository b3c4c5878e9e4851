//! The heads of requests and answers (RFC 9112, sections 2 to 6).

use std::io;

use super::{Refusal, body::Body};

const AGENT: &str = concat!("tuyau-git/", env!("CARGO_PKG_VERSION"));

/// No answer of a Git server has a longer head, in bytes, nor more fields.
const MAX_LENGTH: usize = 32 * 1024;
const MAX_FIELDS: usize = 64;

/// The request for the server's capabilities.
pub(super) fn get(path: &str, host: &str) -> Vec<u8> {
    let head = format!(
        "GET {path}/info/refs?service=git-upload-pack HTTP/1.1\r\n\
         Host: {host}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\nGit-Protocol: version=2\r\n\r\n"
    );
    head.into_bytes()
}

/// The head of a request whose body has this length.
pub(super) fn post(path: &str, host: &str, length: usize) -> Vec<u8> {
    let head = format!(
        "POST {path}/git-upload-pack HTTP/1.1\r\n\
         Host: {host}\r\nUser-Agent: {AGENT}\r\nGit-Protocol: version=2\r\n\
         Content-Type: application/x-git-upload-pack-request\r\n\
         Accept: application/x-git-upload-pack-result\r\nContent-Length: {length}\r\n\r\n"
    );
    head.into_bytes()
}

/// Reads the head of an answer, if it is whole: how its body comes, and the length of the head.
pub(super) fn parse(input: &[u8]) -> io::Result<Option<(Body, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let parsed = answer.parse(input).map_err(invalid)?;
    let httparse::Status::Complete(length) = parsed else {
        return match input.len() < MAX_LENGTH {
            true => Ok(None),
            false => Err(invalid("the head of the answer is too long")),
        };
    };
    let field = |name: &str| {
        let mut found = answer
            .headers
            .iter()
            .filter(|it| it.name.eq_ignore_ascii_case(name));
        found.next().map(|it| String::from_utf8_lossy(it.value))
    };
    match answer.code.unwrap_or_default() {
        200 => {}
        status => {
            let reason = match (status, field("Location")) {
                (300..400, Some(place)) => format!("Moved to {place}"),
                _ => answer.reason.unwrap_or_default().to_owned(),
            };
            return Err(io::Error::other(Refusal { status, reason }));
        }
    }
    let kind = field("Content-Type").unwrap_or_default();
    if !kind.starts_with("application/x-git-upload-pack-") {
        let text = format!("the web server speaks no Git here: it answered with `{kind}`");
        return Err(invalid(text));
    }
    // RFC 9112, section 6.3: chunks come before a length.
    let chunked = field("Transfer-Encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked"));
    let body = match field("Content-Length") {
        _ if chunked => Body::chunked(),
        Some(text) => Body::of_length(text.trim().parse().map_err(invalid)?),
        None => Body::to_the_end(),
    };
    Ok(Some((body, length)))
}

pub(super) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
