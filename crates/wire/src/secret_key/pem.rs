//! Key files: PKCS#8 (RFC 5958) with an Ed25519 key (RFC 8410) in PEM (RFC 7468).

use alloc::{format, string::String, vec::Vec};

use ed25519_dalek::{
    SigningKey,
    pkcs8::{
        ALGORITHM_OID, EncodePrivateKey as _, KeypairBytes, PrivateKeyInfoRef, SecretDocument,
        spki::der::pem::LineEnding,
    },
};
use zeroize::Zeroizing;

use super::{SecretKeyError, SecretKeyErrorKind as Kind};

const LABEL: &str = "PRIVATE KEY";

/// Without a public key the encoding is version 1.
fn version_1(key: &SigningKey) -> KeypairBytes {
    KeypairBytes {
        secret_key: key.to_bytes(),
        public_key: None,
    }
}

pub(super) fn encode_pem(key: &SigningKey) -> Zeroizing<String> {
    version_1(key)
        .to_pkcs8_pem(LineEnding::LF)
        .expect("a key of fixed length has an encoding")
}

pub(super) fn encode_der(key: &SigningKey) -> Zeroizing<Vec<u8>> {
    version_1(key)
        .to_pkcs8_der()
        .expect("a key of fixed length has an encoding")
        .to_bytes()
}

pub(super) fn decode_pem(text: &str) -> Result<SigningKey, SecretKeyError> {
    let block = find_block(text)?;
    let (_, document) = SecretDocument::from_pem(block.text).map_err(|_| block.error())?;
    decode_der(document.as_bytes())
}

fn decode_der(der: &[u8]) -> Result<SigningKey, SecretKeyError> {
    let structure = |_| SecretKeyError::new(Kind::Structure);
    let info = PrivateKeyInfoRef::try_from(der).map_err(structure)?;
    let algorithm = info.algorithm.oid;
    if algorithm != ALGORITHM_OID {
        let name = algorithm_name(&format!("{algorithm}"));
        return Err(SecretKeyError::new(Kind::Algorithm).found(name));
    }
    let pair = KeypairBytes::try_from(info).map_err(|_| SecretKeyError::new(Kind::Structure))?;
    let key = SigningKey::from_bytes(&pair.secret_key);
    match pair.public_key {
        Some(public) if public.0 != key.verifying_key().to_bytes() => {
            Err(SecretKeyError::new(Kind::Mismatch))
        }
        _ => Ok(key),
    }
}

fn algorithm_name(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.1" => "RSA".into(),
        "1.2.840.10045.2.1" => "EC".into(),
        "1.3.101.110" => "X25519".into(),
        "1.3.101.111" => "X448".into(),
        "1.3.101.113" => "Ed448".into(),
        _ => format!("with object identifier {oid}"),
    }
}

/// The lines from begin to end of the PEM block, and where they stand in the whole text.
struct Block<'a> {
    text: &'a str,
    first_line: usize,
}

/// Looks for the block ourselves, because the PEM decoder says neither which line is wrong nor
/// what it found.
fn find_block(text: &str) -> Result<Block<'_>, SecretKeyError> {
    if text.trim().is_empty() {
        return Err(SecretKeyError::new(Kind::Empty));
    }
    let begin = find_line(text, "-----BEGIN ").ok_or(SecretKeyError::new(Kind::NotPem))?;
    let first_line = 1 + text[..begin].matches('\n').count();
    let block = &text[begin..];
    let label = label_of(block.lines().next().unwrap_or_default());
    if label != LABEL {
        return Err(SecretKeyError::new(Kind::Label)
            .at_line(first_line)
            .found(label));
    }
    let Some(end) = find_line(block, "-----END ") else {
        let last_line = text.lines().count();
        return Err(SecretKeyError::new(Kind::Truncated).at_line(last_line));
    };
    let end_of_line = block[end..]
        .find('\n')
        .map_or(block.len(), |length| end + length + 1);
    Ok(Block {
        text: &block[..end_of_line],
        first_line,
    })
}

/// The offset of the first line that starts with `start`.
fn find_line(text: &str, start: &str) -> Option<usize> {
    if text.starts_with(start) {
        return Some(0);
    }
    text.match_indices(start)
        .map(|(offset, _)| offset)
        .find(|&offset| text[..offset].ends_with('\n'))
}

/// What stands between `-----BEGIN ` and `-----`, cut to a length that fits an error message.
fn label_of(line: &str) -> String {
    let label = line
        .trim_end()
        .trim_start_matches("-----BEGIN ")
        .trim_end_matches("-----");
    label
        .chars()
        .filter(|character| !character.is_control())
        .take(40)
        .collect()
}

impl Block<'_> {
    /// The error for a block that the PEM decoder refused, with the line that is to blame.
    fn error(&self) -> SecretKeyError {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        let mut lines = self.text.lines().zip(self.first_line..).skip(1);
        let body = lines
            .by_ref()
            .take_while(|(line, _)| !line.starts_with("-----END "));
        for (line, number) in body {
            if !line.bytes().all(is_base64) || line.len() > 64 {
                return SecretKeyError::new(Kind::Base64).at_line(number);
            }
        }
        if self.text.trim_end().ends_with("-----END PRIVATE KEY-----") {
            SecretKeyError::new(Kind::Structure).at_line(self.first_line + 1)
        } else {
            let last_line = self.first_line + self.text.lines().count().saturating_sub(1);
            SecretKeyError::new(Kind::Truncated).at_line(last_line)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::SecretKey;

    const VERSION_1: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    /// The example of RFC 8410 section 10.3, with an attribute and the public key.
    const VERSION_2: &str = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PRIVATE KEY-----\n";

    fn error(text: &str) -> SecretKeyError {
        SecretKey::from_pkcs8_pem(text).unwrap_err()
    }

    #[test]
    fn reads_both_versions_of_the_same_key() {
        let one = SecretKey::from_pkcs8_pem(VERSION_1).unwrap();
        let two = SecretKey::from_pkcs8_pem(VERSION_2).unwrap();
        assert_eq!(one.identity(), two.identity());
        assert_eq!(one.to_pkcs8_pem().as_str(), VERSION_1);
        assert_eq!(one.to_pkcs8_der().len(), 48);
    }

    #[test]
    fn reads_windows_line_ends_and_text_before_the_key() {
        let text = format!("my key\n{VERSION_1}").replace('\n', "\r\n");
        assert!(SecretKey::from_pkcs8_pem(&text).is_ok());
    }

    #[test]
    fn names_other_pem_blocks() {
        for label in [
            "CERTIFICATE",
            "EC PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
            "PUBLIC KEY",
        ] {
            let error = error(&VERSION_1.replace("PRIVATE KEY", label));
            assert_eq!((error.kind(), error.line()), (Kind::Label, Some(1)));
            assert!(error.to_string().contains(label), "{error}");
        }
    }

    #[test]
    fn names_the_line_that_is_damaged() {
        let damaged = format!("# a comment\n{}", VERSION_1.replace("MC4C", "MC4?"));
        assert_eq!(
            (error(&damaged).kind(), error(&damaged).line()),
            (Kind::Base64, Some(3))
        );
        let long = VERSION_1.replace("VhC\n", "VhCA\n");
        assert_eq!(error(&long).kind(), Kind::Base64);
    }

    #[test]
    fn refuses_every_truncation() {
        for text in [VERSION_1, VERSION_2] {
            for length in 0..text.trim_end().len() {
                let error = error(&text[..length]);
                assert!(!error.to_string().is_empty());
            }
        }
        assert_eq!(error("").kind(), Kind::Empty);
        assert_eq!(error("hello\n").kind(), Kind::NotPem);
        assert_eq!(error(&VERSION_1[..60]).kind(), Kind::Truncated);
    }

    #[test]
    fn refuses_keys_of_other_algorithms() {
        let x25519 = VERSION_1.replace("K2Vw", "K2Vu");
        let error = error(&x25519);
        assert_eq!(error.kind(), Kind::Algorithm);
        assert!(error.to_string().contains("X25519"));
    }

    #[test]
    fn refuses_a_public_key_that_does_not_belong() {
        let other = VERSION_2.replace("AGb9E", "AGb9F");
        assert_eq!(error(&other).kind(), Kind::Mismatch);
    }

    #[test]
    fn refuses_a_damaged_structure() {
        let damaged = VERSION_1.replace("MC4C", "MC0C");
        assert_eq!(error(&damaged).kind(), Kind::Structure);
    }
}
