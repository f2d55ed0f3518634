//! Reading a token without a key: [`inspect`].

use serde_json::{Map, Value};

use super::compact::Compact;
use super::header::Header;
use super::{JwtError, json};

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

/// Takes a token apart. Nothing is known about it afterwards but how it is written.
pub fn inspect(text: &str) -> Result<UnverifiedJwt, JwtError> {
    let compact = Compact::parse(text)?;
    let header = Header::parse(compact.header())?.into_members();
    Ok(UnverifiedJwt { header, claims: json::object(compact.payload())? })
}
