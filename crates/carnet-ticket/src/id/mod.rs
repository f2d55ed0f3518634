//! [`UniqueId`]: the 32 bytes that name a class, a ticket, a content, a tag.

mod const_hash;

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 32 bytes that name something: a ticket's class, a ticket, a content, a network, a stream.
///
/// Made from text it is the BLAKE3 hash of the text, unless the text is 64 hex digits: then it is
/// those bytes. Source: credential spec, section 1.
///
/// Shown, and written as JSON, as 64 lower-case hex digits; in binary formats 32 raw bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId([u8; 32]);

/// A text that had to be 64 hex digits was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 64 hex digits")]
pub struct InvalidId;

/// A [`UniqueId`] from a literal, hashed at compile time (text of at most 1,024 bytes).
#[macro_export]
macro_rules! id {
    ($text:literal) => {{
        const ID: $crate::id::UniqueId = $crate::id::UniqueId::of_literal($text);
        ID
    }};
}

/// The same as [`id!`].
#[macro_export]
macro_rules! unique_id {
    ($text:literal) => {
        $crate::id!($text)
    };
}

impl UniqueId {
    /// All zeros.
    pub const fn zero() -> Self {
        Self([0; 32])
    }

    /// Exactly these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The BLAKE3 hash of `bytes`, whatever they spell.
    pub fn hash(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The BLAKE3 hash of this id.
    #[must_use]
    pub fn hashed(&self) -> Self {
        Self::hash(&self.0)
    }

    /// `BLAKE3(self ‖ info)`.
    #[must_use]
    pub fn derive(&self, info: impl AsRef<[u8]>) -> Self {
        Self::from_parts(&[&self.0, info.as_ref()])
    }

    /// `BLAKE3(parts[0] ‖ parts[1] ‖ ..)`.
    pub fn from_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// The const form of `From<&str>`, for [`id!`]. Panics, at compile time, on text over 1,024 bytes.
    #[doc(hidden)]
    pub const fn of_literal(text: &str) -> Self {
        match const_hash::hex32(text.as_bytes()) {
            Some(bytes) => Self(bytes),
            None => Self(const_hash::hash(text.as_bytes())),
        }
    }

    /// Parses exactly 64 hex digits of either case; never hashes.
    pub fn from_hex(text: &str) -> Result<Self, InvalidId> {
        const_hash::hex32(text.as_bytes()).map(Self).ok_or(InvalidId)
    }

    /// The first 8 hex digits: how a credential is named in logs.
    pub const fn fingerprint(&self) -> Fingerprint {
        let [a, b, c, d, ..] = self.0;
        Fingerprint([a, b, c, d])
    }

    /// Zeros, then the value little-endian in the last byte.
    pub const fn from_u8(value: u8) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian in the last 2 bytes.
    pub const fn from_u16(value: u16) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian in the last 4 bytes.
    pub const fn from_u32(value: u32) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian in the last 8 bytes.
    pub const fn from_u64(value: u64) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian in the last 16 bytes.
    pub const fn from_u128(value: u128) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// As [`Self::from_u64`].
    pub const fn from_usize(value: usize) -> Self {
        Self::from_u64(value as u64)
    }

    /// Zeros, then the value little-endian (two's complement) in the last byte.
    pub const fn from_i8(value: i8) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian (two's complement) in the last 2 bytes.
    pub const fn from_i16(value: i16) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian (two's complement) in the last 4 bytes.
    pub const fn from_i32(value: i32) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian (two's complement) in the last 8 bytes.
    pub const fn from_i64(value: i64) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    /// Zeros, then the value little-endian (two's complement) in the last 16 bytes.
    pub const fn from_i128(value: i128) -> Self {
        Self::ending(&value.to_le_bytes())
    }

    const fn ending(tail: &[u8]) -> Self {
        let mut bytes = [0; 32];
        let mut at = 0;
        while at < tail.len() {
            bytes[32 - tail.len() + at] = tail[at];
            at += 1;
        }
        Self(bytes)
    }
}

impl From<&[u8]> for UniqueId {
    fn from(bytes: &[u8]) -> Self {
        const_hash::hex32(bytes).map_or_else(|| Self::hash(bytes), Self)
    }
}

impl From<&str> for UniqueId {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl FromStr for UniqueId {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text))
    }
}

impl AsRef<[u8]> for UniqueId {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_hex(f, &self.0)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_hex(f, &self.0)
    }
}

impl Serialize for UniqueId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for UniqueId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            Self::from_hex(&text).map_err(de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

/// The first 4 bytes of a content id, shown as 8 hex digits: how logs and audit rows name a
/// credential without being one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Fingerprint(pub [u8; 4]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_hex(f, &self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_hex(f, &self.0)
    }
}

/// Names a key without being one: 8 bytes, shown as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// The id of a key: the first 8 bytes of BLAKE3 in key derivation mode, context `carnet 2026 key id`,
    /// over the trimmed secret or the `SubjectPublicKeyInfo` DER (control plane spec, section 3).
    pub fn of(key: &[u8]) -> Self {
        let hash = blake3::derive_key("carnet 2026 key id", key);
        let [a, b, c, d, e, f, g, h, ..] = hash;
        Self([a, b, c, d, e, f, g, h])
    }

    /// Parses exactly 16 hex digits of either case.
    pub fn from_hex(text: &str) -> Result<Self, InvalidId> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidId)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_hex(f, &self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_hex(f, &self.0)
    }
}

fn show_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
