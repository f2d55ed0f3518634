//! [`Text`] and [`Details`]: what an event may say, bounded and without control characters.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::canonical;

/// The most bytes of a text.
const TEXT_LEN_MAX: usize = 1024;

/// The most bytes of the details, in canonical JSON.
const DETAILS_LEN_MAX: usize = 16 * 1024;

/// How deep details may be nested.
const DEPTH_MAX: usize = 8;

/// A text of an event: at most 1 KiB, control characters written as escapes, cut between characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Text(String);

impl Text {
    /// Escapes and cuts `text`. Looks at no more of it than fits.
    pub fn new(text: &str) -> Self {
        let mut kept = String::with_capacity(text.len().min(TEXT_LEN_MAX));
        for character in text.chars() {
            let is_escaped = character.is_control();
            let len =
                if is_escaped { character.escape_default().len() } else { character.len_utf8() };
            if kept.len() + len > TEXT_LEN_MAX {
                break;
            }
            if is_escaped {
                kept.extend(character.escape_default());
            } else {
                kept.push(character);
            }
        }
        Self(kept)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What else there is to say of an event: a JSON object whose names and texts are [`Text`]s, and whose numbers
/// are integers that every JSON reader keeps exact; other numbers are written as text.
///
/// What is nested more than 8 deep is null. An object of more than 16 KiB is replaced by
/// `{"dropped": <its bytes>}`: the row is kept, and says that something is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub struct Details(Map<String, Value>);

impl Details {
    /// Escapes, cuts and bounds `members`.
    pub fn new(members: Map<String, Value>) -> Self {
        let kept = clean_members(members, 0);
        let mut text = String::new();
        canonical::write_members(&mut text, &kept);
        if text.len() <= DETAILS_LEN_MAX {
            return Self(kept);
        }
        Self(Map::from_iter([("dropped".to_owned(), Value::from(text.len()))]))
    }

    /// The members.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl From<Map<String, Value>> for Details {
    fn from(members: Map<String, Value>) -> Self {
        Self::new(members)
    }
}

fn clean_members(members: Map<String, Value>, depth: usize) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (Text::new(&name).0, clean(value, depth + 1))).collect()
}

fn clean(value: Value, depth: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if depth > DEPTH_MAX => Value::Null,
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| clean(item, depth + 1)).collect())
        }
        Value::Object(members) => Value::Object(clean_members(members, depth)),
        Value::String(text) => Value::String(Text::new(&text).0),
        Value::Number(number) if number.as_i64().is_some_and(canonical::is_exact) => {
            Value::Number(number)
        }
        Value::Number(number) => Value::String(number.to_string()),
        Value::Null | Value::Bool(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn details(value: Value) -> Value {
        let Value::Object(members) = value else { panic!("an object") };
        Value::Object(Details::new(members).0)
    }

    #[test]
    fn texts_are_escaped_and_cut_between_characters() {
        assert_eq!(&*Text::new("a\nb\u{1b}[2J\u{85}é\"\\"), "a\\nb\\u{1b}[2J\\u{85}é\"\\");
        assert_eq!(Text::new(&"x".repeat(5000)).len(), 1024);
        assert_eq!(Text::new(&format!("{}é", "x".repeat(1023))).len(), 1023);
        assert_eq!(Text::new(&format!("{}\n", "x".repeat(1023))).len(), 1023);
        let twice = Text::new(&Text::new("tab\there"));
        assert_eq!(twice, Text::new("tab\there"));
    }

    #[test]
    fn details_are_bounded_and_their_numbers_exact() {
        let cleaned =
            details(json!({ "a\n": ["b\r", 1, 1.5, u64::MAX, -9_007_199_254_740_991_i64] }));
        let expected = json!({
            "a\\n": ["b\\r", 1, "1.5", "18446744073709551615", -9_007_199_254_740_991_i64],
        });
        assert_eq!(cleaned, expected);

        let deep = (0..20).fold(json!(1), |inner, _| json!({ "in": inner }));
        assert_eq!(details(deep).to_string().matches("in").count(), DEPTH_MAX + 1);

        let large = json!({ "list": vec!["x".repeat(100); 200] });
        assert_eq!(details(large), json!({ "dropped": 20_610 }));
    }
}
