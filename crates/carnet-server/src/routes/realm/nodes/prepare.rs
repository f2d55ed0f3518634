//! `POST /api/realm/{realm}/prepare-nodes`.

use std::collections::HashSet;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use carnet_ticket::realm::NodeKey;
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::scope_problem;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// The most keys that are asked about at a time.
const KEYS_MAX: usize = 1000;

/// Tells which nodes have to be uploaded; the others are kept for a while.
pub(in crate::routes) async fn prepare(
    State(app): State<App>,
    caller: InRealm,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    let keys = parse(&bytes)?;
    let exists = app.realms().prepare(caller.rights()?, &keys).await;
    let exists = exists.map_err(|error| scope_problem(&caller, error))?;
    let (exists, missing): (Vec<NodeKey>, Vec<_>) =
        keys.into_iter().partition(|key| exists.contains(key));
    Ok(Json(json!({ "missing": missing, "exists": exists })))
}

/// The keys in the body, in their order, each once.
fn parse(bytes: &[u8]) -> Result<Vec<NodeKey>, Problem> {
    let json: Value =
        serde_json::from_slice(bytes).map_err(|_| Problem::invalid("Json", "body"))?;
    let texts = json.get("keys").and_then(Value::as_array);
    let texts = texts.ok_or_else(|| Problem::invalid("WrongType", "keys"))?;
    if !(1..=KEYS_MAX).contains(&texts.len()) {
        return Err(Problem::invalid("Count", "keys"));
    }
    let mut seen = HashSet::with_capacity(texts.len());
    let mut keys = Vec::with_capacity(texts.len());
    for text in texts {
        let text = text.as_str().ok_or_else(|| Problem::invalid("WrongType", "keys"))?;
        let key: NodeKey =
            text.parse().map_err(|error| Problem::invalid(&format!("{error:?}"), "keys"))?;
        if seen.insert(key) {
            keys.push(key);
        }
    }
    Ok(keys)
}
