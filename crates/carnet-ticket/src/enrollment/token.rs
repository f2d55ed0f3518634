//! [`EnrollmentToken`]: what lets somebody into a fleet, once.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

const PREFIX: &str = "carnet-enroll-v1.";
const PART_LEN: usize = 32;

/// The longest part that is decoded; whatever is longer is no part.
const TEXT_LEN_MAX: usize = 64;

/// A secret, and the CA certificate that its bearer shall trust. `Debug` does not show it.
#[derive(Clone)]
pub struct EnrollmentToken {
    secret: Zeroizing<[u8; PART_LEN]>,
    ca_sha256: [u8; PART_LEN],
}

/// Why a text is not an enrollment token. In the order in which faults are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrollmentTokenError {
    /// It does not begin with `carnet-enroll-v1.`.
    #[error("not an enrollment token")]
    BadPrefix,
    /// It has not two parts.
    #[error("an enrollment token has two parts")]
    BadShape,
    /// A part is not canonical base64url without padding.
    #[error("a part is not base64url")]
    BadBase64,
    /// A part is not 32 bytes.
    #[error("a part is not 32 bytes")]
    BadLength,
}

impl EnrollmentToken {
    /// The token of 32 random bytes for whoever shall trust this CA certificate, in DER.
    pub fn new(secret: &[u8; PART_LEN], ca_der: &[u8]) -> Self {
        Self { secret: Zeroizing::new(*secret), ca_sha256: Sha256::digest(ca_der).into() }
    }

    /// Reads the text of a token. Nothing says yet that anybody has issued it.
    pub fn decode(text: &str) -> Result<Self, EnrollmentTokenError> {
        let rest = text.strip_prefix(PREFIX).ok_or(EnrollmentTokenError::BadPrefix)?;
        let parts = rest.split_once('.').filter(|(_, second)| !second.contains('.'));
        let (secret, ca_sha256) = parts.ok_or(EnrollmentTokenError::BadShape)?;
        let (secret, ca_sha256) = (part(secret)?, part(ca_sha256)?);
        match (secret.bytes(), ca_sha256.bytes()) {
            (Some(secret), Some(ca_sha256)) => {
                Ok(Self { secret: Zeroizing::new(secret), ca_sha256 })
            }
            _ => Err(EnrollmentTokenError::BadLength),
        }
    }

    /// Its text, 104 characters: shown once, stored never.
    pub fn encode(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(104));
        text.push_str(PREFIX);
        BASE64.encode_string(*self.secret, &mut text);
        text.push('.');
        BASE64.encode_string(self.ca_sha256, &mut text);
        text
    }

    /// What is stored of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(*self.secret).into())
    }

    /// SHA-256 of the DER of the CA certificate to trust.
    pub fn ca_sha256(&self) -> &[u8; PART_LEN] {
        &self.ca_sha256
    }
}

impl fmt::Debug for EnrollmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrollmentToken(..)")
    }
}

/// SHA-256 of a token's secret: not a secret, and all that is stored of it. Comparing takes always as long.
#[derive(Debug, Clone, Copy, Eq)]
pub struct SecretDigest(pub [u8; PART_LEN]);

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// What a part decodes to.
struct Part {
    buffer: Zeroizing<[u8; TEXT_LEN_MAX]>,
    len: usize,
}

impl Part {
    fn bytes(&self) -> Option<[u8; PART_LEN]> {
        self.buffer.get(..self.len)?.try_into().ok()
    }
}

fn part(text: &str) -> Result<Part, EnrollmentTokenError> {
    if text.len() > TEXT_LEN_MAX {
        return Err(EnrollmentTokenError::BadLength);
    }
    let mut buffer = Zeroizing::new([0; TEXT_LEN_MAX]);
    let len = BASE64.decode_slice(text, &mut *buffer);
    Ok(Part { len: len.map_err(|_| EnrollmentTokenError::BadBase64)?, buffer })
}
