//! Reading a token without a key: [`inspect`] and [`content_id`].

use serde_json::{Map, Value};

use super::compact::Compact;
use super::header::Header;
use super::{CLASS, JwtError, json};
use crate::id::UniqueId;

/// What a token says, believed by nobody: its signature is not looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct UnverifiedJwt {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl UnverifiedJwt {
    /// The members of its header.
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// Its claims, of whatever types.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// Names the content of a token, whatever its signature: what revocation and meters go by. It is a name and no
/// judgement.
pub fn content_id(text: &str) -> UniqueId {
    CLASS.derive(text.rsplit_once('.').map_or(text, |(signed, _)| signed))
}

/// Takes a token apart. Nothing is known about it afterwards but how it is written.
pub fn inspect(text: &str) -> Result<UnverifiedJwt, JwtError> {
    let compact = Compact::parse(text)?;
    Header::of(&compact)?;
    Ok(UnverifiedJwt {
        header: json::object(compact.header())?,
        claims: json::object(compact.payload())?,
    })
}
