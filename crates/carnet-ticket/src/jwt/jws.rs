//! Signed texts, whatever they carry: [`verify_compact`].

use serde_json::{Map, Value};

use super::compact::Compact;
use super::header::Header;
use super::{JwtError, KEYS_MAX, VerifyingKey, json};
use crate::id::KeyId;

/// A text whose signature holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Jws {
    header: Map<String, Value>,
    payload: Vec<u8>,
    key_id: KeyId,
}

impl Jws {
    /// The members of its header.
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// What was signed: any bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The key that it holds under.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }
}

/// Checks the signature of a compact JWS with any payload (credential spec, section 5, steps 1 to 8). Only the
/// first 100 keys are tried.
pub fn verify_compact(text: &str, keys: &[VerifyingKey]) -> Result<Jws, JwtError> {
    let compact = Compact::parse(text)?;
    let key_id = check(&compact, None, keys.iter())?;
    let header = json::object(compact.header())?;
    Ok(Jws { header, payload: compact.into_payload(), key_id })
}

/// Steps 3 to 8, with the type that step 5 requires: the key that fits.
pub(super) fn check<'k>(
    compact: &Compact<'_>,
    typ: Option<&str>,
    keys: impl Iterator<Item = &'k VerifyingKey>,
) -> Result<KeyId, JwtError> {
    let header = Header::of(compact)?;
    header.check_critical()?;
    header.check_typ(typ)?;
    let algorithm = header.algorithm.ok_or(JwtError::AlgNotAllowed)?;
    let mut serving = keys.take(KEYS_MAX).filter(|key| key.serves(algorithm)).peekable();
    serving.peek().ok_or(JwtError::AlgNotAllowed)?;
    let is_meant = |key: &&VerifyingKey| match (header.kid.as_deref(), key.kid()) {
        (Some(asked), Some(kid)) => asked == kid,
        _ => true,
    };
    let mut meant = serving.filter(is_meant).peekable();
    meant.peek().ok_or(JwtError::UnknownKey)?;
    let (message, signature) = (compact.signed.as_bytes(), compact.signature());
    let key = meant.find(|key| key.verifies(algorithm, message, signature));
    key.map(VerifyingKey::key_id).ok_or(JwtError::Signature)
}
