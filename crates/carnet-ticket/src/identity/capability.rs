//! What workers can do: [`CapabilityId`], and [`CapabilityGlob`] for many of them.

use wildmatch::WildMatch;

use super::text::{is_of, text};

const LEN_MAX: usize = 128;

text!(
    /// The id of a capability: words of `[A-Za-z0-9_-]` with dots between, 128 bytes at most.
    CapabilityId,
    /// A text is not the id of a capability.
    InvalidCapabilityId,
    "a capability is words of A-Z a-z 0-9 _ - with dots between, 128 bytes at most",
    |text| text.len() <= LEN_MAX && text.split('.').all(|word| is_of(word, LEN_MAX, is_word))
);

text!(
    /// Which capabilities a worker may offer: an id in which `*` stands for any characters, also dots.
    CapabilityGlob,
    /// A text matches no capability.
    InvalidCapabilityGlob,
    "a glob of capabilities is 1 to 128 of A-Z a-z 0-9 _ - . *",
    |text| is_of(text, LEN_MAX, |byte| is_word(byte) || matches!(byte, b'.' | b'*'))
);

impl CapabilityGlob {
    /// Matches every capability.
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// Whether `capability` is one of these.
    pub fn matches(&self, capability: &CapabilityId) -> bool {
        WildMatch::new(&self.0).matches(capability.as_str())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
