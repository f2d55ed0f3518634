//! `POST /api/auth/clients/complete`: a user enters the code that a client shows.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use carnet_authority::audit::Kind;
use carnet_store::{Approval, ApproveClient};
use carnet_ticket::realm::{ClientId, agent_content_id};
use carnet_ticket::verify::RowEnd;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::typed_code;
use crate::audit::Trail;
use crate::auth::{Caller, owner};
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    client_id: String,
    verification_code: String,
}

/// Approves a client. Which of code and client was wrong is not said.
pub(in crate::routes) async fn complete(
    State(app): State<App>,
    Caller(grant): Caller,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let input: Input = body::realm_json(&app, &headers, request).await?;
    let wrong = || Problem::invalid("WrongCode", "verificationCode");
    let id: ClientId = input.client_id.parse().map_err(|_| wrong())?;
    let now = app.clock().now();
    let approve = ApproveClient {
        id,
        code: typed_code(&input.verification_code),
        owner: owner(&grant)?,
        expires_at: now.after(app.config().realm.client_ttl),
    };
    let event = trail.event(Kind::Auth, "client.approve", &id.to_string());
    let client = match app.store().audited(event).approve_client(approve, now).await? {
        Approval::Approved(client) => client,
        Approval::NonePending | Approval::WrongCode => return Err(wrong()),
        Approval::Held => return Err(Problem::conflict()),
    };
    if client.created_at == now {
        // Whatever still rests on an earlier holder of the key ends.
        app.gate().end_content(agent_content_id(id), RowEnd::Issuer);
    } else {
        app.gate().row_changed(agent_content_id(id));
    }
    Ok(Json(json!({
        "success": true,
        "clientId": id.to_string(),
        "expiresAt": client.expires_at.0,
    })))
}
