//! Minting worker tokens. Source: worker token spec, section 6.

use std::time::Duration;

use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Profile};
use carnet_ticket::worker_token::{
    self, Claims, Format, HmacKey, MintError, WorkerScope, mint_v1, mint_v2,
};

use super::{Issue, Minted};
use crate::ledger::LedgerEntry;

/// What a worker token shall say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerTokenRequest {
    /// Whom it names.
    pub worker_id: String,
    /// Its own id.
    pub token_id: String,
    /// The endpoint it is for.
    pub audience: String,
    /// What it allows; none: all eight.
    pub scopes: Vec<String>,
    /// How long it counts; fractions of a second do not.
    pub ttl: Duration,
    /// How long until it counts.
    pub not_before: Duration,
}

/// The key to sign with, and so the format.
#[derive(Debug, Clone, Copy)]
pub enum WorkerSigner<'a> {
    /// Format 1.
    V1(&'a HmacKey),
    /// Format 2.
    V2(&'a SigningKey),
}

/// Mints what `request` asks for, for at most `max_ttl`.
pub fn worker_token(
    request: WorkerTokenRequest,
    signer: WorkerSigner<'_>,
    profile: Profile,
    max_ttl: Duration,
    issue: &Issue<'_>,
) -> Result<Minted, MintError> {
    let claims = claims(request, issue.now);
    let (format, key_id) = match signer {
        WorkerSigner::V1(key) => (Format::V1, key.key_id()),
        WorkerSigner::V2(key) => (Format::V2, key.verifying_key().key_id()),
    };
    claims.check(format, profile, max_ttl)?;
    let token = match signer {
        WorkerSigner::V1(key) => mint_v1(key, &claims)?,
        WorkerSigner::V2(key) => mint_v2(key, &claims)?,
    };
    let covered = token.rsplit_once('.').map_or(token.as_str(), |(covered, _)| covered);
    let not_before = Some(claims.not_before_s).filter(|moment| *moment > 0);
    let entry = LedgerEntry {
        id: issue.id,
        class: Class::WorkerToken,
        content_id: worker_token::CLASS.derive(covered),
        token_id: Some(claims.token_id),
        subject: claims.worker_id,
        audience: Some(claims.audience),
        scopes: claims.scopes,
        key_id,
        parent_id: None,
        tenant_id: issue.tenant_id.map(str::to_owned),
        issued_by: issue.issued_by.to_owned(),
        issued_at: Timestamp::from_unix_s(claims.issued_at_s),
        not_before: not_before.map(Timestamp::from_unix_s),
        expires_at: Expiration::At(Timestamp::from_unix_s(claims.expires_s)),
        request_id: issue.request_id.to_owned(),
    };
    Ok(Minted { token: token.into(), entry })
}

fn claims(request: WorkerTokenRequest, now: Timestamp) -> Claims {
    let after = |duration: Duration| {
        now.unix_s().saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
    };
    let all = || WorkerScope::ALL.map(|scope| scope.as_str().to_owned()).to_vec();
    let delay = Some(request.not_before).filter(|delay| delay.as_secs() > 0);
    Claims {
        worker_id: request.worker_id,
        token_id: request.token_id,
        audience: request.audience,
        scopes: if request.scopes.is_empty() { all() } else { request.scopes },
        expires_s: after(request.ttl),
        issued_at_s: now.unix_s(),
        not_before_s: delay.map_or(0, after),
    }
}
