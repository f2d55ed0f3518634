//! JSON values as tokens have them, typed no further than the file says, and escapes that are no text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One value.
pub(super) enum Json<'a> {
    Null,
    /// Written without fraction or exponent, and an `i64`.
    Integer(i64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// Anything else: no member has it.
    Other,
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Value)
    }
}

struct Value;

impl<'de> Visitor<'de> for Value {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(number).map_or(Json::Other, Json::Integer))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Json::Other)
    }
}

/// Overwrites every `\u` escape of half a surrogate pair with `\ufffd`; whether there was one.
pub(super) fn replace_lone_surrogates(json: &mut [u8]) -> bool {
    // Nearly no token has an escape, and this search is much the faster one.
    if !json.contains(&b'\\') {
        return false;
    }
    let (mut at, mut found) = (0, false);
    while let Some(next) = json[at..].iter().position(|byte| *byte == b'\\') {
        at += next;
        at += match (escape(&json[at..]), json.get(at + 6..).and_then(escape)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                json[at..at + 6].copy_from_slice(b"\\ufffd");
                found = true;
                6
            }
            // A backslash takes what follows with it, so that `\\ud800` is text.
            _ => 2,
        };
        at = at.min(json.len());
    }
    found
}

/// The code unit of a `\uXXXX` escape at the beginning of `json`.
fn escape(json: &[u8]) -> Option<u16> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    let mut unit = [0; 2];
    hex::decode_to_slice(digits, &mut unit).ok()?;
    Some(u16::from_be_bytes(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_nothing_else() {
        let cases = [
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""\uDC00\uD800""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud800""#, r#""\\ud800""#),
            (r#""\\\ud800""#, r#""\\\ufffd""#),
            (r#""\ud8""#, r#""\ud8""#),
            (r"\", r"\"),
        ];
        for (json, replaced) in cases {
            let mut bytes = json.as_bytes().to_vec();
            assert_eq!(replace_lone_surrogates(&mut bytes), json != replaced, "{json}");
            assert_eq!(bytes, replaced.as_bytes(), "{json}");
        }
    }
}
