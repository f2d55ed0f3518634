//! `DELETE /api/realm/{realm}/tickets/{ticket}`.

use axum::Json;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use serde_json::{Value, json};

use super::{shown_id, ticket_in_path};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::state::App;

/// Deletes a ticket, whoever issued it. What it uploaded stays.
pub(in crate::routes) async fn delete(
    State(app): State<App>,
    caller: InRealm,
    Path((_, ticket)): Path<(String, String)>,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    let id = ticket_in_path(&caller, &ticket)?;
    let event = trail.event(Kind::Ticket, "ticket.delete", &shown_id(&id));
    if app.realms().delete_ticket(caller.realm, id, event).await? {
        app.tell_revocations().await;
        Ok(Json(json!({ "success": true })))
    } else {
        Err(Problem::not_found())
    }
}
