//! [`inspect`]: what a token says, believed by nobody.

use super::dialect::Dialect;
use super::format::{Parts, Signature};
use super::members::Members;
use super::verify::{moment, non_empty};
use super::{CLASS, Format, WorkerTokenError};
use crate::id::{KeyId, UniqueId};
use crate::time::Timestamp;
use crate::verify::Profile;

/// What a token says. Its signature was not looked at, and nothing of it was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// Its format.
    pub format: Format,
    /// The key that it names.
    pub key_id: Option<KeyId>,
    /// Whom it names.
    pub worker_id: Option<String>,
    /// Its own id.
    pub token_id: Option<String>,
    /// The endpoint it is for.
    pub audience: Option<String>,
    /// Its scopes, known or not.
    pub scopes: Vec<String>,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// From when it counts.
    pub not_before: Option<Timestamp>,
    /// Until when it counts.
    pub expires: Option<Timestamp>,
}

/// Names the content of a token, whatever its signature. It is a name and no judgement.
pub fn content_id(token: &str) -> UniqueId {
    CLASS.derive(token.rsplit_once('.').map_or(token, |(signed, _)| signed))
}

/// Reads a token without a key, v1 as leniently as compat does.
pub fn inspect(token: &str) -> Result<Unverified, WorkerTokenError> {
    let parts = Parts::of(token)?;
    let dialect = Dialect::of(parts.format(), Profile::Compat);
    let json = dialect.decode(parts.payload)?;
    let mut said = Members::read(&json, dialect)?;
    said.trim(dialect);
    Ok(Unverified {
        format: parts.format(),
        key_id: match parts.signature {
            Signature::V1(_) => None,
            Signature::V2(key_id, _) => Some(key_id),
        },
        worker_id: non_empty(said.worker_id),
        token_id: non_empty(said.token_id),
        audience: non_empty(said.audience),
        scopes: said.scopes.into_iter().flatten().map(String::from).collect(),
        issued_at: moment(said.issued_at_s),
        not_before: moment(said.not_before_s),
        expires: moment(said.expires_s),
    })
}
