//! What a token's payload says: the registered claims (RFC 7519, section 4.1), each of its own type.

use serde_json::{Map, Value};

use super::JwtError;

/// The last second that has a date.
pub(super) const LAST_S: i64 = 253_402_300_799;

/// The registered claims: types are right, and times have a date.
#[derive(Clone, Copy)]
pub(super) struct Claims<'m> {
    pub(super) iss: Option<&'m str>,
    pub(super) sub: Option<&'m str>,
    pub(super) jti: Option<&'m str>,
    aud: Option<&'m Value>,
    pub(super) exp: Option<i64>,
    pub(super) nbf: Option<i64>,
    pub(super) iat: Option<i64>,
}

impl<'m> Claims<'m> {
    /// Finds them in a payload. A claim of the wrong type is a fault, never an absent claim.
    pub(super) fn of(members: &'m Map<String, Value>) -> Result<Self, JwtError> {
        let [mut iss, mut sub, mut jti, mut aud, mut exp, mut nbf, mut iat] = [None; 7];
        for (name, value) in members {
            let slot = match name.as_str() {
                "iss" => &mut iss,
                "sub" => &mut sub,
                "jti" => &mut jti,
                "aud" => &mut aud,
                "exp" => &mut exp,
                "nbf" => &mut nbf,
                "iat" => &mut iat,
                _ => continue,
            };
            *slot = Some(value);
        }
        let (iss, sub, jti) = (text("iss", iss)?, text("sub", sub)?, text("jti", jti)?);
        if aud.is_some_and(|aud| !is_audience(aud)) {
            return Err(JwtError::wrong_type("aud"));
        }
        for (name, value) in [("exp", exp), ("nbf", nbf), ("iat", iat)] {
            if value.is_some_and(|value| !(value.is_i64() || value.is_u64())) {
                return Err(JwtError::wrong_type(name));
            }
        }
        let (exp, nbf, iat) = (time("exp", exp)?, time("nbf", nbf)?, time("iat", iat)?);
        Ok(Self { iss, sub, jti, aud, exp, nbf, iat })
    }

    /// Whether it is meant for anybody at all.
    pub(super) fn has_audience(&self) -> bool {
        match self.aud {
            Some(Value::String(audience)) => !audience.is_empty(),
            Some(Value::Array(audiences)) => !audiences.is_empty(),
            _ => false,
        }
    }

    /// Whether it is meant for `audience`, among others.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.aud {
            Some(Value::Array(audiences)) => audiences.iter().any(|one| one == audience),
            one => one.is_some_and(|one| one == audience),
        }
    }
}

fn text<'m>(name: &str, value: Option<&'m Value>) -> Result<Option<&'m str>, JwtError> {
    let Some(value) = value else { return Ok(None) };
    value.as_str().map(Some).ok_or_else(|| JwtError::wrong_type(name))
}

fn is_audience(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(Value::is_string),
        value => value.is_string(),
    }
}

fn time(name: &str, value: Option<&Value>) -> Result<Option<i64>, JwtError> {
    let Some(value) = value else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| (0..=LAST_S).contains(seconds));
    seconds.map(Some).ok_or_else(|| JwtError::out_of_range(name))
}
