//! `POST /api/realm/{realm}/tickets`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use carnet_authority::audit::Kind;
use carnet_realm::realms::CreateTicketError;
use carnet_realm::ticket::{CreateTicket, InvalidTicket, WritableRequest};
use carnet_store::NewTicket;
use carnet_ticket::realm::{NodeKey, TicketId};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{config, shown_id};
use crate::audit::Trail;
use crate::auth::{InRealm, actor};
use crate::members::Members;
use crate::problem::Problem;
use crate::routes::body;

use crate::state::App;

/// Makes a ticket.
pub(in crate::routes) async fn create(
    State(app): State<App>,
    caller: InRealm,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    let request = parse(&bytes)?;
    let issuer = actor(&caller.grant);
    let event = |id: &TicketId| trail.event(Kind::Ticket, "ticket.mint", &shown_id(id));
    let made = app.realms().create_ticket(caller.realm, &issuer, request, event).await;
    let ticket = made.map_err(problem)?;
    Ok(Json(reply(&app, &caller, &ticket)))
}

/// A ticket that was made.
pub(super) fn reply(app: &App, caller: &InRealm, ticket: &NewTicket) -> Value {
    let mut reply = json!({
        "ticketId": ticket.id.to_string(),
        "realm": caller.echo,
        "writable": ticket.writable,
        "config": config(ticket, app.realms().limits()),
        "expiresAt": ticket.expires_at.0,
    });
    if let Some(input) = &ticket.input {
        reply["input"] = json!(input);
    }
    if let Some(parent) = &ticket.parent {
        reply["parent"] = Value::from(parent.to_string());
    }
    if ticket.delegable {
        reply["delegable"] = Value::from(true);
    }
    reply
}

/// 400 for what a ticket cannot be.
pub(super) fn invalid(error: InvalidTicket) -> Problem {
    let variant = format!("{error:?}");
    let reason: String = variant.chars().take_while(char::is_ascii_alphanumeric).collect();
    Problem::invalid(&reason, error.field())
}

fn problem(error: CreateTicketError) -> Problem {
    match error {
        CreateTicketError::Invalid(error) => invalid(error),
        CreateTicketError::Store(error) => error.into(),
        _ => Problem::internal(),
    }
}

/// Reads the body. A field that does not exist is refused: a misspelt `input` would grant the whole realm.
pub(super) fn parse(bytes: &[u8]) -> Result<CreateTicket, Problem> {
    let mut members = Members::parse(bytes)?;
    let request = CreateTicket {
        input: members.take("input", parse_input)?,
        purpose: members.take("purpose", |value| value.as_str().map(str::to_owned))?,
        writable: match members.take("writable", |value| value.as_object().cloned())? {
            Some(writable) => Some(parse_writable(Members::of(writable, "writable."))?),
            None => None,
        },
        expires_in_s: members.take("expiresIn", body::number)?,
        delegable: members.take("delegable", Value::as_bool)?.unwrap_or(false),
    };
    members.finish()?;
    Ok(request)
}

fn parse_writable(mut members: Members) -> Result<WritableRequest, Problem> {
    let patterns = |value: &Value| {
        let patterns = value.as_array()?.iter().map(|pattern| pattern.as_str().map(str::to_owned));
        patterns.collect()
    };
    let request = WritableRequest {
        quota: members.take("quota", body::number)?,
        accept: members.take("accept", patterns)?,
    };
    members.finish()?;
    Ok(request)
}

fn parse_input(value: &Value) -> Option<Vec<NodeKey>> {
    value.as_array()?.iter().map(|key| key.as_str()?.parse().ok()).collect()
}
