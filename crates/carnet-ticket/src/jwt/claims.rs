//! What a token's payload says: the registered claims (RFC 7519, section 4.1), each of its own type.

use serde_json::{Map, Value};

use super::{JwtError, json};

/// The last second that has a date.
pub(super) const LAST_S: i64 = 253_402_300_799;

/// Claims whose types are right and whose times have a date.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claims {
    pub(super) members: Map<String, Value>,
    pub(super) exp: Option<i64>,
    pub(super) nbf: Option<i64>,
    pub(super) iat: Option<i64>,
}

impl Claims {
    /// Reads a payload. A claim of the wrong type is a fault, never an absent claim.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, JwtError> {
        let members = json::object(bytes)?;
        for name in ["iss", "sub", "jti"] {
            if members.get(name).is_some_and(|value| !value.is_string()) {
                return Err(JwtError::wrong_type(name));
            }
        }
        let is_audience = |value: &Value| match value {
            Value::Array(items) => items.iter().all(Value::is_string),
            value => value.is_string(),
        };
        if members.get("aud").is_some_and(|value| !is_audience(value)) {
            return Err(JwtError::wrong_type("aud"));
        }
        let times = ["exp", "nbf", "iat"];
        for name in times {
            let is_integer = |value: &Value| value.is_i64() || value.is_u64();
            if members.get(name).is_some_and(|value| !is_integer(value)) {
                return Err(JwtError::wrong_type(name));
            }
        }
        let [exp, nbf, iat] = times.map(|name| time(&members, name));
        Ok(Self { exp: exp?, nbf: nbf?, iat: iat?, members })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// Whether it is meant for anybody at all.
    pub(super) fn has_audience(&self) -> bool {
        match self.members.get("aud") {
            Some(Value::String(audience)) => !audience.is_empty(),
            Some(Value::Array(audiences)) => !audiences.is_empty(),
            _ => false,
        }
    }

    /// Whether it is meant for `audience`, among others.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.members.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(|one| one == audience),
            one => one.is_some_and(|one| one == audience),
        }
    }
}

fn time(members: &Map<String, Value>, name: &str) -> Result<Option<i64>, JwtError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| (0..=LAST_S).contains(seconds));
    seconds.map(Some).ok_or_else(|| JwtError::out_of_range(name))
}
