//! What a token's header says, as far as anybody here listens.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::compact::Compact;
use super::json::{self, Json};
use super::{Algorithm, JwtError};

/// How almost all tokens under a shared secret begin: `{"alg":..,"typ":"JWT"}`, in both orders. Knowing these by
/// their spelling saves a tenth of the time that such a token takes.
const USUAL: [(&str, Algorithm); 6] = [
    ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", Algorithm::Hs256),
    ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9", Algorithm::Hs256),
    ("eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9", Algorithm::Hs384),
    ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzM4NCJ9", Algorithm::Hs384),
    ("eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9", Algorithm::Hs512),
    ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9", Algorithm::Hs512),
];

/// A header. `jwk`, `jku`, `x5c`, `x5u` and everything unknown is passed over: keys never come from the token.
#[derive(Debug, PartialEq)]
pub(super) struct Header<'t> {
    /// None where it is not one of ours.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) kid: Option<Cow<'t, str>>,
    typ: Option<Cow<'t, str>>,
    is_critical: bool,
}

impl<'t> Header<'t> {
    /// The header of a text.
    pub(super) fn of(compact: &'t Compact<'_>) -> Result<Self, JwtError> {
        match USUAL.iter().find(|(usual, _)| compact.header_text == *usual) {
            Some((_, algorithm)) => Ok(Self {
                algorithm: Some(*algorithm),
                kid: None,
                typ: Some(Cow::Borrowed("JWT")),
                is_critical: false,
            }),
            None => Self::parse(compact.header()),
        }
    }

    /// Reads a header: JSON, and the types of its members.
    fn parse(bytes: &'t [u8]) -> Result<Self, JwtError> {
        let Members { alg, kid, typ, others } = json::object(bytes)?;
        if alg.is_none() {
            return Err(JwtError::Malformed);
        }
        let alg = json::text("alg", alg)?;
        Ok(Self {
            algorithm: alg.and_then(|name| Algorithm::from_name(&name)),
            kid: json::text("kid", kid)?,
            typ: json::text("typ", typ)?,
            is_critical: others.contains("crit") || others.contains("b64"),
        })
    }

    /// Nothing that has to be understood is understood here, and payloads are base64url.
    pub(super) fn check_critical(&self) -> Result<(), JwtError> {
        if self.is_critical { Err(JwtError::Critical) } else { Ok(()) }
    }

    /// Whether it is of the type required, ignoring case and a leading `application/`.
    pub(super) fn check_typ(&self, required: Option<&str>) -> Result<(), JwtError> {
        let Some(required) = required else { return Ok(()) };
        let is_equal = |typ: &str| short(typ).eq_ignore_ascii_case(short(required));
        if self.typ.as_deref().is_some_and(is_equal) { Ok(()) } else { Err(JwtError::Typ) }
    }
}

#[derive(Default)]
struct Members<'t> {
    alg: Option<Json<'t>>,
    kid: Option<Json<'t>>,
    typ: Option<Json<'t>>,
    /// The names of the others.
    others: BTreeSet<Cow<'t, str>>,
}

impl<'t> json::Members<'t> for Members<'t> {
    fn put(&mut self, name: Cow<'t, str>, value: Json<'t>) -> Option<JwtError> {
        let slot = match &*name {
            "alg" => &mut self.alg,
            "kid" => &mut self.kid,
            "typ" => &mut self.typ,
            _ => {
                let is_new = self.others.insert(name.clone());
                return (!is_new).then(|| JwtError::duplicate(&name));
            }
        };
        slot.replace(value).map(|_| JwtError::duplicate(&name))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_by_its_spelling_says_what_it_would_say_when_read() {
        for (usual, _) in USUAL {
            let text = format!("{usual}..");
            let compact = Compact::parse(&text).unwrap();
            assert_eq!(Header::of(&compact), Header::parse(compact.header()));
        }
    }
}
