//! That a server understood a request as WebSocket (RFC 6455, section 1.3).

use base64ct::{Base64, Encoding};
use sha1::{Digest, Sha1};

/// What the standard appends to a key, so that no other protocol answers so by accident.
const SALT: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A fresh key for a request; none when the system gives no random bytes.
pub(super) fn fresh_key() -> Option<String> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).ok()?;
    Some(Base64::encode_string(&nonce))
}

/// Whether it is a key: 16 bytes in Base64 (section 4.1).
pub(super) fn is_key(text: &str) -> bool {
    Base64::decode(text, &mut [0; 16]).is_ok_and(|nonce| nonce.len() == 16)
}

/// What the server answers to a key.
pub(super) fn accept(key: &str) -> String {
    let hash = Sha1::new().chain_update(key).chain_update(SALT).finalize();
    Base64::encode_string(&hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_as_in_the_example_of_the_standard() {
        let key = "dGhlIHNhbXBsZSBub25jZQ==";
        assert!(is_key(key));
        assert_eq!(accept(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes() {
        assert!(is_key(&fresh_key().unwrap()));
        for other in [
            "",
            "AAAA",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZTEy",
            "not base64 at all!!!!!!!",
        ] {
            assert!(!is_key(other));
        }
    }
}
