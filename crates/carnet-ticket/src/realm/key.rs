//! [`NodeKey`]: the name of a node.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::base32::{self, Fault, Spare};

const PREFIX: &str = "node:";

/// The name of a node: the first 16 bytes of the BLAKE3 hash of all its bytes. Text: `node:` and 26
/// characters of Crockford base32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey([u8; 16]);

/// Why a text is not a node key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It does not begin with `node:`.
    #[error("a node key begins with node:")]
    BadPrefix,
    /// Not 26 characters after the prefix.
    #[error("a node key has 26 characters after node:")]
    BadLength,
    /// A character outside the alphabet.
    #[error("a node key is upper-case Crockford base32")]
    BadAlphabet,
    /// The two bits at the end are not zero.
    #[error("a node key ends in one of 048CGMRW")]
    NotCanonical,
}

impl NodeKey {
    /// The directory without entries: well known, in every realm, free.
    pub const EMPTY_DICT: Self = Self([
        0x00, 0x00, 0xb2, 0xda, 0x2b, 0x83, 0x98, 0x25, 0x1c, 0x05, 0xe6, 0xa7, 0x3a, 0x6f, 0x19,
        0x18,
    ]);

    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The key of the node with these bytes.
    pub fn of(node: &[u8]) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(node).as_bytes()[..16]);
        Self(key)
    }

    /// Reads a key in a URL path: also lower case, `I` and `L` for 1, `O` for 0.
    pub fn parse_path(text: &str) -> Result<Self, KeyError> {
        Self::parse(text, true)
    }

    fn parse(text: &str, fold: bool) -> Result<Self, KeyError> {
        let digits = text.strip_prefix(PREFIX).ok_or(KeyError::BadPrefix)?;
        match base32::decode(digits, Spare::Trailing, fold) {
            Ok(value) => Ok(Self(value.to_be_bytes())),
            Err(Fault::Length) => Err(KeyError::BadLength),
            Err(Fault::Alphabet) => Err(KeyError::BadAlphabet),
            Err(Fault::SpareBits) => Err(KeyError::NotCanonical),
        }
    }
}

impl FromStr for NodeKey {
    type Err = KeyError;

    /// Reads the canonical text and no other.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse(text, false)
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        base32::show(f, u128::from_be_bytes(self.0), Spare::Trailing)
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for NodeKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_empty_dict_has_the_key_of_its_bytes() {
        assert_eq!(NodeKey::of(b"CAS\x01\x01\0\0\0\0\0\0\0\0\0\0\0"), NodeKey::EMPTY_DICT);
        assert_eq!(format!("{:?}", NodeKey::EMPTY_DICT), "node:000B5PHBGEC2A705WTKKMVRS30");
    }

    proptest! {
        /// Promise: R-5
        #[test]
        fn bodies_take_one_text_and_paths_also_its_look_alikes(bytes: [u8; 16]) {
            let key = NodeKey::from_bytes(bytes);
            let text = key.to_string();
            prop_assert_eq!(text.parse(), Ok(key));
            let json = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(&json, &format!("\"{text}\""));
            prop_assert_eq!(serde_json::from_str::<NodeKey>(&json).unwrap(), key);
            for (digit, alike) in [('1', 'I'), ('1', 'l'), ('0', 'O'), ('0', 'o'), ('A', 'a')] {
                let other = format!("{PREFIX}{}", text[PREFIX.len()..].replace(digit, &alike.to_string()));
                prop_assert_eq!(NodeKey::parse_path(&other), Ok(key));
                prop_assert_eq!(other.parse::<NodeKey>().is_ok(), other == text);
            }
        }

        /// Promise: R-5
        #[test]
        fn a_text_that_is_taken_is_the_text_that_is_given(text in "node:[0-9A-HJKMNP-TV-Z]{26}") {
            let is_canonical = text.ends_with(|last| "048CGMRW".contains(last));
            prop_assert_eq!(NodeKey::parse_path(&text).is_ok(), is_canonical);
            match text.parse::<NodeKey>() {
                Ok(key) => prop_assert_eq!(key.to_string(), text),
                Err(fault) => prop_assert_eq!((fault, is_canonical), (KeyError::NotCanonical, false)),
            }
        }

        #[test]
        fn noise_is_refused_without_a_panic(noise: String) {
            let _ = NodeKey::parse_path(&noise);
            let _ = NodeKey::parse_path(&format!("{PREFIX}{noise}"));
        }
    }
}
