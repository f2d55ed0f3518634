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
    let opened = open(text, None, keys.iter())?;
    Ok(Jws {
        header: json::object(opened.compact.header())?,
        payload: opened.compact.into_payload(),
        key_id: opened.key_id,
    })
}

/// A text whose signature holds, not yet taken out of it.
pub(super) struct Opened<'a> {
    pub(super) compact: Compact<'a>,
    pub(super) key_id: KeyId,
}

/// Steps 1 to 8, with the type that step 5 requires.
pub(super) fn open<'a, 'k>(
    text: &'a str,
    typ: Option<&str>,
    keys: impl Iterator<Item = &'k VerifyingKey>,
) -> Result<Opened<'a>, JwtError> {
    let compact = Compact::parse(text)?;
    let header = Header::of(&compact)?;
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
    let key_id = key.ok_or(JwtError::Signature)?.key_id();
    Ok(Opened { compact, key_id })
}
