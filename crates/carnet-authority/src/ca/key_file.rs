//! [`KeyFile`]: the key of a CA as it is written to a file, sealed where there is anything to seal it with.
//!
//! One PEM block. `PRIVATE KEY` is plain PKCS #8. `CARNET SEALED PRIVATE KEY` is a nonce of 12 bytes and PKCS #8 under
//! AES-256-GCM, with `keys.seal_key`. `CARNET PASSPHRASE PRIVATE KEY` has 16 bytes of salt before that, and its key is
//! PBKDF2 of the passphrase: HMAC-SHA256, 600,000 rounds. A sealed key is bound to its certificate.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{CaKey, InvalidCaKey, pem};
use crate::keyring::{SealKey, UnsealError};

const PLAIN: &str = "PRIVATE KEY";
const SEALED: &str = "CARNET SEALED PRIVATE KEY";
const BY_PASSPHRASE: &str = "CARNET PASSPHRASE PRIVATE KEY";

const SALT_LEN: usize = 16;
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("not zero");

/// The longest file: a key of P-384 sealed makes a tenth of it.
const LEN_MAX: usize = 8 * 1024;

/// What keys of a CA are sealed with. A passphrase goes before a seal key; without either they are plain.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyFile<'a> {
    /// `keys.seal_key`.
    pub seal_key: Option<&'a SealKey>,
    /// What `ca.key_passphrase_file` holds.
    pub passphrase: Option<&'a SecretString>,
}

/// Why a file holds no key of a CA that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It is not one block of these.
    #[error("not a key of a CA")]
    Malformed,
    /// It is sealed, and `keys.seal_key` is not set.
    #[error("the key is sealed, and keys.seal_key is not set")]
    NoSealKey,
    /// It is sealed with a passphrase, and there is none.
    #[error("the key is sealed with a passphrase, and ca.key_passphrase_file is not set")]
    NoPassphrase,
    /// It does not open.
    #[error("the key does not open: it was sealed with something else, or the file was changed")]
    Unseal(#[from] UnsealError),
    /// It holds something else than a key.
    #[error(transparent)]
    Key(#[from] InvalidCaKey),
}

impl KeyFile<'_> {
    /// The text of the file for the key of the certificate with this SHA-256. `random` is never the same twice.
    pub fn encode(
        &self,
        key: &CaKey,
        sha256: &[u8; 32],
        random: &[u8; 28],
    ) -> Result<Zeroizing<String>, KeyFileError> {
        let pkcs8 = key.to_pkcs8()?;
        let (salt, nonce) = random.split_at(SALT_LEN);
        let nonce = nonce.try_into().map_err(|_| UnsealError)?;
        let text = if let Some(passphrase) = self.passphrase {
            let sealed = derived(passphrase, salt)?.seal_bytes(&bound_to(sha256), &pkcs8, nonce)?;
            pem::encode(BY_PASSPHRASE, &[salt, &sealed].concat())
        } else if let Some(seal_key) = self.seal_key {
            pem::encode(SEALED, &seal_key.seal_bytes(&bound_to(sha256), &pkcs8, nonce)?)
        } else {
            pem::encode(PLAIN, &pkcs8)
        };
        Ok(Zeroizing::new(text))
    }

    /// Reads the key of the certificate with this SHA-256, however it is sealed.
    pub fn decode(&self, text: &str, sha256: &[u8; 32]) -> Result<CaKey, KeyFileError> {
        let text =
            Some(text).filter(|text| text.len() <= LEN_MAX).ok_or(KeyFileError::Malformed)?;
        if let Some(pkcs8) = pem::decode(PLAIN, text).map(Zeroizing::new) {
            return Ok(CaKey::from_pkcs8(&pkcs8)?);
        }
        let bound = bound_to(sha256);
        let pkcs8 = if let Some(sealed) = pem::decode(SEALED, text) {
            self.seal_key.ok_or(KeyFileError::NoSealKey)?.open_bytes(&bound, &sealed)?
        } else {
            let bytes = pem::decode(BY_PASSPHRASE, text).ok_or(KeyFileError::Malformed)?;
            let (salt, sealed) = bytes.split_at_checked(SALT_LEN).ok_or(KeyFileError::Malformed)?;
            let passphrase = self.passphrase.ok_or(KeyFileError::NoPassphrase)?;
            derived(passphrase, salt)?.open_bytes(&bound, sealed)?
        };
        Ok(CaKey::from_pkcs8(&pkcs8)?)
    }
}

fn derived(passphrase: &SecretString, salt: &[u8]) -> Result<SealKey, UnsealError> {
    let mut key = Zeroizing::new([0; 32]);
    let passphrase = passphrase.expose_secret().as_bytes();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, passphrase, &mut *key);
    SealKey::new(&key).ok_or(UnsealError)
}

fn bound_to(sha256: &[u8; 32]) -> Vec<u8> {
    format!("ca {}", hex::encode(sha256)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::Curve;

    const SHA256: [u8; 32] = [7; 32];

    #[test]
    fn a_key_comes_back_with_what_it_was_sealed_with_and_with_nothing_else() {
        let key = CaKey::generate(Curve::P384).unwrap();
        let (seal_key, other_key) = (SealKey::new(&[1; 32]), SealKey::new(&[2; 32]));
        let (passphrase, other) = (SecretString::from("one"), SecretString::from("two"));
        let plain = KeyFile::default();
        let sealed = KeyFile { seal_key: seal_key.as_ref(), passphrase: None };
        let by_passphrase = KeyFile { passphrase: Some(&passphrase), ..sealed };
        let is_key = |read: Result<CaKey, KeyFileError>| {
            read.unwrap().to_pkcs8().unwrap() == key.to_pkcs8().unwrap()
        };
        let texts = [plain, sealed, by_passphrase]
            .map(|file| file.encode(&key, &SHA256, &[9; 28]).unwrap());
        assert!(texts.iter().all(|text| is_key(by_passphrase.decode(text, &SHA256))));
        let heads = texts.each_ref().map(|text| text.lines().next().unwrap_or_default());
        assert_eq!(
            heads,
            [PLAIN, SEALED, BY_PASSPHRASE].map(|label| format!("-----BEGIN {label}-----"))
        );

        let fault = |file: KeyFile<'_>, text: &str| file.decode(text, &SHA256).unwrap_err();
        assert_eq!(fault(plain, &texts[1]), KeyFileError::NoSealKey);
        assert_eq!(fault(sealed, &texts[2]), KeyFileError::NoPassphrase);
        let unseal = KeyFileError::Unseal(UnsealError);
        let wrong = KeyFile { seal_key: other_key.as_ref(), passphrase: Some(&other) };
        assert_eq!([fault(wrong, &texts[1]), fault(wrong, &texts[2])], [unseal, unseal]);
        assert_eq!(sealed.decode(&texts[1], &[8; 32]).unwrap_err(), unseal, "of another CA");
        assert_eq!(fault(plain, "nothing"), KeyFileError::Malformed);
        assert_eq!(fault(plain, &texts[0].repeat(40)), KeyFileError::Malformed);
    }
}
