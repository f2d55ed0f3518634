//! The secrets of worker tokens. None can be read back: not in `Debug`, not otherwise.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::MintError;
use crate::id::KeyId;

/// Characters of a MAC in base64url.
const MAC_LEN: usize = 43;

/// A key of v1 tokens. `Debug` shows its id alone; the cryptographic library wipes it.
#[derive(Clone)]
pub struct HmacKey {
    key: hmac::Key,
    id: KeyId,
}

impl HmacKey {
    /// The key of a configured text: its bytes, white space trimmed. [`MintError::NoKey`] when nothing is left.
    pub fn from_text(text: &str) -> Result<Self, MintError> {
        let bytes = text.trim().as_bytes();
        if bytes.is_empty() {
            return Err(MintError::NoKey);
        }
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, bytes), id: KeyId::of(bytes) })
    }

    /// Names it.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// The MAC of `text`, as a token carries it.
    pub(super) fn mac(&self, text: &str) -> [u8; MAC_LEN] {
        let mut mac = [0; MAC_LEN];
        let tag = hmac::sign(&self.key, text.as_bytes());
        // 32 bytes are 43 characters: it always fits.
        let _ = URL_SAFE_NO_PAD.encode_slice(tag, &mut mac);
        mac
    }

    /// Whether `mac` is this key's for `text`. The texts are compared, so there is one spelling, and in
    /// constant time; that a MAC has 43 characters is no secret.
    pub(super) fn holds(&self, text: &str, mac: &str) -> bool {
        verify_slices_are_equal(&self.mac(text), mac.as_bytes()).is_ok()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HmacKey({})", self.id)
    }
}

/// A static token. Its digest alone is kept, so that a comparison takes the same time whatever the lengths.
#[derive(Clone)]
pub(super) struct StaticToken {
    digest: blake3::Hash,
    pub(super) id: KeyId,
}

impl StaticToken {
    /// The token of a configured text, white space trimmed; `None` when nothing is left.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let bytes = text.trim().as_bytes();
        (!bytes.is_empty()).then(|| Self { digest: blake3::hash(bytes), id: KeyId::of(bytes) })
    }

    pub(super) fn is(&self, text: &str) -> bool {
        let digest = blake3::hash(text.as_bytes());
        self.digest.as_bytes().ct_eq(digest.as_bytes()).into()
    }
}

impl fmt::Debug for StaticToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StaticToken({})", self.id)
    }
}
