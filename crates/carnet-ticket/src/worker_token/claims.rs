//! [`Claims`]: what a token says, and what of it may be minted.

use std::time::Duration;

use super::{Audience, Format, LAST_S, LIFETIME_MAX, WorkerScope};
use crate::claim::ClaimName;
use crate::verify::Profile;

/// The most characters of a worker id or token id.
const ID_LEN_MAX: usize = 128;

/// What a token says. Nothing is checked: [`Claims::check`] does that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// `worker_id`: whom it names.
    pub worker_id: String,
    /// `jti`: its own id; empty for none.
    pub token_id: String,
    /// `aud`: the endpoint it is for; empty for none.
    pub audience: String,
    /// `scopes`.
    pub scopes: Vec<String>,
    /// `exp`: the first second at which it no longer counts, Unix time.
    pub expires_s: i64,
    /// `iat`: when it was issued, Unix time; 0 for not said.
    pub issued_at_s: i64,
    /// `nbf`: from when it counts, Unix time; 0 for at once.
    pub not_before_s: i64,
}

/// Why no token was made. In the order in which it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The key is blank.
    #[error("the signing key is blank")]
    NoKey,
    /// The worker id is blank, or has other characters than it may.
    #[error("a worker id is 1 to 128 of A-Z a-z 0-9 . _ -, and neither . nor ..")]
    WorkerId,
    /// The token id is blank, or has other characters than it may.
    #[error("a token id is 1 to 128 of A-Z a-z 0-9 . _ : -")]
    TokenId,
    /// Neither of the two audiences.
    #[error("an audience is worker:control-plane or worker:rpc")]
    Audience,
    /// Not one of the eight scopes.
    #[error("{0} is not a worker scope")]
    UnknownScope(ClaimName),
    /// A life that is not positive, or longer than allowed.
    #[error("the lifetime is not positive, or too long")]
    Lifetime,
    /// It would expire before it counts.
    #[error("not-before is not before the expiry")]
    NotBefore,
}

impl Claims {
    /// Whether an authority may mint them. `max_ttl` is what its configuration allows; more than
    /// [`LIFETIME_MAX`] is never allowed.
    pub fn check(
        &self,
        format: Format,
        profile: Profile,
        max_ttl: Duration,
    ) -> Result<(), MintError> {
        // Old fleets name workers and tokens as they like.
        let is_free = format == Format::V1 && profile == Profile::Compat;
        let is_said = |text: &str| is_free && !text.trim().is_empty();
        if !(is_worker_id(&self.worker_id) || is_said(&self.worker_id)) {
            return Err(MintError::WorkerId);
        }
        if !(is_token_id(&self.token_id) || is_said(&self.token_id)) {
            return Err(MintError::TokenId);
        }
        Audience::parse(&self.audience).ok_or(MintError::Audience)?;
        let foreign = self.scopes.iter().find(|scope| WorkerScope::parse(scope).is_none());
        if let Some(scope) = foreign {
            return Err(MintError::UnknownScope(ClaimName::new(scope)));
        }
        self.check_time(max_ttl)
    }

    fn check_time(&self, max_ttl: Duration) -> Result<(), MintError> {
        let max_s = i64::try_from(max_ttl.min(LIFETIME_MAX).as_secs()).unwrap_or(0);
        let is_dated = self.issued_at_s > 0 && self.expires_s <= LAST_S;
        if !is_dated || !(1..=max_s).contains(&self.expires_s.saturating_sub(self.issued_at_s)) {
            return Err(MintError::Lifetime);
        }
        if (0..self.expires_s).contains(&self.not_before_s) {
            Ok(())
        } else {
            Err(MintError::NotBefore)
        }
    }
}

/// Whether `text` may name a worker.
pub(super) fn is_worker_id(text: &str) -> bool {
    is_id(text, "._-") && !matches!(text, "." | "..")
}

/// Whether `text` may name a token.
pub(super) fn is_token_id(text: &str) -> bool {
    is_id(text, "._:-")
}

fn is_id(text: &str, marks: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || marks.as_bytes().contains(&byte);
    (1..=ID_LEN_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}
