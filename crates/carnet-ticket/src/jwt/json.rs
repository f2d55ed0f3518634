//! Reading JSON as tokens need it: no member twice, no deep nesting, and numbers that stay what they were written
//! as (an integer with a fraction or an exponent is none).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::JwtError;

/// The deepest nesting of objects and arrays; the outermost counts as one.
const DEPTH_MAX: usize = 32;

/// Where the members of an object go.
pub(super) trait Members: Default {
    /// Takes a member, or says that there is one of this name.
    fn put(&mut self, name: Cow<'_, str>, value: Value) -> Option<JwtError>;
}

impl Members for Map<String, Value> {
    fn put(&mut self, name: Cow<'_, str>, value: Value) -> Option<JwtError> {
        let before = self.insert(name.clone().into_owned(), value);
        before.map(|_| JwtError::duplicate(&name))
    }
}

/// Reads `bytes` as one JSON object. Text that is not JSON is `Malformed`, also where a member is repeated before.
pub(super) fn object<M: Members>(bytes: &[u8]) -> Result<M, JwtError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JwtError::Malformed)?;
    let repeated = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = Object(Node { depth: 1, repeated: &repeated }, M::default());
    let members = reader.deserialize_map(members).and_then(|all| reader.end().map(|()| all));
    let members = members.map_err(|_| JwtError::Malformed)?;
    repeated.get().map_or(Ok(members), Err)
}

/// The object at a place, and the members that were read of it.
struct Object<'r, M>(Node<'r>, M);

impl<'de, M: Members> Visitor<'de> for Object<'_, M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<M, A::Error> {
        let Self(node, mut read) = self;
        let inner = node.enter()?;
        while let Some(name) = members.next_key_seed(Name)? {
            let value = members.next_value_seed(inner)?;
            if let Some(repeated) = read.put(name, value) {
                node.repeated.set(node.repeated.get().or(Some(repeated)));
            }
        }
        Ok(read)
    }
}

/// A member's name, not copied unless it has escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// A value `depth` containers deep, if it is a container.
#[derive(Clone, Copy)]
struct Node<'r> {
    depth: usize,
    /// The first member that was repeated.
    repeated: &'r Cell<Option<JwtError>>,
}

impl Node<'_> {
    fn enter<E: Error>(self) -> Result<Self, E> {
        if self.depth > DEPTH_MAX {
            return Err(E::custom("too deep"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.enter()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        Object(self, Map::new()).visit_map(members).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::ClaimName;

    fn fault(text: &str) -> JwtError {
        object::<Map<_, _>>(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_repeated_at_any_depth_is_refused_by_name() {
        let repeated = |name| JwtError::Duplicate(ClaimName::new(name));
        assert_eq!(fault(r#"{"a":1,"a":1}"#), repeated("a"));
        assert_eq!(fault(r#"{"a":{"b":[{"c":1,"\u0063":2}]}}"#), repeated("c"));
        assert_eq!(fault(r#"{"a":1,"a":1,"b":2,"b":3}"#), repeated("a"), "the first one");
        assert_eq!(fault(r#"{"a":1,"a":1"#), JwtError::Malformed, "not JSON at all");
        assert!(
            object::<Map<_, _>>(br#"{"a":{"a":[{"a":1},{"a":1}]}}"#).is_ok(),
            "one in each object"
        );
    }

    #[test]
    fn objects_alone_are_read_to_their_end_and_32_deep() {
        for text in
            ["", "1", "[]", "null", "{} {}", "{}x", "{'a':1}", "{\"a\":1,}", "{\"a\":\"\\ud800\"}"]
        {
            assert_eq!(fault(text), JwtError::Malformed, "{text}");
        }
        assert_eq!(object::<Map<_, _>>(b"{\"a\":\"\xff\"}"), Err(JwtError::Malformed));
        let nested =
            |deep: usize| format!("{{\"a\":{}{}}}", "[".repeat(deep - 1), "]".repeat(deep - 1));
        assert!(object::<Map<_, _>>(nested(32).as_bytes()).is_ok());
        assert_eq!(fault(&nested(33)), JwtError::Malformed);
        assert_eq!(fault(&nested(10_000)), JwtError::Malformed);
    }

    #[test]
    fn numbers_stay_what_they_were_written_as() {
        let number = |text: &str| {
            let object: Map<_, _> = object(format!("{{\"n\":{text}}}").as_bytes()).unwrap();
            object["n"].as_u64()
        };
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        for text in ["1.0", "1e0", "17e8", "100000000000000000000", "-1", "\"1\""] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
