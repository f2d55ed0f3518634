//! `POST /api/mcp`: the content store as tools of the Model Context Protocol. Source: realm spec, section 9.

mod get_ticket;
mod read;
mod write;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use carnet_realm::mcp::{self, Call, Message, PROTOCOL, Request, RpcError};
use carnet_ticket::realm::TicketId;
use carnet_ticket::verify::{Class, Presented, Reason, Surface};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::audit::Trail;
use crate::auth::{InRealm, in_realm};
use crate::frame::Told;
use crate::problem::Problem;
use crate::routes::body;
use crate::state::App;

/// Why a tool did not do what it was called for.
enum Failure {
    /// What the protocol has a number for.
    Rpc(RpcError),
    /// What a route would answer.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// Answers one message.
pub(super) async fn call(
    State(app): State<App>,
    caller: InRealm,
    trail: Trail,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(&app, &headers, request, app.config().realm.max_body.0).await?;
    Ok(match mcp::parse(&bytes) {
        Ok(Message::Request(request)) => answer(&app, &caller, &trail, request).await,
        Ok(Message::Notification) => StatusCode::ACCEPTED.into_response(),
        Err(error) => Json(mcp::reply_error(None, error)).into_response(),
    })
}

async fn answer(app: &App, caller: &InRealm, trail: &Trail, request: Request) -> Response {
    let Request { id, method, params } = request;
    let result = match method.as_str() {
        "initialize" => Ok(json!({
            "protocolVersion": PROTOCOL,
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "cas-mcp", "version": env!("CARGO_PKG_VERSION") },
        })),
        "ping" => Ok(json!({})),
        "tools/list" => Ok(mcp::tools()),
        "tools/call" => match tool(app, caller, trail, params).await {
            Ok(value) => Ok(content(&value)),
            Err(Failure::Rpc(error)) => Err(error),
            Err(Failure::Problem(problem)) => return failed(&id, problem),
        },
        _ => Err(RpcError::Method),
    };
    let body = match result {
        Ok(result) => mcp::reply(&id, &result),
        Err(error) => mcp::reply_error(Some(&id), error),
    };
    Json(body).into_response()
}

async fn tool(app: &App, caller: &InRealm, trail: &Trail, params: Value) -> Result<Value, Failure> {
    match Call::parse(params).map_err(Failure::Rpc)? {
        Call::GetTicket(wanted) => get_ticket::run(app, caller, trail, wanted).await,
        Call::Read(wanted) => read::run(app, caller, wanted).await,
        Call::Write(wanted) => write::run(app, caller, wanted).await,
    }
}

fn content(value: &Value) -> Value {
    json!({ "content": [{ "type": "text", "text": value.to_string() }] })
}

/// What a route would refuse is a result that says so; what went wrong on the server is an error. The frame learns of
/// both.
fn failed(id: &Value, problem: Problem) -> Response {
    let body = if matches!(problem.code, "internal_error" | "unavailable") {
        mcp::reply_error(Some(id), RpcError::Internal)
    } else {
        let mut result = content(&problem.body());
        result["isError"] = Value::from(true);
        mcp::reply(id, &result)
    };
    let mut response = Json(body).into_response();
    response.extensions_mut().insert(Told(problem));
    response
}

/// The ticket that the caller names, admitted as if it were presented; both are of the realm that is named.
async fn admit(app: &App, caller: &InRealm, realm: &str, ticket: &str) -> Result<InRealm, Problem> {
    let realm = in_realm(app, caller.grant.clone(), realm)?.realm;
    let id: TicketId = ticket.parse().map_err(|_| Problem::not_found())?;
    let text = id.to_string();
    let grant = app.lookup().admit(&Presented::of(Class::Realm, &text), Surface::Realm).await?;
    let admitted = in_realm(app, grant, "self")?;
    if admitted.realm == realm {
        Ok(admitted)
    } else {
        Err(admitted.grant.deny(Reason::Scope).into())
    }
}
