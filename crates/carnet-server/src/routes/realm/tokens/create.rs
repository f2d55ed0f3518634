//! `POST /api/auth/tokens`: a token for an agent, shown once.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use carnet_authority::audit::Kind;
use carnet_store::{InsertTokenError, TokenRow};
use carnet_ticket::realm::AgentToken;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::shown;
use crate::audit::Trail;
use crate::auth::{Caller, owner};
use crate::problem::Problem;
use crate::random;
use crate::routes::body;
use crate::routes::realm::checked_name;
use crate::state::App;

const DESCRIPTION_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    name: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "body::maybe_number")]
    expires_in: Option<u64>,
}

/// Makes a token. Of the text only its hash is kept.
pub(in crate::routes) async fn create(
    State(app): State<App>,
    Caller(grant): Caller,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let input: Input = body::realm_json(&app, &headers, request).await?;
    let text = AgentToken::text(&random::bytes()?);
    let id = AgentToken::parse(&text).map_err(|_| Problem::internal())?.id();
    let (now, longest) = (app.clock().now(), app.config().realm.max_agent_token_ttl);
    let ttl = match input.expires_in {
        Some(0) => return Err(Problem::invalid("NoTime", "expiresIn")),
        Some(s) => Duration::from_secs(s).min(longest),
        None => longest,
    };
    let token = TokenRow {
        id,
        owner: owner(&grant)?,
        name: checked_name(input.name, "name")?,
        description: input.description.map(checked_description).transpose()?,
        created_at: now,
        expires_at: now.after(ttl),
    };
    let event = trail.event(Kind::Ticket, "agent_token.mint", &id.to_string());
    app.store().audited(event).insert_token(token.clone()).await.map_err(|error| match error {
        InsertTokenError::Store(error) => error.into(),
        _ => Problem::conflict(),
    })?;
    let mut body = shown(&token);
    body["token"] = Value::from(text);
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn checked_description(text: String) -> Result<String, Problem> {
    let is_shown = |character: char| !character.is_control() || character == '\n';
    let is_good = text.chars().count() <= DESCRIPTION_MAX && text.chars().all(is_shown);
    is_good.then_some(text).ok_or_else(|| Problem::invalid("BadDescription", "description"))
}
