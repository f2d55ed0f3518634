//! What a token's payload says: the registered claims (RFC 7519, section 4.1), each of its own type, and others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::JwtError;
use super::json::{self, Json};

/// The registered claims, in the order in which they are written.
pub(super) const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The last second that has a date.
pub(super) const LAST_S: i64 = 253_402_300_799;

/// The claims of a payload: registered ones have their type, and times have a date.
pub(super) struct Claims<'t> {
    members: Members<'t>,
    pub(super) exp: Option<i64>,
    pub(super) nbf: Option<i64>,
    pub(super) iat: Option<i64>,
}

impl<'t> Claims<'t> {
    /// Reads a payload. A claim of the wrong type is a fault, never an absent claim.
    pub(super) fn parse(bytes: &'t [u8]) -> Result<Self, JwtError> {
        let members: Members<'t> = json::object(bytes)?;
        for name in ["iss", "sub", "jti"] {
            if members.get(name).is_some_and(|value| value.as_str().is_none()) {
                return Err(JwtError::wrong_type(name));
            }
        }
        if members.get("aud").is_some_and(|value| !is_audience(value)) {
            return Err(JwtError::wrong_type("aud"));
        }
        for name in ["exp", "nbf", "iat"] {
            if members.get(name).is_some_and(|value| !value.is_integer()) {
                return Err(JwtError::wrong_type(name));
            }
        }
        let exp = time("exp", &members)?;
        let nbf = time("nbf", &members)?;
        let iat = time("iat", &members)?;
        Ok(Self { members, exp, nbf, iat })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Json::as_str)
    }

    /// Whether a claim has exactly this value.
    pub(super) fn has(&self, name: &str, value: &Value) -> bool {
        self.members.get(name).is_some_and(|claimed| claimed == value)
    }

    /// Whether it is meant for anybody at all.
    pub(super) fn has_audience(&self) -> bool {
        match self.members.get("aud") {
            Some(Json::Text(audience)) => !audience.is_empty(),
            Some(Json::Other(Value::Array(audiences))) => !audiences.is_empty(),
            _ => false,
        }
    }

    /// Whether it is meant for `audience`, among others.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.members.get("aud") {
            Some(Json::Text(one)) => one == audience,
            Some(Json::Other(Value::Array(several))) => several.iter().any(|one| one == audience),
            _ => false,
        }
    }

    /// All of them.
    pub(super) fn into_map(self) -> Map<String, Value> {
        let Members { registered, others } = self.members;
        let mut all = Map::new();
        for (name, value) in REGISTERED.into_iter().zip(registered) {
            if let Some(value) = value {
                all.insert(name.to_owned(), value.into_value());
            }
        }
        for (name, value) in others {
            all.insert(name.into_owned(), value.into_value());
        }
        all
    }
}

/// The claims as they are written.
#[derive(Default)]
struct Members<'t> {
    registered: [Option<Json<'t>>; REGISTERED.len()],
    others: BTreeMap<Cow<'t, str>, Json<'t>>,
}

impl<'t> Members<'t> {
    fn get(&self, name: &str) -> Option<&Json<'t>> {
        match place(name) {
            Some(place) => self.registered[place].as_ref(),
            None => self.others.get(name),
        }
    }
}

impl<'t> json::Members<'t> for Members<'t> {
    fn put(&mut self, name: Cow<'t, str>, value: Json<'t>) -> Option<JwtError> {
        let before = match place(&name) {
            Some(place) => self.registered[place].replace(value),
            None => self.others.insert(name.clone(), value),
        };
        before.map(|_| JwtError::duplicate(&name))
    }
}

/// Where [`REGISTERED`] has this name.
fn place(name: &str) -> Option<usize> {
    match name {
        "iss" => Some(0),
        "sub" => Some(1),
        "aud" => Some(2),
        "exp" => Some(3),
        "nbf" => Some(4),
        "iat" => Some(5),
        "jti" => Some(6),
        _ => None,
    }
}

fn is_audience(value: &Json<'_>) -> bool {
    match value {
        Json::Other(Value::Array(items)) => items.iter().all(Value::is_string),
        value => value.as_str().is_some(),
    }
}

fn time(name: &str, members: &Members<'_>) -> Result<Option<i64>, JwtError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| (0..=LAST_S).contains(seconds));
    seconds.map(Some).ok_or_else(|| JwtError::out_of_range(name))
}
