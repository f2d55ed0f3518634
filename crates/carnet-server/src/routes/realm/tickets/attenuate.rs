//! `POST /api/realm/{realm}/tickets/{ticket}/children`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use carnet_authority::audit::Kind;
use carnet_realm::realms::AttenuateError;
use carnet_realm::ticket::By;
use carnet_ticket::realm::TicketId;
use carnet_ticket::rights::Holder;
use carnet_ticket::verify::Reason;
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::scope_problem;
use super::create::{invalid, parse, reply};
use super::{row_in_path, shown_id};
use crate::audit::Trail;
use crate::auth::InRealm;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Makes a child of a ticket: by that itself, or by somebody whose the realm is.
pub(in crate::routes) async fn attenuate(
    State(app): State<App>,
    caller: InRealm,
    Path((_, ticket)): Path<(String, String)>,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let parent = row_in_path(&app, &caller, &ticket).await?;
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    let request = parse(&bytes)?;
    let by = match caller.rights()?.holder {
        Holder::Ticket(_) => By::Itself,
        _ => By::Owner,
    };
    let event = |id: &TicketId| trail.event(Kind::Ticket, "ticket.attenuate", &shown_id(id));
    let made = app.realms().attenuate(parent, by, request, event).await;
    let child = made.map_err(|error| problem(&caller, error))?;
    Ok(Json(reply(&app, &caller, &child)))
}

fn problem(caller: &InRealm, error: AttenuateError) -> Problem {
    match error {
        AttenuateError::Invalid(error) => invalid(error),
        AttenuateError::Exceeds(exceeds) => Problem::from(caller.grant.deny(Reason::Scope))
            .with(json!({ "field": exceeds.field() })),
        AttenuateError::Parent(_) => Problem::gone(),
        AttenuateError::Scope(error) => scope_problem(caller, error),
        AttenuateError::Store(error) => error.into(),
        _ => Problem::internal(),
    }
}
