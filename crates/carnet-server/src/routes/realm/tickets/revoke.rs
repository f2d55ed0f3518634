//! `POST /api/realm/{realm}/tickets/{ticket}/revoke`.

use axum::Json;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_realm::realms::RevokeError;
use carnet_ticket::verify::Reason;
use serde_json::{Value, json};

use super::{shown_id, ticket_in_path};
use crate::audit::Trail;
use crate::auth::{InRealm, actor};
use crate::problem::Problem;
use crate::state::App;

/// Revokes a ticket that the caller issued: what rests on it has ended when this answers.
pub(in crate::routes) async fn revoke(
    State(app): State<App>,
    caller: InRealm,
    Path((_, ticket)): Path<(String, String)>,
    trail: Trail,
) -> Result<Json<Value>, Problem> {
    let id = ticket_in_path(&caller, &ticket)?;
    let event = trail.event(Kind::Ticket, "ticket.revoke", &shown_id(&id));
    let revoked = app.realms().revoke(&caller.realm, id, &actor(&caller.grant), event).await;
    let row = revoked.map_err(|error| match error {
        RevokeError::Unknown => Problem::not_found(),
        RevokeError::NotIssuer => caller.grant.deny(Reason::Scope).into(),
        RevokeError::AlreadyRevoked => Problem::conflict(),
        RevokeError::Store(error) => error.into(),
        _ => Problem::internal(),
    })?;
    app.tell_revocations().await;
    let mut reply = json!({ "success": true, "status": row.status().as_str(), "isRevoked": true });
    if let Some(output) = row.output {
        reply["output"] = json!(output);
    }
    Ok(Json(reply))
}
