//! JSON as payloads have it: one object, its members one by one, each kept as it was written until its type is
//! asked for. So `-0` is an integer, `1.0` is none, and what nobody asks for may be anything.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::member::Name;

const ESCAPE_LEN: usize = 6;

/// Reads one object, all of `json`, and hands each member to `take`. `None` when it is no such thing.
pub(super) fn object<'a>(
    json: &'a str,
    take: impl FnMut(Cow<'a, str>, &'a RawValue),
) -> Option<()> {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_map(Members(take)).ok()?;
    reader.end().ok()
}

/// The value, if it is a text.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let inner = value.get().strip_prefix('"')?.strip_suffix('"')?;
    // Nearly no text has an escape.
    let is_plain = !inner.contains('\\');
    if is_plain {
        Some(inner.into())
    } else {
        serde_json::from_str(value.get()).ok().map(Cow::Owned)
    }
}

/// The values, if it is a list.
pub(super) fn list(value: &RawValue) -> Option<Vec<&RawValue>> {
    value.get().starts_with('[').then(|| serde_json::from_str(value.get()).ok())?
}

/// The value, if it is an integer, without fraction or exponent, that 64 bits hold.
pub(super) fn integer(value: &RawValue) -> Option<i64> {
    value.get().parse().ok()
}

/// Whether the value is `null`.
pub(super) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// The text with every escape that is one half of a surrogate pair replaced by that of U+FFFD.
pub(super) fn with_halves_replaced(json: &str) -> Cow<'_, str> {
    let (mut replaced, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        match (code_unit(json, at), code_unit(json, at + ESCAPE_LEN)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 2 * ESCAPE_LEN,
            (Some(0xd800..=0xdfff), _) => {
                replaced.push_str(&json[kept..at]);
                replaced.push_str("\\ufffd");
                at += ESCAPE_LEN;
                kept = at;
            }
            // Another escape is its backslash and one character more: of text, or the next backslash.
            _ => at += 2,
        }
    }
    if kept == 0 { json.into() } else { (replaced + &json[kept..]).into() }
}

/// The code unit of the escape at `at`.
fn code_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE_LEN)?.strip_prefix("\\u")?;
    let mut unit = [0; 2];
    hex::decode_to_slice(digits, &mut unit).ok().map(|()| u16::from_be_bytes(unit))
}

/// The members of an object.
struct Members<F>(F);

impl<'de, F: FnMut(Cow<'de, str>, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key_seed(Name)? {
            self.0(name, members.next_value()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_nothing_else() {
        let cases = [
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""\uDC00\uD800""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00é""#, r#""\ufffd\ud83d\ude00é""#),
            (r#""\ud800\n""#, r#""\ufffd\n""#),
            (r#""\\\ud800""#, r#""\\\ufffd""#),
        ];
        for (json, expected) in cases {
            assert_eq!(with_halves_replaced(json), expected);
        }
        for json in ["", "\\", "\\u", r"\\ud800", r"\ud83d\ude00", "\\é", r"\u12", "plain é"] {
            assert!(matches!(with_halves_replaced(json), Cow::Borrowed(same) if same == json));
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let (open, close) = ("[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(object(&format!("{{\"a\":{open}{close}}}"), |_, _| ()).is_some());
        assert!(object(&format!("{{\"a\":{open}}}"), |_, _| ()).is_none());
    }
}
