//! `POST /api/v1/admin/worker-tokens`: a token for a worker. Source: control plane spec, section 5.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use carnet_authority::mint::{self, Minted, WorkerSigner, WorkerTokenRequest};
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, Format};
use http::{HeaderMap, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::audit::Trail;
use crate::auth::Caller;
use crate::authority::Signer;
use crate::problem::Problem;
use crate::random;
use crate::routes::{body, tickets};
use crate::state::App;

const TTL_DEFAULT: &str = "5m";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    worker_id: String,
    ttl: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    audience: Option<String>,
    version: Option<u8>,
    not_before: Option<String>,
}

/// For an admin, or an issuer for the workers that it is for.
pub(in crate::routes) async fn create(
    State(app): State<App>,
    Caller(grant): Caller,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let input: Input = body::json(&app, &headers, request).await?;
    let rights = grant.routes().ok_or(Problem::forbidden())?;
    rights.permits_mint(input.worker_id.trim()).map_err(|reason| grant.deny(reason))?;
    let minted = mint(&app, &trail, input)?;
    tickets::record(&app, &trail, &minted).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(shown(&minted))).into_response())
}

/// Mints what is asked for, and stores nothing.
pub(in crate::routes) fn mint(app: &App, trail: &Trail, input: Input) -> Result<Minted, Problem> {
    let config = app.config();
    let profile = config.profile.of_worker_tokens();
    let format = input.version.map(format).transpose()?;
    let version = config.tickets.worker_token_version;
    let signer = app.authority().worker_signer(format, version, profile == Profile::Strict);
    let signer =
        signer.ok_or_else(|| Problem::unavailable().with(json!({ "reason": "NoSigningKey" })))?;
    let request = WorkerTokenRequest {
        worker_id: input.worker_id.trim().to_owned(),
        token_id: random_id()?,
        audience: input.audience.unwrap_or_else(|| Audience::ControlPlane.as_str().to_owned()),
        scopes: input.scopes,
        ttl: duration(input.ttl.as_deref().unwrap_or(TTL_DEFAULT), "ttl")?,
        not_before: duration(input.not_before.as_deref().unwrap_or("0"), "not_before")?,
    };
    let issue = tickets::issue(trail, None, app.clock().now())?;
    let signer = match &signer {
        Signer::V1(key) => WorkerSigner::V1(key),
        Signer::V2(key) => WorkerSigner::V2(key),
    };
    mint::worker_token(request, signer, profile, config.auth.worker_token_max_ttl, &issue)
        .map_err(|error| Problem::invalid("NotMinted", "token").saying(error.to_string()))
}

fn shown(minted: &Minted) -> Value {
    let entry = &minted.entry;
    let mut body = json!({
        "token": minted.token.expose_secret(),
        "token_id": entry.token_id,
        "worker_id": entry.subject,
        "audience": entry.audience,
        "scopes": entry.scopes,
        "key_id": entry.key_id.to_string(),
        "issued_at": entry.issued_at.to_string(),
        "expires_at": entry.expires_at.moment().map(|moment| moment.to_string()),
    });
    if let Some(moment) = entry.not_before {
        body["not_before"] = Value::from(moment.to_string());
    }
    body
}

fn format(version: u8) -> Result<Format, Problem> {
    match version {
        1 => Ok(Format::V1),
        2 => Ok(Format::V2),
        _ => Err(Problem::invalid("BadVersion", "version")),
    }
}

pub(in crate::routes) fn duration(text: &str, field: &str) -> Result<Duration, Problem> {
    carnet_config::parse_duration(text).ok_or_else(|| Problem::invalid("BadDuration", field))
}

/// 16 random bytes in hex.
pub(in crate::routes) fn random_id() -> Result<String, Problem> {
    Ok(hex::encode(random::bytes::<16>()?))
}
