//! `GET /api/v1/admin/audit/head`: where the chain stands.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn head(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.recorder().settled().await;
    state(&app).await.map(Json)
}

/// Where the chain stands.
pub(crate) async fn state(app: &App) -> Result<Value, Problem> {
    let head = app.store().audit_head().await?;
    let checkpoint = app.store().last_checkpoint().await?;
    Ok(json!({
        "seq": head.seq,
        "hash": head.hash.to_string(),
        "checkpoint_seq": checkpoint,
    }))
}
