//! Just enough DER (X.690) to tell a person what is in a certificate. Nothing is decided by it:
//! chains, names and times are judged by rustls.

/// What follows in DER.
#[derive(Clone, Copy, Debug)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

/// The tags of X.509.
pub(super) mod tag {
    pub(in super::super) const OCTETS: u8 = 0x04;
    pub(in super::super) const OBJECT: u8 = 0x06;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;
    /// The version of a certificate.
    pub(in super::super) const VERSION: u8 = 0xa0;
    /// The extensions of a certificate.
    pub(in super::super) const EXTENSIONS: u8 = 0xa3;
    /// A DNS name among the names of a certificate.
    pub(in super::super) const DNS: u8 = 0x82;
    /// An IP address among the names of a certificate.
    pub(in super::super) const IP: u8 = 0x87;
}

impl<'a> Der<'a> {
    /// Takes the next element: its tag and its content.
    pub(super) fn element(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // The length of the length; certificates are shorter than 2^24 bytes.
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                let add = |sum, digit: &u8| sum << 8 | usize::from(*digit);
                (digits.iter().fold(0, add), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Takes the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.element()?;
        (found == tag).then_some(content)
    }

    /// Takes the next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() != Some(&tag) {
            return None;
        }
        self.expect(tag)
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.element()
    }
}
