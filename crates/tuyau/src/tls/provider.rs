//! What TLS computes with.

use std::sync::Arc;

use rustls::{
    CipherSuite::{self, TLS13_AES_128_GCM_SHA256, TLS13_CHACHA20_POLY1305_SHA256},
    SupportedCipherSuite,
    crypto::{CryptoProvider, ring},
};

/// The crypto provider that is used unless told otherwise: ring, with the cipher suite first that takes
/// this processor the least time.
///
/// That is AES-128-GCM where the processor computes AES, and ChaCha20-Poly1305 elsewhere. The client's
/// order decides. Longer keys would make nothing safer beside X25519 and Ed25519, which are as strong
/// as 128 bits; a peer that asks for AES-256 gets it.
pub fn default_provider() -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    prefer(fastest(computes_aes()), &mut provider.cipher_suites);
    Arc::new(provider)
}

fn fastest(computes_aes: bool) -> CipherSuite {
    match computes_aes {
        true => TLS13_AES_128_GCM_SHA256,
        false => TLS13_CHACHA20_POLY1305_SHA256,
    }
}

/// The others stay in their order.
fn prefer(first: CipherSuite, suites: &mut [SupportedCipherSuite]) {
    suites.sort_by_key(|suite| suite.suite() != first);
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn computes_aes() -> bool {
    std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "aarch64")]
fn computes_aes() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
}

/// ring uses no instructions for AES there.
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
fn computes_aes() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_the_suite_that_takes_the_processor_the_least_time() {
        let usual = ring::default_provider().cipher_suites;
        for (computes_aes, first) in [
            (true, TLS13_AES_128_GCM_SHA256),
            (false, TLS13_CHACHA20_POLY1305_SHA256),
        ] {
            let mut suites = usual.clone();
            prefer(fastest(computes_aes), &mut suites);
            assert_eq!(suites[0].suite(), first);
            let mut others = usual.clone();
            others.retain(|suite| suite.suite() != first);
            assert_eq!(suites[1..], others);
        }
        let ours = &default_provider().cipher_suites;
        assert_eq!(ours[0].suite(), fastest(computes_aes()));
        assert_eq!(ours.len(), usual.len());
    }
}
