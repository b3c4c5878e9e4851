//! Keys as SSH and OpenSSH's files have them.

use std::{
    error::Error,
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use russh::keys::{self, Algorithm, HashAlg};

/// A public key of a server or a user.
///
/// It prints as in OpenSSH's files, without a comment: `ssh-ed25519 AAAA…`. Parsing reads that form,
/// with or without a comment.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Arc<keys::PublicKey>);

impl PublicKey {
    /// The fingerprint as OpenSSH prints it: `SHA256:` and 43 characters of base64.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The name of the key's algorithm, such as `ssh-ed25519`.
    pub fn algorithm(&self) -> String {
        self.0.algorithm().to_string()
    }

    pub(super) fn new(key: keys::PublicKey) -> Self {
        Self(Arc::new(keys::PublicKey::new(key.key_data().clone(), "")))
    }

    /// The algorithms by which a server can prove to have this key, best first.
    pub(super) fn host_algorithms(&self) -> Vec<Algorithm> {
        match self.0.algorithm() {
            Algorithm::Rsa { .. } => [Some(HashAlg::Sha512), Some(HashAlg::Sha256)]
                .map(|hash| Algorithm::Rsa { hash })
                .to_vec(),
            algorithm => vec![algorithm],
        }
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let parsed = keys::PublicKey::from_openssh(text.trim());
        parsed.map(Self::new).map_err(|_| KeyError::NotPublic)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_openssh().map_err(|_| fmt::Error)?;
        f.write_str(text.trim_end())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm(), self.fingerprint())
    }
}

/// A private key: what this side proves itself with. Cloning shares it; printing shows only its
/// fingerprint.
#[derive(Clone)]
pub struct PrivateKey {
    pub(super) key: Arc<keys::PrivateKey>,
    label: Arc<str>,
}

impl PrivateKey {
    /// Reads a key file as `ssh-keygen` writes it; PKCS#8 and the older PEM forms are read as well.
    ///
    /// # Errors
    /// When the file cannot be read or is no private key, when it is encrypted and there is no
    /// passphrase, or when the passphrase is not its own.
    pub fn read_file(path: impl AsRef<Path>, passphrase: Option<&str>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .map_err(|source| KeyError::File(path.to_owned(), Arc::new(source)))?;
        let key = Self::read(&text, passphrase).map_err(|error| error.at(path))?;
        let label = path.display().to_string().into();
        Ok(Self { label, ..key })
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// Like [`read_file`](Self::read_file).
    pub fn read(text: &str, passphrase: Option<&str>) -> Result<Self, KeyError> {
        let looks_public = keys::PublicKey::from_openssh(text.trim()).is_ok();
        if looks_public {
            return Err(KeyError::Public);
        }
        let decoded = keys::decode_secret_key(text, passphrase);
        let key = decoded.map_err(|error| match (error, passphrase) {
            (keys::Error::KeyIsEncrypted, _) => KeyError::NeedsPassphrase,
            (_, Some(_)) if is_encrypted(text) => KeyError::WrongPassphrase,
            _ => KeyError::NotPrivate,
        })?;
        if key.is_encrypted() {
            return Err(KeyError::NeedsPassphrase);
        }
        Ok(Self {
            key: Arc::new(key),
            label: "given".into(),
        })
    }

    /// A fresh Ed25519 key, for tests and for servers that are nobody.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let key = keys::PrivateKey::random(&mut keys::key::safe_rng(), Algorithm::Ed25519);
        Ok(Self {
            key: Arc::new(key.map_err(|_| KeyError::NoRandomness)?),
            label: "generated".into(),
        })
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::new(self.key.public_key().clone())
    }

    /// Where it comes from, for errors.
    pub(super) fn label(&self) -> &str {
        &self.label
    }
}

/// Whether it is encrypted, as far as its head tells.
fn is_encrypted(text: &str) -> bool {
    match keys::PrivateKey::from_openssh(text) {
        Ok(key) => key.is_encrypted(),
        Err(_) => text.contains("ENCRYPTED"),
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.public_key())
    }
}

/// Why something is not a usable key. It never shows any of a private key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    File(PathBuf, Arc<std::io::Error>),
    /// What is in the file is not usable.
    In(PathBuf, Box<KeyError>),
    /// It is the public half.
    Public,
    /// It is no private key in a form that is known here.
    NotPrivate,
    /// It is no public key as OpenSSH writes them.
    NotPublic,
    /// It is encrypted, and there is no passphrase.
    NeedsPassphrase,
    /// It is encrypted with another passphrase.
    WrongPassphrase,
    /// The system gave no random bytes for a new key.
    NoRandomness,
}

impl KeyError {
    fn at(self, path: &Path) -> Self {
        Self::In(path.to_owned(), Box::new(self))
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(path, _) => {
                return write!(f, "the key file {} cannot be read", path.display());
            }
            Self::In(path, error) => return write!(f, "{}: {error}", path.display()),
            Self::Public => {
                "this is a public key; the private one is in the file without `.pub` at its end"
            }
            Self::NotPrivate => "expected a private key as `ssh-keygen` writes it",
            Self::NotPublic => "expected a public key of one line, such as `ssh-ed25519 AAAA…`",
            Self::NeedsPassphrase => "the private key is encrypted; give its passphrase",
            Self::WrongPassphrase => "the passphrase does not open the private key",
            Self::NoRandomness => "the system gave no random bytes for a new key",
        })
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::File(_, source) => Some(&**source),
            _ => None,
        }
    }
}
