//! [`SealKey`]: encrypts managed keys at rest, AES-256-GCM. A sealed key is bound to its id and purpose: a row
//! whose secret was put into another opens nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use super::{Key, KeyInfo, KeySecret};

const NONCE_LEN: usize = 12;

/// The most bytes a sealed key has: nothing that was sealed here is longer.
const SEALED_LEN_MAX: usize = 1024;

/// The key that `keys.seal_key` names. `Debug` shows nothing of it.
#[derive(Debug)]
pub struct SealKey(LessSafeKey);

/// Not 32 bytes in hex or base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a seal key is 32 bytes in hex or base64")]
pub struct InvalidSealKey;

/// What was sealed does not open: another seal key, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed key does not open: keys.seal_key is another one, or the row was changed")]
pub struct UnsealError;

impl SealKey {
    /// Reads 32 bytes in hex, base64 or base64url.
    pub fn from_text(text: &SecretString) -> Result<Self, InvalidSealKey> {
        let text = text.expose_secret().trim();
        let bytes = hex::decode(text)
            .or_else(|_| URL_SAFE_NO_PAD.decode(text))
            .or_else(|_| STANDARD.decode(text))
            .map_err(|_| InvalidSealKey)?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| InvalidSealKey)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a key's secret. `nonce` is 12 random bytes, never the same twice.
    pub fn seal(&self, key: &Key, nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>, UnsealError> {
        let mut sealed = key.secret.text().expose_secret().as_bytes().to_vec();
        let bound = Aad::from(bound_to(&key.info));
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .map_err(|_| UnsealError)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`SealKey::seal`] made of the key that `info` describes.
    pub fn open(&self, info: KeyInfo, sealed: &[u8]) -> Result<Key, UnsealError> {
        if sealed.len() > SEALED_LEN_MAX {
            return Err(UnsealError);
        }
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(UnsealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| UnsealError)?;
        let mut text = rest.to_vec();
        let bound = Aad::from(bound_to(&info));
        let len = self.0.open_in_place(nonce, bound, &mut text).map_err(|_| UnsealError)?.len();
        text.truncate(len);
        let text = String::from_utf8(text).map_err(|_| UnsealError)?.into();
        let secret = KeySecret::of_text(info.purpose, text).ok_or(UnsealError)?;
        Ok(Key { info, secret })
    }
}

fn bound_to(info: &KeyInfo) -> Vec<u8> {
    format!("{} {}", info.purpose.as_str(), info.id).into_bytes()
}
