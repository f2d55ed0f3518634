//! What a worker without a certificate of the fleet is shown by its control plane. Source: worker token spec, section 6.
//!
//! A token of its own for each call: it is over within a minute, and stands in no ledger.

use std::time::Duration;

use carnet_ticket::rpc::Method;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, Claims, ID_HEADER, MintError, TOKEN_HEADER};
use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;

use super::Callee;
use crate::random;
use crate::state::App;

const WORKER_ID: HeaderName = HeaderName::from_static(ID_HEADER);
const WORKER_TOKEN: HeaderName = HeaderName::from_static(TOKEN_HEADER);

/// How long a token counts.
const TTL: Duration = Duration::from_mins(1);

/// Why a worker has no token shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TokenError {
    /// Nothing signs one.
    #[error("there is neither a key that signs worker tokens, nor auth.worker_token")]
    NoSigningKey,
    /// No scope is for that.
    #[error("no worker has that method")]
    UnknownMethod,
    /// It may not be minted.
    #[error("the token may not be minted")]
    Mint(#[from] MintError),
    /// It has no id.
    #[error("the machine gives no random bytes")]
    NoRandomness(#[from] getrandom::Error),
    /// It has characters that no header has.
    #[error("the token cannot be sent in a header")]
    Header(#[from] InvalidHeaderValue),
}

/// The headers that let this server have `method` run at `callee`: with a new token, or with the one of the configuration
/// where the worker itself came with that. Nobody is shown one that it has not shown: it counts for others too.
pub(super) fn headers(app: &App, callee: &Callee, method: &str) -> Result<HeaderMap, TokenError> {
    let (config, id) = (app.config(), callee.worker_id.as_str());
    let fixed = config.auth.worker_tokens.get(id).or(config.auth.worker_token.as_ref());
    let minted = match app.registry().shows_static(&callee.worker_id) {
        Some(true) => None,
        Some(false) => Some(mint(app, id, method)?),
        // It has not come since this process began.
        None => mint(app, id, method).ok(),
    };
    let text = match (&minted, fixed) {
        (Some(minted), _) => minted.as_str(),
        (None, Some(fixed)) => fixed.expose_secret(),
        (None, None) => return Err(TokenError::NoSigningKey),
    };
    let mut token = HeaderValue::from_str(text)?;
    token.set_sensitive(true);
    Ok(HeaderMap::from_iter([(WORKER_ID, HeaderValue::from_str(id)?), (WORKER_TOKEN, token)]))
}

fn mint(app: &App, worker_id: &str, method: &str) -> Result<String, TokenError> {
    let (config, now) = (app.config(), app.clock().now());
    let scope = Method::parse(method).ok_or(TokenError::UnknownMethod)?.scope();
    let profile = config.profile.of_worker_tokens();
    let version = config.tickets.worker_token_version;
    let signer = app.authority().worker_signer(None, version, profile == Profile::Strict);
    let ttl = TTL.min(config.auth.worker_token_max_ttl);
    let claims = Claims {
        worker_id: worker_id.to_owned(),
        token_id: hex::encode(random::bytes::<16>()?),
        audience: Audience::Rpc.as_str().to_owned(),
        scopes: vec![scope.as_str().to_owned()],
        expires_s: now.after(ttl).unix_s(),
        issued_at_s: now.unix_s(),
        not_before_s: 0,
    };
    Ok(signer.ok_or(TokenError::NoSigningKey)?.mint(&claims, profile)?)
}
