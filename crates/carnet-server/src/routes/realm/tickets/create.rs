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
use serde_json::{Map, Value, json};

use super::{config, shown_id};
use crate::audit::Trail;
use crate::auth::{InRealm, actor};
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
    let json: Value =
        serde_json::from_slice(bytes).map_err(|_| Problem::invalid("Json", "body"))?;
    let Value::Object(mut members) = json else { return Err(Problem::invalid("Json", "body")) };
    let request = CreateTicket {
        input: take(&mut members, "input", parse_input)?,
        purpose: take(&mut members, "purpose", |value| value.as_str().map(str::to_owned))?,
        writable: match take(&mut members, "writable", |value| value.as_object().cloned())? {
            Some(members) => Some(parse_writable(members)?),
            None => None,
        },
        expires_in_s: take(&mut members, "expiresIn", body::number)?,
        delegable: take(&mut members, "delegable", Value::as_bool)?.unwrap_or(false),
    };
    refuse_rest(&members, "")?;
    Ok(request)
}

fn parse_writable(mut members: Map<String, Value>) -> Result<WritableRequest, Problem> {
    let patterns = |value: &Value| {
        let patterns = value.as_array()?.iter().map(|pattern| pattern.as_str().map(str::to_owned));
        patterns.collect()
    };
    let request = WritableRequest {
        quota: take(&mut members, "writable.quota", body::number)?,
        accept: take(&mut members, "writable.accept", patterns)?,
    };
    refuse_rest(&members, "writable.")?;
    Ok(request)
}

fn parse_input(value: &Value) -> Option<Vec<NodeKey>> {
    value.as_array()?.iter().map(|key| key.as_str()?.parse().ok()).collect()
}

/// Takes a member out, which is named with all it is in; missing and null are the same.
fn take<T>(
    members: &mut Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let (_, own_name) = name.rsplit_once('.').unwrap_or(("", name));
    match members.remove(own_name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(&value).map(Some).ok_or_else(|| Problem::invalid("WrongType", name)),
    }
}

fn refuse_rest(members: &Map<String, Value>, prefix: &str) -> Result<(), Problem> {
    match members.keys().next() {
        Some(name) => {
            let name: String = name.chars().take(64).collect();
            Err(Problem::invalid("UnknownField", &format!("{prefix}{name}")))
        }
        None => Ok(()),
    }
}
