//! `POST /api/admin/gc`: removes the nodes that nothing names, or tells which would go.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use carnet_authority::audit::Kind;
use carnet_realm::realms::GcError;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::blob_problem;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;
use crate::upkeep;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    dry_run: bool,
}

pub(in crate::routes) async fn gc(
    State(app): State<App>,
    trail: Trail,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let Input { dry_run } = body::json_or_default(&app, &headers, body).await?;
    let event = trail.event(Kind::Db, "realm.gc", "realms");
    let report =
        upkeep::collect_garbage(&app, dry_run, event).await.map_err(|error| match error {
            GcError::Blob(error) => blob_problem(&error),
            GcError::Store(error) => error.into(),
            _ => Problem::internal(),
        })?;
    Ok(Json(json!({
        "scannedNodes": report.scanned_nodes,
        "keptNodes": report.kept_nodes,
        "removedNodes": report.removed_nodes,
        "removedBytes": report.removed_bytes,
        "removedBlobs": report.removed_blobs,
        "dryRun": dry_run,
    })))
}
