//! `POST /api/v1/admin/api-keys`: a key for a service, shown once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_store::NewApiKey;
use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Timestamp;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::shown;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

const NAME_LEN_MAX: usize = 100;
const TENANT_LEN_MAX: usize = 64;
const ROLES: [&str; 5] = ["viewer", "api", "operator", "tenant_admin", "issuer"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    name: String,
    role: String,
    tenant_id: Option<String>,
    expires_at: Option<String>,
}

pub(in crate::routes) async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let input: Input = body::json(&app, &headers, request).await?;
    let now = app.clock().now();
    let mut random = [0; 10];
    let mut secret = [0; 32];
    getrandom::fill(&mut random)
        .and_then(|()| getrandom::fill(&mut secret))
        .map_err(|_| Problem::internal())?;
    let id = ApiKeyId(Ulid::new(now, random));
    let text = id.text(&URL_SAFE_NO_PAD.encode(secret));
    let key = NewApiKey {
        id,
        name: checked_name(input.name)?,
        role: ROLES
            .into_iter()
            .find(|role| *role == input.role)
            .ok_or(Problem::invalid("BadRole", "role"))?
            .to_owned(),
        tenant_id: input.tenant_id.map(checked_tenant).transpose()?,
        hash: carnet_ticket::api_key::digest(&text),
        created_at: now,
        expires_at: input.expires_at.map(|text| checked_end(&text, now)).transpose()?,
    };
    app.store().insert_api_key(key.clone()).await?;
    let body = json!({ "key": shown(&key), "api_key": text });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn checked_name(name: String) -> Result<String, Problem> {
    let is_name =
        (1..=NAME_LEN_MAX).contains(&name.trim().len()) && !name.chars().any(char::is_control);
    is_name.then_some(name).ok_or(Problem::invalid("BadName", "name"))
}

fn checked_tenant(tenant: String) -> Result<String, Problem> {
    let is_id = (1..=TENANT_LEN_MAX).contains(&tenant.len())
        && tenant.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    is_id.then_some(tenant).ok_or(Problem::invalid("BadTenant", "tenant_id"))
}

fn checked_end(text: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let moment = Timestamp::from_rfc3339(text).filter(|moment| *moment > now);
    moment.ok_or(Problem::invalid("BadTime", "expires_at"))
}
