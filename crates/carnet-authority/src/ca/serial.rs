//! [`Serial`]: what a certificate is revoked by.

use std::fmt;
use std::str::FromStr;

/// The serial number of a certificate: 16 random bytes, of which the first is `40` to `7f`, so that DER takes
/// exactly 16. Text: 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial([u8; 16]);

/// A text or number is not a serial number of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a serial number is 32 lower-case hex digits")]
pub struct MalformedSerial;

impl Serial {
    /// The serial number of these random bytes.
    pub fn new(mut random: [u8; 16]) -> Self {
        random[0] = random[0] & 0x7f | 0x40;
        Self(random)
    }

    pub(super) fn generate() -> Result<Self, rcgen::Error> {
        let mut random = [0; 16];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| rcgen::Error::RingUnspecified)?;
        Ok(Self::new(random))
    }

    /// The serial number in a certificate.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedSerial> {
        let bytes = bytes.try_into().map_err(|_| MalformedSerial)?;
        let serial = Self::new(bytes);
        if serial.0 == bytes { Ok(serial) } else { Err(MalformedSerial) }
    }

    /// Its bytes, most significant first.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for Serial {
    type Err = MalformedSerial;

    fn from_str(text: &str) -> Result<Self, MalformedSerial> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| MalformedSerial)?;
        let serial = Self::from_bytes(&bytes)?;
        if serial.to_string() == text { Ok(serial) } else { Err(MalformedSerial) }
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
