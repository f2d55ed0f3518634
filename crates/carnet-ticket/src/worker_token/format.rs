//! [`Format`], and a token's text taken apart.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{TOKEN_LEN_MAX, WorkerTokenError};
use crate::id::KeyId;

/// The two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `stacyvm-worker-v1`: HMAC-SHA256.
    V1,
    /// `carnet-worker-v2`: Ed25519.
    V2,
}

impl Format {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];

    /// Its name, which every token begins with, before a dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "stacyvm-worker-v1",
            Self::V2 => "carnet-worker-v2",
        }
    }

    /// The format that a text claims to be of; `None` when it is no signed token.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.rest(text).is_some())
    }

    /// What follows the name and its dot.
    fn rest(self, text: &str) -> Option<&str> {
        text.strip_prefix(self.as_str())?.strip_prefix('.')
    }
}

/// A token's text, taken apart.
pub(super) struct Parts<'a> {
    /// What is signed, and what names the content: all before the last dot.
    pub(super) signed: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: Signature<'a>,
}

/// The signature of each format.
pub(super) enum Signature<'a> {
    /// Compared as text.
    V1(&'a str),
    V2(KeyId, [u8; 64]),
}

impl<'a> Parts<'a> {
    /// Takes `token` apart: length, prefix, number of parts, the shape of key id and signature.
    pub(super) fn of(token: &'a str) -> Result<Self, WorkerTokenError> {
        if is_too_long(token) {
            return Err(WorkerTokenError::TooLong);
        }
        Self::split(token).ok_or(WorkerTokenError::Format)
    }

    pub(super) fn format(&self) -> Format {
        match self.signature {
            Signature::V1(_) => Format::V1,
            Signature::V2(..) => Format::V2,
        }
    }

    fn split(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let format = Format::of(signed)?;
        let rest = format.rest(signed)?;
        let (payload, signature) = match format {
            Format::V1 => (rest, Signature::V1(signature)),
            Format::V2 => {
                let (key_id, payload) = rest.split_once('.')?;
                (payload, Signature::V2(parse_key_id(key_id)?, parse_signature(signature)?))
            }
        };
        (!payload.contains('.')).then_some(Self { signed, payload, signature })
    }
}

/// Whether `token` has more characters than any token. Looks at no more of it than that.
pub(super) fn is_too_long(token: &str) -> bool {
    token.len() > TOKEN_LEN_MAX && token.chars().nth(TOKEN_LEN_MAX).is_some()
}

fn parse_key_id(text: &str) -> Option<KeyId> {
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    KeyId::from_hex(text).ok().filter(|_| is_lower)
}

fn parse_signature(text: &str) -> Option<[u8; 64]> {
    let mut signature = [0; 64];
    let len = URL_SAFE_NO_PAD.decode_slice(text, &mut signature).ok()?;
    (len == signature.len()).then_some(signature)
}
