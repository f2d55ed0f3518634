//! `POST /api/admin/fsck`: hashes everything that is stored.

use axum::Json;
use axum::extract::State;
use carnet_realm::realms::FsckError;
use serde_json::{Value, json};

use super::blob_problem;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn fsck(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let report = app.realms().fsck().await.map_err(|error| match error {
        FsckError::Blob(error) => blob_problem(&error),
        FsckError::Store(error) => error.into(),
        _ => Problem::internal(),
    })?;
    Ok(Json(json!({
        "checkedNodes": report.checked_nodes,
        "checkedBytes": report.checked_bytes,
        "badNodes": report.bad_nodes,
        "bad": report.bad,
    })))
}
