//! Who asks a proxy.

use std::{error::Error, fmt};

/// The longest user or password, in bytes (RFC 1929, section 2).
const LONGEST: usize = 255;

/// A user and a password for a proxy. They are never printed.
///
/// Both kinds of proxy are sent them as they are: whoever can read the flow to the proxy reads them,
/// so put it over TLS where that matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: Box<str>,
    password: Box<str>,
}

impl Credentials {
    /// A user and a password that both kinds of proxy can be sent.
    ///
    /// # Errors
    /// When one of them is empty, longer than 255 bytes or has a control character, or the user has a
    /// colon (RFC 7617, section 2).
    pub fn new(user: &str, password: &str) -> Result<Self, CredentialsError> {
        let sendable =
            |text: &str| (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control);
        if !sendable(user) || !sendable(password) || user.contains(':') {
            return Err(CredentialsError);
        }
        Ok(Self {
            user: user.into(),
            password: password.into(),
        })
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// A user or a password cannot be sent to a proxy. It shows neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialsError;

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the user and the password must have 1 to 255 bytes without control characters, the user \
             no colon",
        )
    }
}

impl Error for CredentialsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_kinds_can_carry_is_taken() {
        let pair = Credentials::new("alice", "pass:word é").unwrap();
        assert_eq!(format!("{pair:?}"), "Credentials");
        for (user, password) in [
            ("", "x"),
            ("x", ""),
            ("a:b", "x"),
            ("a", "x\r\ny"),
            (&*"x".repeat(256), "x"),
        ] {
            assert_eq!(Credentials::new(user, password), Err(CredentialsError));
        }
    }
}
