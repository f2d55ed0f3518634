//! The chain: `hash_n = SHA-256(hash_{n-1} ‖ canonical_n)`, and zeros before the first.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};

use super::columns::Columns;
use super::event::Event;

/// Where a chain stands: covers its event and all before it. Shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

/// A text or bytes are no hash of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chain hash is 32 bytes, or 64 lower-case hex digits")]
pub struct MalformedHash;

impl ChainHash {
    /// What stands before the first event.
    pub const ZERO: Self = Self([0; 32]);

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash after this one, of the event with this canonical text.
    #[must_use]
    pub fn then(&self, canonical: &str) -> Self {
        self.then_in(canonical, &mut Vec::with_capacity(32 + canonical.len()))
    }

    /// As [`Self::then`], with a buffer that is used again: one digest over bytes in a row is the fastest.
    pub(super) fn then_in(&self, canonical: &str, buffer: &mut Vec<u8>) -> Self {
        buffer.clear();
        buffer.extend_from_slice(&self.0);
        buffer.extend_from_slice(canonical.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, buffer).as_ref());
        Self(hash)
    }

    /// Reads 64 lower-case hex digits. Upper-case ones would be a second spelling of the same line.
    pub fn from_hex(text: &str) -> Result<Self, MalformedHash> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| MalformedHash)?;
        let (mut bytes, mut seen) = ([0; 32], 0);
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let [high, low] = pair.map(|digit| HEX_DIGITS[usize::from(digit)]);
            seen |= high | low;
            *byte = high << 4 | low;
        }
        if seen > 0x0f { Err(MalformedHash) } else { Ok(Self(bytes)) }
    }
}

/// The value of each lower-case hex digit, and 255 for every other byte.
const HEX_DIGITS: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

impl TryFrom<&[u8]> for ChainHash {
    type Error = MalformedHash;

    fn try_from(bytes: &[u8]) -> Result<Self, MalformedHash> {
        bytes.try_into().map(Self).map_err(|_| MalformedHash)
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event; 0 when there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: ChainHash,
}

/// An event in its place of a chain: a row of a store, a line of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chained {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// Its canonical text.
    pub canonical: String,
    /// The hash before it.
    pub prev_hash: ChainHash,
    /// Its hash.
    pub hash: ChainHash,
}

impl Head {
    /// A chain without events.
    pub const START: Self = Self { seq: 0, hash: ChainHash::ZERO };

    /// Puts `event` behind this head.
    pub fn append(&self, event: &Event) -> Chained {
        let seq = self.seq + 1;
        let canonical = event.canonical(seq);
        let hash = self.hash.then(&canonical);
        Chained { seq, canonical, prev_hash: self.hash, hash }
    }
}

impl Chained {
    /// The chain that ends here.
    pub const fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// What a store keeps beside the text; none when the text is not one that [`Head::append`] made.
    pub fn columns(&self) -> Option<Columns<'_>> {
        Columns::of(&self.canonical)
    }
}
