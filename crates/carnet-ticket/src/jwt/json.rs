//! Reading JSON as tokens need it: no member twice, no deep nesting, and numbers that stay what they were written
//! as (an integer with a fraction or an exponent is none).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::JwtError;
use crate::member::Name;

/// The deepest nesting of objects and arrays; the outermost counts as one.
const DEPTH_MAX: usize = 32;

/// A value, of which texts are not copied unless they have escapes.
pub(super) enum Json<'t> {
    /// A text.
    Text(Cow<'t, str>),
    /// Anything else.
    Other(Value),
}

impl Json<'_> {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }

    pub(super) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Text(_) => None,
            Self::Other(value) => value.as_i64(),
        }
    }

    /// Whether it was written without a fraction and an exponent, and fits into 64 bits.
    pub(super) fn is_integer(&self) -> bool {
        matches!(self, Self::Other(value) if value.is_i64() || value.is_u64())
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Other(value) => value,
        }
    }
}

impl PartialEq<Value> for Json<'_> {
    fn eq(&self, value: &Value) -> bool {
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            Self::Other(other) => other == value,
        }
    }
}

/// The text of a member that has to be one.
pub(super) fn text<'t>(
    name: &str,
    value: Option<Json<'t>>,
) -> Result<Option<Cow<'t, str>>, JwtError> {
    match value {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text)),
        Some(Json::Other(_)) => Err(JwtError::wrong_type(name)),
    }
}

/// Where the members of an object go.
pub(super) trait Members<'t>: Default {
    /// Takes a member; a fault when there is one of this name.
    fn put(&mut self, name: Cow<'t, str>, value: Json<'t>) -> Option<JwtError>;
}

impl<'t> Members<'t> for Map<String, Value> {
    fn put(&mut self, name: Cow<'t, str>, value: Json<'t>) -> Option<JwtError> {
        let before = self.insert(name.clone().into_owned(), value.into_value());
        before.map(|_| JwtError::duplicate(&name))
    }
}

/// Reads `bytes` as one JSON object. Text that is not JSON is `Malformed`, also where a member is repeated before.
pub(super) fn object<'t, M: Members<'t>>(bytes: &'t [u8]) -> Result<M, JwtError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JwtError::Malformed)?;
    let repeated = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut read = M::default();
    let object = Object { place: Node { depth: 1, repeated: &repeated }, read: &mut read };
    let end = reader.deserialize_map(object).and_then(|()| reader.end());
    end.map_err(|_| JwtError::Malformed)?;
    repeated.get().map_or(Ok(read), Err)
}

/// The object at a place, and where its members go.
struct Object<'r, 'm, M> {
    place: Node<'r>,
    read: &'m mut M,
}

impl<'de, M: Members<'de>> Visitor<'de> for Object<'_, '_, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { place, read } = self;
        let inner = place.enter()?;
        while let Some(name) = members.next_key_seed(Name)? {
            let value = members.next_value_seed(inner)?;
            if let Some(repeated) = read.put(name, value) {
                place.repeated.set(place.repeated.get().or(Some(repeated)));
            }
        }
        Ok(())
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
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Other(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Other(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Other(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Other(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json<'de>, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not finite"))?;
        Ok(Json::Other(number.into()))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let inner = self.enter()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item.into_value());
        }
        Ok(Json::Other(array.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Json<'de>, A::Error> {
        let mut read = Map::new();
        Object { place: self, read: &mut read }.visit_map(members)?;
        Ok(Json::Other(read.into()))
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
