//! `DELETE /api/v1/admin/workers/{id}`: a worker is forgotten, and whatever its identity has is revoked. Its id is
//! anybody's again; it comes back with a new enrollment.

use axum::Json;
use axum::extract::{Path, State};
use carnet_authority::audit::{Details, Kind};
use serde_json::{Map, Value, json};

use super::named;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::state::App;

pub(in crate::routes) async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    let worker = named(&id)?;
    let mut event = trail.event(Kind::Ticket, "worker.delete", &id);
    let identity = app.registry().identity(&worker).ok_or_else(Problem::not_found)?;
    event.details = Details::new(Map::from_iter([("identity".to_owned(), identity.into())]));
    app.registry().forget(&worker, event).await?.ok_or_else(Problem::not_found)?;
    app.hear_revocations().await;
    Ok(Json(json!({ "status": "deleted" })))
}
