//! A peer that does not speak TLS at all.

use std::fmt;

/// How many of the first bytes are kept for the error.
const KEPT: usize = 48;

/// The first bytes of a peer that does not speak TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainText {
    first: Box<[u8]>,
}

impl PlainText {
    /// Recognises what is no TLS record (RFC 8446, section 5.1): the first byte is its type.
    pub(super) fn detect(first: &[u8]) -> Option<Self> {
        const CHANGE_CIPHER_SPEC: u8 = 20;
        const APPLICATION_DATA: u8 = 23;
        let is_tls = match first {
            [] => true,
            [kind] => (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(kind),
            [kind, major, ..] => {
                (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(kind) && *major == 3
            }
        };
        (!is_tls).then(|| Self {
            first: first[..first.len().min(KEPT)].into(),
        })
    }

    /// The first bytes that came, at most 48 of them.
    pub fn first_bytes(&self) -> &[u8] {
        &self.first
    }

    /// The protocol that they look like, when it is a well-known one: `HTTP` or `SSH`.
    pub fn looks_like(&self) -> Option<&'static str> {
        const HTTP: [&[u8]; 10] = [
            b"GET ",
            b"HEAD ",
            b"POST ",
            b"PUT ",
            b"DELETE ",
            b"OPTIONS ",
            b"CONNECT ",
            b"PATCH ",
            b"PRI * HTTP",
            b"HTTP/",
        ];
        if self.first.starts_with(b"SSH-") {
            Some("SSH")
        } else if HTTP.iter().any(|start| self.first.starts_with(start)) {
            Some("HTTP")
        } else {
            None
        }
    }
}

impl fmt::Display for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(protocol) = self.looks_like() {
            write!(f, "what looks like {protocol}: ")?;
        }
        write!(f, "\"{}\"", self.first.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_tls_from_other_protocols() {
        assert_eq!(PlainText::detect(&[22, 3, 1, 2, 0, 1]), None);
        assert_eq!(PlainText::detect(&[21, 3, 3]), None);
        assert_eq!(PlainText::detect(&[22]), None);
        let http = PlainText::detect(b"GET / HTTP/1.1\r\n").unwrap();
        assert_eq!(
            http.to_string(),
            r#"what looks like HTTP: "GET / HTTP/1.1\r\n""#
        );
        let ssh = PlainText::detect(b"SSH-2.0-OpenSSH_9.9\r\n").unwrap();
        assert_eq!(ssh.looks_like(), Some("SSH"));
        let other = PlainText::detect(&[0xff; 200]).unwrap();
        assert_eq!((other.looks_like(), other.first_bytes().len()), (None, 48));
    }
}
