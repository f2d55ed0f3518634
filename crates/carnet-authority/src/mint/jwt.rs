//! Minting JSON Web Tokens. Source: credential spec, section 5; what strict verifiers ask for is always there.

use std::time::Duration;

use carnet_ticket::jwt::{self, JwtTicketBuilder, SignError, SigningKey};
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::Class;
use serde_json::{Map, Value};

use super::{Issue, Minted};
use crate::ledger::LedgerEntry;

/// The most bytes of a subject, an audience or a token id.
const TEXT_LEN_MAX: usize = 256;

/// What a token shall say.
#[derive(Debug, Clone, PartialEq)]
pub struct JwtRequest {
    /// Whom it is issued to.
    pub subject: String,
    /// Whom it is meant for, one at least.
    pub audience: Vec<String>,
    /// Its own id.
    pub token_id: String,
    /// How long it counts; fractions of a second do not.
    pub ttl: Duration,
    /// How long until it counts.
    pub not_before: Duration,
    /// Private claims.
    pub claims: Map<String, Value>,
}

/// Why no token was minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtMintError {
    /// No subject, or one that is too long.
    #[error("a subject is 1 to 256 bytes")]
    Subject,
    /// No audience, or one that is empty or too long.
    #[error("an audience is 1 to 256 bytes, and there is one at least")]
    Audience,
    /// No token id, or one that is too long.
    #[error("a token id is 1 to 256 bytes")]
    TokenId,
    /// A life that is not positive, or longer than allowed.
    #[error("the lifetime is not positive, or too long")]
    Lifetime,
    /// It would expire before it counts.
    #[error("not-before is not before the expiry")]
    NotBefore,
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Mints what `request` asks for, for at most `max_ttl`, as `issuer`.
pub fn jwt(
    request: JwtRequest,
    key: SigningKey,
    issuer: &str,
    max_ttl: Option<Duration>,
    issue: &Issue<'_>,
) -> Result<Minted, JwtMintError> {
    check(&request, max_ttl)?;
    let key_id = key.verifying_key().key_id();
    let expires = Expiration::after(issue.now, request.ttl);
    let delay = Some(request.not_before).filter(|delay| delay.as_secs() > 0);
    let not_before = delay.map(|delay| issue.now.after(delay));
    let token = JwtTicketBuilder::new(key)
        .key_id(key_id.to_string())
        .issuer(issuer)
        .subject(&request.subject)
        .issued_at(issue.now)
        .expires_at(expires)
        .token_id(&request.token_id);
    let token = request.audience.iter().fold(token, JwtTicketBuilder::audience);
    let token = not_before.into_iter().fold(token, JwtTicketBuilder::not_before);
    let claims = request.claims.into_iter();
    let token = claims.fold(token, |token, (name, value)| token.claim(name, value));
    let text = token.sign()?;
    let entry = LedgerEntry {
        id: issue.id,
        class: Class::Jwt,
        content_id: jwt::content_id(&text),
        token_id: Some(request.token_id),
        subject: request.subject,
        audience: Some(request.audience.join(" ")),
        scopes: Vec::new(),
        key_id,
        parent_id: None,
        tenant_id: issue.tenant_id.map(str::to_owned),
        issued_by: issue.issued_by.to_owned(),
        issued_at: issue.now,
        not_before,
        expires_at: expires,
        request_id: issue.request_id.to_owned(),
    };
    Ok(Minted { token: text.into(), entry })
}

fn check(request: &JwtRequest, max_ttl: Option<Duration>) -> Result<(), JwtMintError> {
    let is_text = |text: &String| (1..=TEXT_LEN_MAX).contains(&text.len());
    if !is_text(&request.subject) {
        return Err(JwtMintError::Subject);
    }
    if request.audience.is_empty() || !request.audience.iter().all(is_text) {
        return Err(JwtMintError::Audience);
    }
    if !is_text(&request.token_id) {
        return Err(JwtMintError::TokenId);
    }
    let is_too_long = max_ttl.is_some_and(|max| request.ttl > max);
    if request.ttl.as_secs() == 0 || is_too_long {
        return Err(JwtMintError::Lifetime);
    }
    if request.not_before.as_secs() < request.ttl.as_secs() {
        Ok(())
    } else {
        Err(JwtMintError::NotBefore)
    }
}
