//! [`Version`]: of a capability.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// `major.minor.patch`, decimal, without signs or leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Changes when older requests are no longer understood.
    pub major: u32,
    /// Changes when something is added.
    pub minor: u32,
    /// Changes otherwise.
    pub patch: u32,
}

/// A text is not a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version is major.minor.patch, decimal, without signs or leading zeros")]
pub struct InvalidVersion;

impl Version {
    /// `1.0.0`: what is meant when nobody says.
    pub const FIRST: Self = Self { major: 1, minor: 0, patch: 0 };

    /// Whether this serves a request for `wanted`: the same major version, and not an older one.
    pub fn serves(self, wanted: Self) -> bool {
        self.major == wanted.major && self >= wanted
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let mut parts = text.split('.').map(number);
        let (Some(major), Some(minor), Some(patch), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidVersion);
        };
        Ok(Self { major: major?, minor: minor?, patch: patch? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn number(text: &str) -> Result<u32, InvalidVersion> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().map_err(|_| InvalidVersion) } else { Err(InvalidVersion) }
}
