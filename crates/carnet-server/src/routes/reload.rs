//! `POST /api/v1/admin/reload`: loads the configuration anew.

use axum::Json;
use axum::extract::State;
use carnet_authority::audit::Kind;
use http::StatusCode;
use serde_json::{Value, json};

use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

pub(super) async fn create(State(app): State<App>, trail: Trail) -> Result<Json<Value>, Problem> {
    let event = trail.event(Kind::Config, "config.reload", "config");
    let changes = app.reload_for(event).await.map_err(|error| {
        let lines: Vec<_> = error.to_string().lines().map(str::to_owned).collect();
        let message = "the configuration does not load; the old one is in force";
        Problem::other(StatusCode::CONFLICT, "reload_failed", message)
            .with(json!({ "errors": lines }))
    })?;
    Ok(Json(json!({ "changed": changes.live, "needs_restart": changes.needs_restart })))
}
