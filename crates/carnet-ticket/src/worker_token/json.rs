//! JSON as payloads have it: one object, its members one by one, each kept as it was written until its type is
//! asked for. So `-0` is an integer, `1.0` is none, and what nobody asks for may be anything.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::plain;
use crate::member::Name;

const ESCAPE_LEN: usize = 6;

/// Reads one object, all of `json`, and hands each member to `take`, its value as it is written. `None` when it
/// is no such thing.
pub(super) fn object<'a>(json: &'a str, mut take: impl FnMut(Cow<'a, str>, &'a str)) -> Option<()> {
    if let Some(members) = plain::members(json) {
        members.into_iter().for_each(|(name, value)| take(name.into(), value));
        return Some(());
    }
    object_in_general(json, take)
}

fn object_in_general<'a>(json: &'a str, take: impl FnMut(Cow<'a, str>, &'a str)) -> Option<()> {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_map(Members(take)).ok()?;
    reader.end().ok()
}

/// The value, if it is a text.
pub(super) fn text(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    // Nearly no text has an escape.
    let is_plain = !inner.contains('\\');
    if is_plain { Some(inner.into()) } else { serde_json::from_str(value).ok().map(Cow::Owned) }
}

/// The values, if it is a list.
pub(super) fn list(value: &str) -> Option<Vec<&str>> {
    plain::texts(value).or_else(|| list_in_general(value))
}

fn list_in_general(value: &str) -> Option<Vec<&str>> {
    let values: Vec<&RawValue> =
        value.starts_with('[').then(|| serde_json::from_str(value).ok())??;
    Some(values.into_iter().map(RawValue::get).collect())
}

/// The value, if it is an integer, without fraction or exponent, that 64 bits hold.
pub(super) fn integer(value: &str) -> Option<i64> {
    value.parse().ok()
}

/// Whether the value is `null`.
pub(super) fn is_null(value: &str) -> bool {
    value == "null"
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

impl<'de, F: FnMut(Cow<'de, str>, &'de str)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key_seed(Name)? {
            self.0(name, members.next_value::<&RawValue>()?.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USUAL: &str =
        r#"{"worker_id":"worker-a","jti":"0","aud":"x:y","scopes":["a:b","é"],"exp":17,"iat":9}"#;

    fn both(json: &str) -> [Option<Vec<(Cow<'_, str>, &str)>>; 2] {
        let (mut plain, mut general) = (Vec::new(), Vec::new());
        let is_object = object(json, |name, value| plain.push((name, value)));
        let in_general = object_in_general(json, |name, value| general.push((name, value)));
        [is_object.map(|()| plain), in_general.map(|()| general)]
    }

    fn reads_alike(json: &str) {
        let [plain, general] = both(json);
        assert_eq!(plain, general, "{json}");
        for (_, value) in plain.into_iter().flatten() {
            assert_eq!(list(value), list_in_general(value), "{value}");
        }
    }

    #[test]
    fn what_is_usual_is_known_by_its_form() {
        assert!(plain::members(USUAL).is_some());
        reads_alike(USUAL);
        for json in [
            "",
            "{}",
            "{\"a\":1",
            "{\"a\":1}}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1x}",
            "{\"a\":1.5,\"b\":-0,\"c\":1e3}",
            "{\"a\":\"\\u0041\",\"\\u0061\":[\"\\\"]\"]}",
            "{\"a\":\"b\nc\"}",
            "{\"a\":\"]\",\"b\":[\"]\",\"[\"]}",
            "{\"a\":[\"b\",1]}",
            "{\"a\":[\"b\",]}",
            "{\"a\":[\"b\"\"c\"]}",
            "{\"a\":[],\"b\":[[\"c\"]],\"c\":null,\"d\":{\"e\":[\"f\"]}}",
            "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1}",
            " {\"a\" : \"b\"} ",
        ] {
            reads_alike(json);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_otherwise_reads_alike(
            at in 0..USUAL.len(),
            len in 0_usize..4,
            other in "[\\[\\]{}:,\"\\\\ 019.eu\n-]{0,3}",
        ) {
            let end = (at + len).min(USUAL.len());
            if let (Some(before), Some(after)) = (USUAL.get(..at), USUAL.get(end..)) {
                reads_alike(&format!("{before}{other}{after}"));
            }
        }
    }

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
