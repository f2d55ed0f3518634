//! `GET /api/v1/admin/ca`: the bundle, and how many certificates there are.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn show(State(app): State<App>) -> Result<Json<Value>, Problem> {
    shown(&app).await.map(Json)
}

/// The CA as it is now.
pub(super) async fn shown(app: &App) -> Result<Value, Problem> {
    let counts = app.store().count_certificates(app.clock().now()).await?;
    let authority = app.ca().authority();
    Ok(json!({
        "bundle": authority.bundle(),
        "certificates": { "live": counts.live, "revoked": counts.revoked },
    }))
}
