//! `POST /api/v1/tasks`: asks for something to be done. `?dry_run=true` tells what would come of it.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use carnet_authority::audit::{Details, Kind};
use carnet_ticket::realm::RealmId;
use carnet_ticket::task::TaskId;
use carnet_ticket::verify::Reason;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

use crate::audit::Trail;
use crate::auth::{Caller, InRealm, actor, in_realm};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;
use crate::tasks::{self, Submission, SubmitError, Submitted, TaskRequest, shown};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_LEN_MAX: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Params {
    #[serde(default)]
    dry_run: bool,
}

pub(in crate::routes) async fn create(
    State(app): State<App>,
    Caller(grant): Caller,
    at_home: InRealm,
    params: Result<Query<Params>, QueryRejection>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let Query(Params { dry_run }) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    let config = app.config();
    let bytes = body::read(&app, &headers, request, config.server.max_body.0).await?;
    let key = key(&headers)?;
    let TaskRequest { spec, realm } = TaskRequest::parse(&bytes, &config.tasks)?;
    let realm = match realm {
        Some(named) => in_realm(&app, at_home.grant, &named)?.realm,
        None => at_home.realm,
    };
    let capability = spec.capability.to_string();
    let tenant_id = grant.routes().and_then(|scopes| scopes.tenant.clone());
    let key = key.map(|key| (key, digest(&bytes, &realm, tenant_id.as_deref())));
    let submission = Submission {
        spec,
        realm,
        created_by: actor(&grant),
        tenant_id,
        caller_expires_at: grant.expires().moment(),
        key,
    };
    let problem = |error| problem(&grant, error);
    if dry_run {
        return Ok(Json(tasks::dry_run(&app, &submission).await.map_err(problem)?).into_response());
    }
    let event = |id: TaskId| {
        let mut event = trail.event(Kind::Task, "task.submit", &id.to_string());
        event.details =
            Details::new(Map::from_iter([("capability".to_owned(), capability.into())]));
        event
    };
    let (status, row) = match tasks::submit(&app, submission, event).await.map_err(problem)? {
        Submitted::New(row) => (StatusCode::ACCEPTED, row),
        Submitted::Same(row) => (StatusCode::OK, row),
    };
    let location = [(header::LOCATION, format!("/api/v1/tasks/{}", row.task.id))];
    Ok((status, location, Json(json!({ "task": shown::task(&row) }))).into_response())
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=KEY_LEN_MAX).contains(&key.len()));
    let key = key.ok_or_else(|| Problem::invalid("Malformed", "Idempotency-Key"))?;
    Ok(Some(key.to_owned()))
}

/// Of what is asked for: the body, and for whom.
fn digest(body: &[u8], realm: &RealmId, tenant: Option<&str>) -> [u8; 32] {
    let whose = format!("{realm}\n{}\n", tenant.unwrap_or_default());
    Sha256::new().chain_update(whose).chain_update(body).finalize().into()
}

fn problem(grant: &carnet_gate::Grant, error: SubmitError) -> Problem {
    match error {
        SubmitError::Policy(check) => {
            Problem { denied: Some(Box::new(grant.deny(Reason::Scope))), ..Problem::forbidden() }
                .with(json!({ "resource_type": check.resource_type, "value": check.value }))
        }
        SubmitError::Input => grant.deny(Reason::Scope).into(),
        SubmitError::Full => {
            Problem { code: "resource_limit", ..Problem::rate_limited(Duration::from_secs(1)) }
        }
        SubmitError::OtherBody => Problem::conflict(),
        SubmitError::NoRandomness => Problem::internal(),
        SubmitError::Store(error) => error.into(),
    }
}
