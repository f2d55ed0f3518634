//! `POST /route`: the worker that a task would be given to.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use axum::response::Json;
use carnet_ticket::identity::{CapabilityId, Version};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::registry::Want;
use crate::registry::form::{self, Members};
use crate::state::App;

/// What a request that says no version is served by.
const VERSION: Version = Version { major: 1, minor: 0, patch: 0 };

pub(in crate::fleet) async fn route(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let body = super::json(&app, &headers, body).await?;
    if !body.is_object() {
        return Err(form::unprocessable(vec![form::no_object(&body)]));
    }
    let mut members = Members::of(&body);
    let (verb, capability) = (members.text("verb"), members.text("capability"));
    let version = members.maybe_text("version");
    let requires_gpu = members.maybe_flag("requires_gpu").unwrap_or(false);
    let labels = members.maybe_texts_by_name("labels").unwrap_or_default();
    let faults = members.faults();
    if !faults.is_empty() {
        return Err(form::unprocessable(faults));
    }
    let key = format!("{verb}:{capability}");
    let want = want(verb, &capability, version.as_deref(), labels, requires_gpu);
    let lost_after = app.config().registry.lost_after;
    let found = want.and_then(|want| app.registry().route(&want, lost_after));
    let (id, url) = found.ok_or_else(|| {
        let detail = format!("No worker available for {key}");
        Problem::detailed(StatusCode::NOT_FOUND, "not_found", detail)
    })?;
    Ok(Json(json!({ "worker_id": id.as_str(), "worker_url": url, "capability": key })))
}

/// What is asked for; nothing when it is nothing that can be offered.
fn want(
    verb: String,
    capability: &str,
    version: Option<&str>,
    labels: BTreeMap<String, String>,
    requires_gpu: bool,
) -> Option<Want> {
    Some(Want {
        capability: capability.parse::<CapabilityId>().ok()?,
        verb: Some(verb),
        version: version.map_or(Some(VERSION), |version| version.parse().ok())?,
        labels,
        requires_gpu,
    })
}
