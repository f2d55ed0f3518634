//! [`PublicKey`]: the key of a client, as text and as a point.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::P256Error;
use crate::realm::ClientId;

/// Bytes of a coordinate.
const COORDINATE_LEN: usize = 32;

/// Characters of a coordinate.
const COORDINATE_TEXT_LEN: usize = 43;

/// The public key of a client: text `base64url(x).base64url(y)`, without padding. A point on the curve.
#[derive(Debug, Clone)]
pub struct PublicKey {
    id: ClientId,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a key. A point has one text.
    pub fn parse(text: &str) -> Result<Self, P256Error> {
        let (x, y) = text.split_once('.').ok_or(P256Error::BadPublicKey)?;
        // SEC 1: an uncompressed point.
        let mut point = [4; 1 + 2 * COORDINATE_LEN];
        let (of_x, of_y) = point[1..].split_at_mut(COORDINATE_LEN);
        decode(x, of_x)?;
        decode(y, of_y)?;
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        let key = key.map_err(|_| P256Error::BadPublicKey)?;
        Ok(Self { id: ClientId::of(text), key })
    }

    /// The client whose key it is.
    pub fn client(&self) -> ClientId {
        self.id
    }

    /// Whether `signature`, r and s of 32 bytes each, is one of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

fn decode(text: &str, coordinate: &mut [u8]) -> Result<(), P256Error> {
    let is_whole = text.len() == COORDINATE_TEXT_LEN;
    let decoded = is_whole.then(|| URL_SAFE_NO_PAD.decode_slice(text, coordinate));
    match decoded {
        Some(Ok(COORDINATE_LEN)) => Ok(()),
        _ => Err(P256Error::BadPublicKey),
    }
}
