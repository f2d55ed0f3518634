//! [`verify`]: a token's text to what may be believed. Source: worker token spec, section 4.

use std::borrow::Cow;

use super::claims::{is_token_id, is_worker_id};
use super::dialect::Dialect;
use super::format::Parts;
use super::members::Members;
use super::{
    Audience, CLASS, Format, LIFETIME_MAX, SKEW, WorkerKeys, WorkerScope, WorkerScopes,
    WorkerTokenError,
};
use crate::claim::ClaimName;
use crate::id::{KeyId, UniqueId};
use crate::time::{Expiration, Timestamp};
use crate::verify::Profile;

/// A token that was found good. Only [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerToken {
    /// Its format.
    pub format: Format,
    /// Names its content, which has one spelling.
    pub content_id: UniqueId,
    /// The key that signed it.
    pub key_id: KeyId,
    /// Whom it names.
    pub worker_id: String,
    /// Its own id.
    pub token_id: Option<String>,
    /// What it allows.
    pub scopes: WorkerScopes,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// From when it counts.
    pub not_before: Option<Timestamp>,
    /// Until when it counts.
    pub expires: Expiration,
}

/// What `token` says, if it may be believed at `now` by an endpoint that demands `audience` (`None`: any).
pub fn verify(
    token: &str,
    keys: &WorkerKeys,
    profile: Profile,
    audience: Option<Audience>,
    now: Timestamp,
) -> Result<WorkerToken, WorkerTokenError> {
    let parts = Parts::of(token)?;
    let key_id = keys.signer(parts.signed, &parts.signature)?;
    let dialect = Dialect::of(parts.format(), profile);
    let json = dialect.decode(parts.payload)?;
    let mut said = Members::read(&json, dialect)?;
    said.trim(dialect);
    said.check_required(dialect)?;
    said.check_time(now)?;
    said.check_audience(dialect, audience)?;
    Ok(WorkerToken {
        format: parts.format(),
        content_id: CLASS.derive(parts.signed),
        key_id,
        scopes: said.granted(dialect),
        issued_at: moment(said.issued_at_s),
        not_before: moment(said.not_before_s),
        expires: Expiration::At(Timestamp::from_unix_s(said.expires_s)),
        token_id: non_empty(said.token_id),
        worker_id: said.worker_id.into_owned(),
    })
}

impl Members<'_> {
    pub(super) fn trim(&mut self, dialect: Dialect) {
        for text in [&mut self.worker_id, &mut self.token_id, &mut self.audience] {
            let trimmed = dialect.trim(text);
            if trimmed.len() < text.len() {
                *text = Cow::Owned(trimmed.to_owned());
            }
        }
    }

    /// Steps 8 and 9: what must be there is there, and in v2 of the characters that ids have.
    fn check_required(&self, dialect: Dialect) -> Result<(), WorkerTokenError> {
        let is_compat = dialect == Dialect::V1Compat;
        let is_said = |text: &str| text.contains(|letter: char| !letter.is_whitespace());
        let required = [
            ("worker_id", is_said(&self.worker_id)),
            ("exp", self.expires_s > 0),
            ("jti", is_compat || is_said(&self.token_id)),
            ("aud", is_compat || is_said(&self.audience)),
            ("scopes", dialect != Dialect::V2 || self.scopes.is_some()),
            ("iat", is_compat || self.issued_at_s > 0),
        ];
        if let Some((name, _)) = required.into_iter().find(|(_, is_there)| !is_there) {
            return Err(WorkerTokenError::MissingClaim(ClaimName::new(name)));
        }
        let wrong_id = match dialect {
            Dialect::V1Strict | Dialect::V1Compat => None,
            Dialect::V2 if !is_worker_id(&self.worker_id) => Some("worker_id"),
            Dialect::V2 => (!is_token_id(&self.token_id)).then_some("jti"),
        };
        wrong_id.map_or(Ok(()), |name| Err(WorkerTokenError::WrongType(ClaimName::new(name))))
    }

    /// Steps 10 to 12. Other dialects than compat do not have times below 0.
    fn check_time(&self, now: Timestamp) -> Result<(), WorkerTokenError> {
        if Timestamp::from_unix_s(self.expires_s) <= now {
            return Err(WorkerTokenError::Expired);
        }
        let latest = now.after(SKEW);
        if moment(self.not_before_s).is_some_and(|moment| latest < moment) {
            return Err(WorkerTokenError::NotYetValid);
        }
        let Some(issued_at) = moment(self.issued_at_s) else { return Ok(()) };
        if latest < issued_at {
            return Err(WorkerTokenError::IssuedInFuture);
        }
        if Timestamp::from_unix_s(self.expires_s).since(issued_at) > LIFETIME_MAX {
            return Err(WorkerTokenError::Lifetime);
        }
        Ok(())
    }

    fn check_audience(
        &self,
        dialect: Dialect,
        demanded: Option<Audience>,
    ) -> Result<(), WorkerTokenError> {
        let fits_any = dialect == Dialect::V1Compat && self.audience.is_empty();
        match demanded {
            Some(demanded) if !fits_any && self.audience != demanded.as_str() => {
                Err(WorkerTokenError::Audience)
            }
            _ => Ok(()),
        }
    }

    /// Step 14.
    fn granted(&self, dialect: Dialect) -> WorkerScopes {
        let names = self.scopes.iter().flatten();
        let known = names.filter_map(|name| WorkerScope::parse(dialect.trim(name)));
        let scopes: WorkerScopes = known.collect();
        match dialect {
            Dialect::V1Compat if scopes.is_empty() => WorkerScopes::all(),
            Dialect::V1Compat => scopes,
            Dialect::V1Strict | Dialect::V2 => scopes.without_repeats(),
        }
    }
}

/// A moment that is said: 0 and less say nothing.
pub(super) fn moment(seconds: i64) -> Option<Timestamp> {
    (seconds > 0).then(|| Timestamp::from_unix_s(seconds))
}

pub(super) fn non_empty(text: Cow<'_, str>) -> Option<String> {
    (!text.is_empty()).then(|| text.into_owned())
}
