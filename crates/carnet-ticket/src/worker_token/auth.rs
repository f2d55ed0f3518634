//! [`authenticate`]: who calls, by the headers of a request. Source: worker token spec, section 5.

use super::format::is_too_long;
use super::{Audience, Format, WorkerKeys, WorkerScopes, WorkerTokenError, verify};
use crate::id::{KeyId, UniqueId};
use crate::time::{Expiration, Timestamp};
use crate::verify::Profile;

/// What an endpoint judges by.
#[derive(Debug, Clone, Default)]
pub struct WorkerAuth {
    /// Keys and static tokens.
    pub keys: WorkerKeys,
    /// How strictly v1 tokens are judged.
    pub profile: Profile,
}

/// The headers that count.
#[derive(Clone, Copy, Default)]
pub struct WorkerHeaders<'a> {
    /// `X-Worker-ID`.
    pub worker_id: Option<&'a str>,
    /// `X-Worker-Token`.
    pub worker_token: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
}

/// A worker, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerIdentity {
    /// Who it is.
    pub worker_id: String,
    /// What it may do.
    pub scopes: WorkerScopes,
    /// What it showed.
    pub via: Via,
    /// The id of its token.
    pub token_id: Option<String>,
    /// The key that signed its token, or the one that its static token is.
    pub key_id: KeyId,
    /// When its token was issued.
    pub issued_at: Option<Timestamp>,
    /// Until when this holds.
    pub expires: Expiration,
    /// Names its token; `None` for static ones.
    pub content_id: Option<UniqueId>,
}

/// What a worker showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// A v1 token.
    SignedV1,
    /// A v2 token.
    SignedV2,
    /// Its own static token.
    WorkerTokens,
    /// The shared static token.
    WorkerToken,
}

impl Via {
    /// The stable name in logs and output: the key of the configuration for static tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedV1 => "signed-v1",
            Self::SignedV2 => "signed-v2",
            Self::WorkerTokens => "worker_tokens",
            Self::WorkerToken => "worker_token",
        }
    }
}

/// Who calls `endpoint` at `now`. Control plane and worker use this one function.
pub fn authenticate(
    auth: &WorkerAuth,
    endpoint: Audience,
    headers: &WorkerHeaders<'_>,
    now: Timestamp,
) -> Result<WorkerIdentity, WorkerTokenError> {
    auth.identify(endpoint, headers.worker_id, headers.token(), now)
}

/// The header that names a worker.
pub const ID_HEADER: &str = "x-worker-id";

/// The header of its token, which wins over `Authorization`.
pub const TOKEN_HEADER: &str = "x-worker-token";

/// What stands for a text that is none.
const UNREADABLE: &str = "?";

impl<'a> WorkerHeaders<'a> {
    /// Those of a request, each asked for by its name. One that is no text is there all the same: it says nothing that
    /// counts.
    pub fn read(header: impl Fn(&'static str) -> Option<&'a [u8]>) -> Self {
        let text = |name| Some(std::str::from_utf8(header(name)?).unwrap_or(UNREADABLE));
        Self {
            worker_id: text(ID_HEADER),
            worker_token: text(TOKEN_HEADER),
            authorization: text("authorization"),
        }
    }

    /// The token that is presented: a header of its own wins, even when what it says is wrong.
    pub fn token(&self) -> Option<&'a str> {
        said(self.worker_token).or_else(|| {
            let (scheme, token) = self.authorization?.trim().split_once(char::is_whitespace)?;
            said(Some(token)).filter(|_| scheme.eq_ignore_ascii_case("bearer"))
        })
    }
}

impl WorkerAuth {
    pub(super) fn identify(
        &self,
        endpoint: Audience,
        worker_id: Option<&str>,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<WorkerIdentity, WorkerTokenError> {
        if self.keys.is_empty() {
            return Err(WorkerTokenError::Unconfigured);
        }
        let token = said(token).ok_or(WorkerTokenError::NoToken)?;
        let worker_id = said(worker_id).ok_or(WorkerTokenError::NoWorkerId)?;
        if is_too_long(token) {
            return Err(WorkerTokenError::TooLong);
        }
        match Format::of(token) {
            Some(_) => self.identify_signed(endpoint, worker_id, token, now),
            None => self.keys.identify_static(worker_id, token),
        }
    }

    fn identify_signed(
        &self,
        endpoint: Audience,
        worker_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<WorkerIdentity, WorkerTokenError> {
        let token = verify(token, &self.keys, self.profile, Some(endpoint), now)?;
        if token.worker_id != worker_id {
            return Err(WorkerTokenError::WorkerIdMismatch);
        }
        if token.token_id.as_deref().is_some_and(|id| self.keys.revokes(id)) {
            return Err(WorkerTokenError::Revoked);
        }
        Ok(WorkerIdentity {
            worker_id: token.worker_id,
            scopes: token.scopes,
            via: match token.format {
                Format::V1 => Via::SignedV1,
                Format::V2 => Via::SignedV2,
            },
            token_id: token.token_id,
            key_id: token.key_id,
            issued_at: token.issued_at,
            expires: token.expires,
            content_id: Some(token.content_id),
        })
    }
}

impl WorkerKeys {
    fn identify_static(
        &self,
        worker_id: &str,
        token: &str,
    ) -> Result<WorkerIdentity, WorkerTokenError> {
        let (via, key_id) =
            self.static_token(worker_id, token).ok_or(WorkerTokenError::StaticMismatch)?;
        Ok(WorkerIdentity {
            worker_id: worker_id.to_owned(),
            scopes: WorkerScopes::all(),
            via,
            token_id: None,
            key_id,
            issued_at: None,
            expires: Expiration::Never,
            content_id: None,
        })
    }
}

/// A text that says something, trimmed.
fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
