//! `GET /api/realm/{realm}/nodes/{key}/metadata`.

use axum::Json;
use axum::extract::{Path, State};
use carnet_realm::node::{self, HEADER_LEN, KEY_LEN, NodeKind};
use carnet_store::NodeRow;
use serde_json::{Map, Value, json};

use super::{key_in_path, read_problem};
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// What a node is, without its data.
pub(in crate::routes) async fn metadata(
    State(app): State<App>,
    caller: InRealm,
    Path((_, key)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let key = key_in_path(&key)?;
    let row = app
        .realms()
        .node(caller.rights()?, key)
        .await
        .map_err(|error| read_problem(&caller, error))?;
    Ok(Json(describe(&app, &caller, row).await?))
}

/// What a node that was found is.
pub(super) async fn describe(app: &App, caller: &InRealm, row: NodeRow) -> Result<Value, Problem> {
    let key = row.key;
    let kind = NodeKind::of_code(row.kind).ok_or(Problem::internal())?;
    let payload = row.size - (HEADER_LEN + KEY_LEN * row.children.len()) as u64;
    let mut body = json!({ "key": key, "kind": kind.as_str(), "payloadSize": payload });
    match kind {
        NodeKind::Dict => body["children"] = Value::Object(entries(app, caller, row).await?),
        NodeKind::File | NodeKind::Successor => {
            if kind == NodeKind::File {
                body["contentType"] = Value::from(row.content_type.as_str());
                body["fileSize"] = Value::from(row.content_bytes);
            }
            if let Some(first) = row.children.first() {
                body["successor"] = json!(first);
            }
            body["successors"] = json!(row.children);
        }
    }
    Ok(body)
}

/// The names of a directory and what they name.
pub(in crate::routes) async fn entries(
    app: &App,
    caller: &InRealm,
    row: NodeRow,
) -> Result<Map<String, Value>, Problem> {
    let bytes = app.realms().bytes(&caller.realm, row).await;
    let bytes = bytes.map_err(|error| read_problem(caller, error))?;
    let node = node::decode(&bytes, app.realms().limits()).map_err(|_| Problem::internal())?;
    Ok(node.names().map(str::to_owned).zip(node.children().map(|key| json!(key))).collect())
}
