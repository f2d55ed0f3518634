//! Checksums that an upload brings along. Source: realm spec, section 5.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

/// Checksums as given in the headers of an upload, of the right form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checksums {
    md5: Option<[u8; 16]>,
    blake3: Option<Vec<u8>>,
}

/// Why a checksum is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChecksumError {
    /// A header is not of its form.
    #[error("{header} is not a checksum")]
    Malformed {
        /// Which.
        header: &'static str,
    },
    /// The bytes have another checksum.
    #[error("the bytes do not have the checksum in {header}")]
    Mismatch {
        /// Which.
        header: &'static str,
    },
}

impl Checksums {
    /// Reads `Content-MD5` (base64) and `X-CAS-Blake3` (64 or 32 hex digits, any case).
    pub fn parse(content_md5: Option<&str>, blake3: Option<&str>) -> Result<Self, ChecksumError> {
        let md5 = content_md5
            .map(|text| parse_md5(text).ok_or(ChecksumError::Malformed { header: "Content-MD5" }));
        let blake3 = blake3
            .map(|text| parse_hex(text).ok_or(ChecksumError::Malformed { header: "X-CAS-Blake3" }));
        Ok(Self { md5: md5.transpose()?, blake3: blake3.transpose()? })
    }

    /// Checks every one that was given against `bytes`.
    pub fn check(&self, bytes: &[u8]) -> Result<(), ChecksumError> {
        if self.md5.is_some_and(|md5| md5 != <[u8; 16]>::from(Md5::digest(bytes))) {
            return Err(ChecksumError::Mismatch { header: "Content-MD5" });
        }
        if self
            .blake3
            .as_ref()
            .is_some_and(|hash| !blake3::hash(bytes).as_bytes().starts_with(hash))
        {
            return Err(ChecksumError::Mismatch { header: "X-CAS-Blake3" });
        }
        Ok(())
    }
}

fn parse_md5(text: &str) -> Option<[u8; 16]> {
    let mut md5 = [0; 18];
    (STANDARD.decode_slice(text, &mut md5).ok()? == 16)
        .then(|| md5.first_chunk().copied())
        .flatten()
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    matches!(text.len(), 32 | 64).then(|| hex::decode(text).ok()).flatten()
}
