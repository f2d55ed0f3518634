//! What workers tell the registry, and others ask it, in the form that Crank's controller has: one file per thing.

mod capabilities;
mod heartbeat;
mod list;
mod register;
mod route;

pub(super) use capabilities::capabilities;
pub(super) use heartbeat::heartbeat;
pub(super) use list::list;
pub(super) use register::register;
pub(super) use route::route;

use axum::body::Body;
use http::{HeaderMap, header};
use serde_json::Value;

use super::registry::BODY_MAX;
use crate::problem::Problem;
use crate::registry::form;
use crate::routes::body;
use crate::state::App;

/// The JSON of a body; what is said to be something else is a text.
async fn json(app: &App, headers: &HeaderMap, body: Body) -> Result<Value, Problem> {
    let bytes = body::read(app, headers, body, BODY_MAX).await?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_none_or(|kind| kind.starts_with("application/json")) {
        return form::json(&bytes);
    }
    Ok(String::from_utf8_lossy(&bytes).into())
}
