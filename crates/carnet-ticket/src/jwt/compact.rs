//! The compact form of a JWS: three parts of base64url between two dots (RFC 7515, section 7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{JwtError, TEXT_LEN_MAX};

/// A text taken apart. Every text has one spelling: the base64url is canonical.
pub(super) struct Compact<'a> {
    /// What the signature is over: `header.payload`.
    pub(super) signed: &'a str,
    /// The header as it is spelt.
    pub(super) header_text: &'a str,
    /// The three parts, one after the other.
    bytes: Vec<u8>,
    header_end: usize,
    payload_end: usize,
}

impl<'a> Compact<'a> {
    /// Takes `text` apart: length, dots, base64url.
    pub(super) fn parse(text: &'a str) -> Result<Self, JwtError> {
        if text.len() > TEXT_LEN_MAX {
            return Err(JwtError::TooLarge);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        // Another dot is in no alphabet, so it is refused below.
        let mut bytes = Vec::with_capacity(text.len());
        let mut ends = [0; 3];
        for (part, end) in [header, payload, signature].into_iter().zip(&mut ends) {
            URL_SAFE_NO_PAD.decode_vec(part, &mut bytes).map_err(|_| JwtError::Malformed)?;
            *end = bytes.len();
        }
        let [header_end, payload_end, _] = ends;
        Ok(Self { signed, header_text: header, bytes, header_end, payload_end })
    }

    pub(super) fn header(&self) -> &[u8] {
        &self.bytes[..self.header_end]
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.bytes[self.header_end..self.payload_end]
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.bytes[self.payload_end..]
    }

    /// The payload alone, without the other parts.
    pub(super) fn into_payload(mut self) -> Vec<u8> {
        self.bytes.truncate(self.payload_end);
        self.bytes.drain(..self.header_end);
        self.bytes
    }
}
