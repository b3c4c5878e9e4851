//! An IP address with the length of its network's prefix.

use std::{error::Error, fmt, net::IpAddr, str::FromStr};

/// An IP address and how many of its first bits name its network, as in `10.0.0.1/24`.
///
/// The bits behind the prefix are kept: it is both the address of a host in its network, and, where
/// a network is meant, that network.
///
/// ```
/// use tuyau::smoltcp::Cidr;
///
/// let host: Cidr = "10.0.0.1/24".parse()?;
/// assert!(host.contains("10.0.0.200".parse()?));
/// assert!(!host.contains("10.0.1.1".parse()?));
/// assert_eq!(host.to_string(), "10.0.0.1/24");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// An address and the length of its prefix in bits: 0 to 32 for IPv4, 0 to 128 for IPv6.
    ///
    /// # Errors
    /// When the prefix is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, CidrError> {
        if prefix > bits(address) {
            let text = format!("{address}/{prefix}");
            return Err(CidrError::new(&text, CidrErrorKind::Prefix));
        }
        Ok(Self { address, prefix })
    }

    /// The network of one address.
    pub fn host(address: IpAddr) -> Self {
        let prefix = bits(address);
        Self { address, prefix }
    }

    /// The address, with the bits behind the prefix.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The length of the prefix, in bits.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether `address` is in this network. An IPv4 address is in no IPv6 network, mapped or not.
    pub fn contains(&self, address: IpAddr) -> bool {
        bits(self.address) == bits(address)
            && number(self.address, self.prefix) == number(address, self.prefix)
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first `prefix` bits of an address as a number.
fn number(address: IpAddr, prefix: u8) -> u128 {
    let whole = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let rest = u32::from(bits(address) - prefix);
    whole.checked_shr(rest).unwrap_or(0)
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Reads `ADDRESS/PREFIX`; an address alone is the network of that one address.
impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let fail = |kind| CidrError::new(text, kind);
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address = address.parse().map_err(|_| fail(CidrErrorKind::Address))?;
        let Some(prefix) = prefix else {
            return Ok(Self::host(address));
        };
        let plain = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: Option<u8> = prefix.parse().ok().filter(|_| plain);
        let prefix = prefix.filter(|prefix| *prefix <= bits(address));
        let prefix = prefix.ok_or_else(|| fail(CidrErrorKind::Prefix))?;
        Ok(Self { address, prefix })
    }
}

/// Why a text is not a [`Cidr`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CidrError {
    text: Box<str>,
    kind: CidrErrorKind,
}

/// What is wrong with the text of a [`Cidr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CidrErrorKind {
    /// What stands before the slash is not an IP address.
    Address,
    /// What stands behind the slash is not a number, or longer than the address.
    Prefix,
}

impl CidrError {
    fn new(text: &str, kind: CidrErrorKind) -> Self {
        let text = text.chars().take(80).collect::<String>().into();
        Self { text, kind }
    }

    /// What is wrong.
    pub fn kind(&self) -> CidrErrorKind {
        self.kind
    }
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self.kind {
            CidrErrorKind::Address => "an IP address and a prefix, as in `10.0.0.1/24`",
            CidrErrorKind::Prefix => "a prefix of 0 to 32 bits for IPv4 or 0 to 128 for IPv6",
        };
        write!(f, "{:?} is not a network: expected {expected}", self.text)
    }
}

impl Error for CidrError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_network() {
        let all: Cidr = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("255.1.2.3".parse().unwrap()));
        assert!(!all.contains("::1".parse().unwrap()));
        let all: Cidr = "::/0".parse().unwrap();
        assert!(all.contains("ffff::".parse().unwrap()));
        let one: Cidr = "10.1.2.3".parse().unwrap();
        assert_eq!(one.to_string(), "10.1.2.3/32");
        assert!(!one.contains("10.1.2.2".parse().unwrap()));
        let six: Cidr = "fd00:1::1/64".parse().unwrap();
        assert!(six.contains("fd00:1::ffff".parse().unwrap()));
        assert!(!six.contains("fd00:2::1".parse().unwrap()));
    }

    #[test]
    fn refuses_what_is_not_a_network_and_says_what_was_expected() {
        for text in ["", "/", "10.0.0/8", "10.0.0.0.0/8", "host/8", "::1::/1"] {
            let error = text.parse::<Cidr>().unwrap_err();
            assert_eq!(error.kind(), CidrErrorKind::Address, "{text}");
        }
        for text in [
            "10.0.0.1/",
            "10.0.0.1/33",
            "::/129",
            "::/+1",
            "::/x",
            "::/1/2",
        ] {
            let error = text.parse::<Cidr>().unwrap_err();
            assert_eq!(error.kind(), CidrErrorKind::Prefix, "{text}");
        }
        assert_eq!(
            "10.0.0.1/33".parse::<Cidr>().unwrap_err().to_string(),
            "\"10.0.0.1/33\" is not a network: expected a prefix of 0 to 32 bits for IPv4 or 0 to 128 for IPv6"
        );
        let address = "10.0.0.1".parse().unwrap();
        assert_eq!(
            Cidr::new(address, 33).unwrap_err().kind(),
            CidrErrorKind::Prefix
        );
    }
}
