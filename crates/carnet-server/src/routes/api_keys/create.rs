//! `POST /api/v1/admin/api-keys`: a key for a service, shown once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_authority::audit::{Details, Kind};
use carnet_store::NewApiKey;
use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Timestamp;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::shown;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::random;
use crate::routes::body;
use crate::state::App;

const NAME_LEN_MAX: usize = 100;
const TENANT_LEN_MAX: usize = 64;
const SUBJECTS_MAX: usize = 64;
const SUBJECT_LEN_MAX: usize = 128;
const ROLES: [&str; 5] = ["viewer", "api", "operator", "tenant_admin", "issuer"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    name: String,
    role: String,
    tenant_id: Option<String>,
    expires_at: Option<String>,
    #[serde(default)]
    subjects: Vec<String>,
}

pub(in crate::routes) async fn create(
    State(app): State<App>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let input: Input = body::json(&app, &headers, request).await?;
    let now = app.clock().now();
    let id = ApiKeyId(Ulid::new(now, random::bytes()?));
    let text = id.text(&URL_SAFE_NO_PAD.encode(random::bytes::<32>()?));
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
        subjects: checked_subjects(input.subjects, &input.role)?,
    };
    let mut event = trail.event(Kind::Config, "api_key.create", &id.to_string());
    event.details =
        Details::new([("role".to_owned(), key.role.as_str().into())].into_iter().collect());
    app.store().audited(event).insert_api_key(key.clone()).await?;
    let body = json!({ "key": shown(&key), "api_key": text });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn checked_name(name: String) -> Result<String, Problem> {
    let is_name = (1..=NAME_LEN_MAX).contains(&name.len())
        && !name.trim().is_empty()
        && !name.chars().any(char::is_control);
    is_name.then_some(name).ok_or(Problem::invalid("BadName", "name"))
}

/// Globs of worker ids, which an issuer has to have and nobody else may.
fn checked_subjects(subjects: Vec<String>, role: &str) -> Result<Vec<String>, Problem> {
    let is_glob = |glob: &String| {
        (1..=SUBJECT_LEN_MAX).contains(&glob.len()) && !glob.chars().any(char::is_control)
    };
    let is_issuer = role == "issuer";
    let is_right = subjects.is_empty() != is_issuer && subjects.len() <= SUBJECTS_MAX;
    let is_right = is_right && subjects.iter().all(is_glob);
    is_right.then_some(subjects).ok_or(Problem::invalid("BadSubjects", "subjects"))
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
