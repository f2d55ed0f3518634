//! What a token's header says, as far as anybody here listens.

use serde_json::{Map, Value};

use super::{Algorithm, JwtError, json};

/// A header. `jwk`, `jku`, `x5c`, `x5u` and everything unknown is passed over: keys never come from the token.
pub(super) struct Header {
    members: Map<String, Value>,
}

impl Header {
    /// Reads a header: JSON, the types of its members, and that nothing in it is critical.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, JwtError> {
        let members = json::object(bytes)?;
        if !members.contains_key("alg") {
            return Err(JwtError::Malformed);
        }
        for name in ["alg", "kid", "typ"] {
            if members.get(name).is_some_and(|value| !value.is_string()) {
                return Err(JwtError::wrong_type(name));
            }
        }
        Ok(Self { members })
    }

    /// Nothing that has to be understood is understood here, and payloads are base64url.
    pub(super) fn check_critical(&self) -> Result<(), JwtError> {
        let is_critical = ["crit", "b64"].iter().any(|name| self.members.contains_key(*name));
        if is_critical { Err(JwtError::Critical) } else { Ok(()) }
    }

    /// Whether it is of the type required, ignoring case and a leading `application/`.
    pub(super) fn check_typ(&self, required: Option<&str>) -> Result<(), JwtError> {
        let Some(required) = required else { return Ok(()) };
        let is_equal = |typ: &str| short(typ).eq_ignore_ascii_case(short(required));
        if self.text("typ").is_some_and(is_equal) { Ok(()) } else { Err(JwtError::Typ) }
    }

    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.text("alg").and_then(Algorithm::from_name)
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    pub(super) fn into_members(self) -> Map<String, Value> {
        self.members
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }
}

/// A media type without its `application/` (RFC 7515, section 4.1.9).
fn short(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    }
}
