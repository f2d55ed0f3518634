//! `POST /api/v1/admin/tickets`: mints a ticket. It is shown once, after ledger and audit have it.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use carnet_authority::mint::Minted;
use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::{capability, jwt, record, shown};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::{body, worker_tokens};
use crate::state::App;

/// What is minted, by class. Unknown and repeated members are refused.
#[derive(Deserialize)]
#[serde(tag = "class", rename_all = "kebab-case")]
pub(crate) enum Input {
    Capability(capability::Input),
    WorkerToken(worker_tokens::Input),
    Jwt(jwt::Input),
}

pub(in crate::routes) async fn create(
    State(app): State<App>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let input = body::json(&app, &headers, request).await?;
    let minted = mint(&app, &trail, input).await?;
    let body = json!({
        "token": minted.token.expose_secret(),
        "entry": shown(&app, &minted.entry).await?,
    });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Mints what is asked for. Ledger and audit have it when this returns.
pub(crate) async fn mint(app: &App, trail: &Trail, input: Input) -> Result<Minted, Problem> {
    let minted = match input {
        Input::Capability(input) => capability::mint(app, trail, input)?,
        Input::WorkerToken(input) => worker_tokens::mint(app, trail, input)?,
        Input::Jwt(input) => jwt::mint(app, trail, input)?,
    };
    record(app, trail, &minted).await?;
    Ok(minted)
}
