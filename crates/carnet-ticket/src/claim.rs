//! [`ClaimName`]: the one text from outside that an error may carry.

use std::fmt;

/// The most bytes of a name that an error keeps.
const LEN_MAX: usize = 64;

/// The name of a member or scope of a presented text: escaped, and at most 64 bytes of that.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimName {
    len: u8,
    bytes: [u8; LEN_MAX],
}

impl ClaimName {
    /// Escapes `name` and cuts it. Looks at no more of it than fits.
    pub fn new(name: &str) -> Self {
        let mut cut = Self { len: 0, bytes: [0; LEN_MAX] };
        for character in name.chars() {
            let escaped = character.escape_default();
            let start = usize::from(cut.len);
            // An escape is ASCII, so a character is a byte.
            let Some(room) = cut.bytes.get_mut(start..start + escaped.len()) else { break };
            for (byte, character) in room.iter_mut().zip(escaped.clone()) {
                *byte = u8::try_from(character).unwrap_or(b'?');
            }
            cut.len = u8::try_from(start + escaped.len()).unwrap_or(cut.len);
        }
        cut
    }

    /// The escaped name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_escaped_and_cut() {
        assert_eq!(ClaimName::new("worker_id").as_str(), "worker_id");
        assert_eq!(ClaimName::new("a\nb\"\u{1b}é").as_str(), "a\\nb\\\"\\u{1b}\\u{e9}");
        assert_eq!(ClaimName::new(&"x".repeat(1000)).as_str(), "x".repeat(64));
        assert_eq!(ClaimName::new(&format!("{}\n", "x".repeat(63))).as_str(), "x".repeat(63));
    }
}
