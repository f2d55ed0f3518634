//! Sessions of the admin UI: what the cookie carries, and how the gate judges it.
//!
//! Source: control plane spec, section 6.2. A session is nothing without its row, which is found by the digest of the
//! cookie: of the cookie itself nothing is stored.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::id;
use crate::id::UniqueId;
use crate::time::Timestamp;
use crate::verify::{Class, Facts, Presented, Reason, Verified, Verify};

/// What content ids of sessions are derived from.
const CLASS: UniqueId = id!("carnet.credential.session");

/// What a session's token against forged requests is derived with.
const CSRF_CONTEXT: &str = "carnet 2026 session csrf";

const SECRET_LEN: usize = 32;
const TEXT_LEN: usize = 43;

/// 32 random bytes: the cookie of a session, or the code of a sign-in link. `Debug` does not show it.
#[derive(Clone)]
pub struct SessionSecret(Zeroizing<[u8; SECRET_LEN]>);

impl SessionSecret {
    /// The secret of these random bytes.
    pub fn new(random: [u8; SECRET_LEN]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// Reads the text of a secret: 43 characters of base64url, in one spelling. Nothing says yet that it is known.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LEN {
            return None;
        }
        let mut bytes = Zeroizing::new([0; SECRET_LEN + 1]);
        let len = BASE64.decode_slice(text, &mut *bytes).ok()?;
        bytes.get(..len)?.try_into().ok().map(Self::new)
    }

    /// Its text: sent once, stored never.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(*self.0))
    }

    /// What is stored of it.
    pub fn digest(&self) -> SessionDigest {
        SessionDigest(*blake3::hash(&*self.0).as_bytes())
    }

    /// What forms of this session carry, so that no other site can send them: 43 characters. Who knows it does not
    /// know the cookie.
    pub fn csrf(&self) -> String {
        BASE64.encode(blake3::derive_key(CSRF_CONTEXT, &*self.0))
    }

    /// Whether a form carries what forms of this session do, in time that does not depend on where it differs.
    pub fn is_csrf(&self, given: &str) -> bool {
        self.csrf().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(..)")
    }
}

/// BLAKE3 of a secret: names a session's row, and is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionDigest(pub [u8; 32]);

impl SessionDigest {
    /// The content id of the session with this digest.
    pub fn content_id(&self) -> UniqueId {
        CLASS.derive(hex::encode(self.0))
    }
}

/// Judges sessions by their row, which was found by the digest of the cookie.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sessions;

impl Verify for Sessions {
    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let text = presented.as_text().ok_or(Reason::Malformed)?;
        let secret = SessionSecret::parse(text).ok_or(Reason::Malformed)?;
        let row = facts.row.as_ref().ok_or(Reason::Unknown)?;
        if row.content_id != secret.digest().content_id() {
            return Err(Reason::Unknown);
        }
        Verified::of_row(Class::Session, row, facts, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_spelling_and_shows_nothing() {
        let secret = SessionSecret::new([0xa5; 32]);
        let text = secret.text();
        assert_eq!(text.len(), 43);
        assert_eq!(SessionSecret::parse(&text).map(|read| read.digest()), Some(secret.digest()));
        // The last character has two bits that say nothing.
        let other = format!("{}V", &text[..42]);
        assert!(text.ends_with('U') && SessionSecret::parse(&other).is_none());
        for bad in ["", "a", &text[..42], &format!("{}=", &text[..42]), &"é".repeat(43)] {
            assert!(SessionSecret::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{secret:?}"), "SessionSecret(..)");
    }

    #[test]
    fn forms_carry_what_only_this_session_has_and_not_the_cookie() {
        let (one, other) = (SessionSecret::new([1; 32]), SessionSecret::new([2; 32]));
        assert!(one.is_csrf(&one.csrf()));
        assert!(!one.is_csrf(&other.csrf()) && !one.is_csrf("") && !one.is_csrf(&one.text()));
    }
}
