//! [`SealKey`]: encrypts managed keys at rest, AES-256-GCM. A sealed key is bound to its id and purpose: a row
//! whose secret was put into another opens nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::{Key, KeyInfo, KeySecret};

const NONCE_LEN: usize = 12;

/// The most bytes a sealed key has: nothing that was sealed here is longer.
const SEALED_LEN_MAX: usize = 1024;

/// The key that `keys.seal_key` holds. `Debug` shows nothing of it.
#[derive(Debug)]
pub struct SealKey(LessSafeKey);

/// What was sealed does not open: another seal key, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed key does not open: keys.seal_key is another one, or the row was changed")]
pub struct UnsealError;

impl SealKey {
    /// The seal key of these bytes; `None` never, but for a fault of the library.
    pub fn new(bytes: &[u8; 32]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, bytes).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Seals a key's secret. `nonce` is 12 random bytes, never the same twice.
    pub fn seal(&self, key: &Key, nonce: [u8; NONCE_LEN]) -> Result<Vec<u8>, UnsealError> {
        self.seal_bytes(&bound_to(&key.info), key.secret.text().expose_secret().as_bytes(), nonce)
    }

    /// Opens what [`SealKey::seal`] made of the key that `info` describes.
    pub fn open(&self, info: KeyInfo, sealed: &[u8]) -> Result<Key, UnsealError> {
        let mut text = self.open_bytes(&bound_to(&info), sealed)?;
        let text = String::from_utf8(std::mem::take(&mut *text)).map_err(|_| UnsealError)?.into();
        let secret = KeySecret::of_text(info.purpose, text).ok_or(UnsealError)?;
        Ok(Key { info, secret })
    }

    /// Seals `secret`, bound to what it is.
    pub(crate) fn seal_bytes(
        &self,
        bound_to: &[u8],
        secret: &[u8],
        nonce: [u8; NONCE_LEN],
    ) -> Result<Vec<u8>, UnsealError> {
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to),
                &mut sealed,
            )
            .map_err(|_| UnsealError)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`SealKey::seal_bytes`] made.
    pub(crate) fn open_bytes(
        &self,
        bound_to: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        if sealed.len() > SEALED_LEN_MAX {
            return Err(UnsealError);
        }
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(UnsealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| UnsealError)?;
        let mut secret = Zeroizing::new(rest.to_vec());
        let aad = Aad::from(bound_to);
        let len = self.0.open_in_place(nonce, aad, &mut secret).map_err(|_| UnsealError)?.len();
        secret.truncate(len);
        Ok(secret)
    }
}

fn bound_to(info: &KeyInfo) -> Vec<u8> {
    format!("{} {}", info.purpose.as_str(), info.id).into_bytes()
}
