//! What an authority signs for others to read: compact JWS (RFC 7515, section 7.1) with exactly the header
//! `{"alg":"EdDSA","kid":"<key id>","typ":"<type>"}`.

use crate::ed25519::{SigningKey, VerifyingKey};
use crate::id::KeyId;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

/// Why a text is not what its type says, or not of these keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// It is no compact JWS.
    #[error("not a compact JWS")]
    Malformed,
    /// No key that is known has signed it, or it is of another type.
    #[error("signed by a key that is not known")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the signature is wrong")]
    BadSignature,
}

/// Signs `payload` as a message of this type.
pub fn sign(typ: &str, payload: &str, key: &SigningKey) -> String {
    let mut text = header(typ, key.verifying_key().key_id());
    text.push('.');
    BASE64.encode_string(payload, &mut text);
    let signature = key.sign(text.as_bytes());
    text.push('.');
    BASE64.encode_string(signature, &mut text);
    text
}

/// The payload, whoever signed it.
pub fn payload_unverified(text: &str) -> Result<Vec<u8>, JwsError> {
    let mut parts = text.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwsError::Malformed);
    };
    BASE64.decode(payload).map_err(|_| JwsError::Malformed)
}

/// The payload, if one of `keys` signed it as a message of this type. The caller has bounded the text.
pub fn verify(typ: &str, text: &str, keys: &[VerifyingKey]) -> Result<Vec<u8>, JwsError> {
    let payload = payload_unverified(text)?;
    let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let first = signed.split('.').next().unwrap_or_default();
    let key = keys.iter().find(|key| header(typ, key.key_id()) == first);
    let key = key.ok_or(JwsError::UnknownKey)?;
    let signature = BASE64.decode(signature).map_err(|_| JwsError::Malformed)?;
    if key.verifies(signed.as_bytes(), &signature) {
        Ok(payload)
    } else {
        Err(JwsError::BadSignature)
    }
}

fn header(typ: &str, kid: KeyId) -> String {
    BASE64.encode(format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}"}}"#))
}
