//! [`SignedRequest`]: what a client signed, and whether it did.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{P256Error, PublicKey};
use crate::realm::ClientId;
use crate::time::Timestamp;
use crate::verify::Profile;

/// How far clocks may differ.
const SKEW_S_MAX: u64 = 300;

/// How long a nonce is.
const NONCE_LEN: std::ops::RangeInclusive<usize> = 16..=64;

/// The most digits that a timestamp has.
const TIMESTAMP_LEN_MAX: usize = 16;

/// Characters of a signature.
const SIGNATURE_TEXT_LEN: usize = 86;

/// What a client says of itself in the head of a request.
///
/// `Debug` shows no signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// `X-AWP-Pubkey`.
    pub public_key: &'a str,
    /// `X-AWP-Timestamp`.
    pub timestamp: &'a str,
    /// `X-AWP-Nonce`; version 1 has none.
    pub nonce: Option<&'a str>,
    /// `X-AWP-Signature`.
    pub signature: &'a str,
    /// The method, in upper case.
    pub method: &'a str,
    /// `Host` or `:authority`, in lower case.
    pub host: &'a str,
    /// Path and query, exactly as on the wire.
    pub target: &'a str,
}

/// The body of a request, as far as it is signed: its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body([u8; 32]);

/// A signed request: its head and its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedRequest<'a> {
    /// The head.
    pub head: Head<'a>,
    /// The body.
    pub body: Body,
}

impl Body {
    /// The body with these bytes, raw.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        *self == Self::of(b"")
    }
}

impl Head<'_> {
    /// Everything about it but the signature, in the order of [`P256Error`]: what can be said before the body is
    /// there. Gives the key.
    pub fn check(&self, profile: Profile, now: Timestamp) -> Result<PublicKey, P256Error> {
        let key = PublicKey::parse(self.public_key)?;
        if self.seconds()?.abs_diff(now.unix_s()) > SKEW_S_MAX {
            return Err(P256Error::Skew);
        }
        match self.nonce {
            None if profile == Profile::Strict => Err(P256Error::NonceMissing),
            Some(nonce) if !is_nonce(nonce) => Err(P256Error::BadNonce),
            None if self.target.contains('?') => Err(P256Error::UnsignedQuery),
            _ => Ok(key),
        }
    }

    /// When it was signed, Unix seconds.
    pub fn seconds(&self) -> Result<i64, P256Error> {
        let text = self.timestamp;
        let is_number = (1..=TIMESTAMP_LEN_MAX).contains(&text.len())
            && text.bytes().all(|digit| digit.is_ascii_digit());
        let seconds = is_number.then(|| text.parse().ok()).flatten();
        seconds.ok_or(P256Error::BadTimestamp)
    }

    fn signature(&self) -> Result<[u8; 64], P256Error> {
        let mut signature = [0; 64];
        let is_whole = self.signature.len() == SIGNATURE_TEXT_LEN;
        let decoded =
            is_whole.then(|| URL_SAFE_NO_PAD.decode_slice(self.signature, &mut signature));
        match decoded {
            Some(Ok(64)) => Ok(signature),
            _ => Err(P256Error::BadSignature),
        }
    }
}

impl<'a> SignedRequest<'a> {
    /// Reads what [`Self::encode`] wrote; `None` when nothing wrote this.
    pub fn decode(text: &'a str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut line = || lines.next();
        let (public_key, timestamp, nonce) = (line()?, line()?, line()?.strip_prefix('+'));
        let (signature, method, host, target) = (line()?, line()?, line()?, line()?);
        let mut hash = [0; 32];
        faster_hex::hex_decode(line()?.as_bytes(), &mut hash).ok()?;
        let head = Head { public_key, timestamp, nonce, signature, method, host, target };
        lines.next().is_none().then_some(Self { head, body: Body(hash) })
    }

    /// As it is presented to the gate: one text, whose first line is the public key.
    pub fn encode(&self) -> String {
        let Head { public_key, timestamp, nonce, signature, method, host, target } = self.head;
        // A nonce that is there and empty is none that is missing.
        let nonce = nonce.map(|nonce| format!("+{nonce}")).unwrap_or_default();
        let hash = faster_hex::hex_string(&self.body.0);
        [public_key, timestamp, &nonce, signature, method, host, target, &hash].join("\n")
    }

    /// The client that signed this at `now`, by the server's clock. Whether it is approved, and whether this is
    /// the first time, are others' to judge.
    pub fn verify(&self, profile: Profile, now: Timestamp) -> Result<ClientId, P256Error> {
        let key = self.head.check(profile, now)?;
        let signature = self.head.signature()?;
        if !key.verifies(self.string_to_sign().as_bytes(), &signature) {
            return Err(P256Error::BadSignature);
        }
        Ok(key.client())
    }

    /// What is signed.
    pub fn string_to_sign(&self) -> String {
        let Head { timestamp, method, host, target, .. } = self.head;
        let hash = faster_hex::hex_string(&self.body.0);
        match self.head.nonce {
            Some(nonce) => {
                format!("carnet-p256-v2\n{timestamp}\n{nonce}\n{method}\n{host}\n{target}\n{hash}")
            }
            None => {
                let hash = if self.body.is_empty() { "" } else { &hash };
                format!("{timestamp}.{method}.{target}.{hash}")
            }
        }
    }

    /// Names this request among all that its client makes: the nonce; in version 1 what was signed and the first
    /// half of the signature, of which the second has two values.
    pub fn once(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        match self.head.nonce {
            Some(nonce) => hasher.update(b"nonce\0").update(nonce.as_bytes()),
            None => {
                let signature = self.head.signature().unwrap_or([0; 64]);
                hasher.update(b"request\0").update(&signature[..32]);
                hasher.update(self.string_to_sign().as_bytes())
            }
        };
        let mut name = [0; 16];
        name.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        name
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("public_key", &self.public_key)
            .field("timestamp", &self.timestamp)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

fn is_nonce(nonce: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    NONCE_LEN.contains(&nonce.len()) && nonce.bytes().all(is_known)
}
