//! Certificates and keys in files, and what is said of those that are not usable.

use std::{fs, path::PathBuf};

use tuyau::tls::{Authenticator, Credentials, SetupErrorKind};
use tuyau_core::Chain;

use crate::pki::{Issuer, Leaf};

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// An error's text with its causes, and without the directory.
    fn text(&self, error: &dyn std::error::Error) -> String {
        let directory = format!("{}/", self.0.path().display());
        Chain(error).to_string().replace(&directory, "")
    }
}

#[test]
fn chains_keys_and_roots_are_read_from_files() {
    let (files, issuer, leaf) = (Files::new(), Issuer::new("an authority"), Leaf::new(&["a"]));
    let roots = files.with(
        "ca.pem",
        &format!("# ours\n{}\n{}", issuer.pem(), issuer.pem()),
    );
    Authenticator::ca_file(roots).unwrap();
    let both = format!("{}{}", leaf.certificate_pem(), leaf.key.serialize_pem());
    let both = files.with("both.pem", &both);
    Credentials::from_files(&both, &both).unwrap();
}

#[test]
fn roots_that_are_not_usable_are_located() {
    let (files, issuer) = (Files::new(), Issuer::new("an authority"));
    let expected = "the roots are not usable; expected one or more PEM certificates of authorities";
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (content, place, cause) in [
        ("", "", "there is no `-----BEGIN CERTIFICATE-----` in it"),
        (
            "nonsense\n",
            "",
            "there is no `-----BEGIN CERTIFICATE-----` in it",
        ),
        (
            &format!("{}\n# the next\n{no_der}", issuer.pem()),
            &format!(", line {}", issuer.pem().lines().count() + 3),
            "invalid peer certificate: BadEncoding",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n",
            ", line 1",
            "missing section end marker",
        ),
        (
            "\n-----BEGIN CERTIFICATE-----\n$$$$\n-----END CERTIFICATE-----\n",
            ", line 2",
            "base64 decode error",
        ),
    ] {
        let error = Authenticator::ca_file(files.with("ca.pem", content)).unwrap_err();
        assert_eq!(error.kind(), SetupErrorKind::Roots);
        let begin = format!("ca.pem{place}: {expected}: {cause}");
        let text = files.text(&error);
        assert!(text.starts_with(&begin), "{text}\n{begin}");
    }
    let error = Authenticator::ca_file(files.0.path().join("none.pem")).unwrap_err();
    let text = files.text(&error);
    assert_eq!(
        text,
        format!("none.pem: {expected}: No such file or directory (os error 2)")
    );
}

#[test]
fn credentials_that_do_not_belong_together_are_found() {
    let files = Files::new();
    let (one, other) = (Leaf::new(&["a"]), Leaf::new(&["a"]));
    let chain = files.with("chain.pem", &one.certificate_pem());
    let key = files.with("key.pem", &other.key.serialize_pem());
    let error = Credentials::from_files(&chain, &key).unwrap_err();
    assert_eq!(error.kind(), SetupErrorKind::ForeignKey);
    assert_eq!(
        files.text(&error),
        "key.pem: the private key is not that of the first certificate of the chain; \
         give the key with which that certificate was made"
    );
}

#[test]
fn keys_that_are_not_usable_are_located() {
    let (files, leaf) = (Files::new(), Leaf::new(&["a"]));
    let chain = files.with("chain.pem", &leaf.certificate_pem());
    let pem = leaf.key.serialize_pem();
    let twice = format!("{pem}{pem}");
    for (content, place, cause) in [
        ("", "", "there is no `-----BEGIN PRIVATE KEY-----` in it"),
        (&twice, "", "there is more than one private key in it"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "",
            "the private key is encrypted; decrypt it with `openssl pkey -in KEY -out PLAIN`",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            ", line 1",
            "",
        ),
    ] {
        let key = files.with("key.pem", content);
        let error = Credentials::from_files(&chain, &key).unwrap_err();
        assert_eq!(error.kind(), SetupErrorKind::PrivateKey);
        let begin = format!(
            "key.pem{place}: the private key is not usable; \
             expected one PEM key in PKCS#8, SEC 1 or PKCS#1, not encrypted: {cause}"
        );
        let text = files.text(&error);
        assert!(text.starts_with(&begin), "{text}\n{begin}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let leaf = Leaf::new(&["a"]);
    let printed = format!("{:?}", leaf.self_signed());
    assert_eq!(printed, "Credentials { chain: 1, .. }");
}
