//! `GET /ui/audit`: what happened, newest first, with filters, and where the chain stands.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use carnet_authority::audit::Kind;
use carnet_ticket::time::Timestamp;
use http::{StatusCode, Uri};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::fields::{self, Fields};
use super::page::{self, Frame, typed};
use crate::problem::Problem;
use crate::routes::audit;
use crate::routes::page::Page as Part;
use crate::state::App;

const OUTCOMES: [&str; 3] = ["allowed", "denied", "error"];
#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    asked: Fields,
    chain: Chain,
    events: Vec<Event>,
    /// The query of the next page.
    next: Option<String>,
}

/// Where the chain stands, as the API shows it.
#[derive(Deserialize)]
struct Chain {
    seq: u64,
    hash: String,
    checkpoint_seq: u64,
}

/// An event, as the API shows it.
#[derive(Deserialize)]
struct Event {
    seq: u64,
    #[serde(deserialize_with = "moment")]
    at: String,
    kind: String,
    actor: Actor,
    action: String,
    target: String,
    outcome: String,
    status: Option<u16>,
    reason: Option<String>,
    rule: Option<String>,
    request_id: String,
    remote_addr: Option<String>,
    #[serde(default)]
    details: Map<String, Value>,
}

#[derive(Deserialize)]
struct Actor {
    id: String,
    class: String,
}

#[derive(Deserialize)]
struct Listed {
    events: Vec<Event>,
    next_cursor: Option<String>,
}

impl Event {
    /// Details as `name: value`.
    fn details(&self) -> Vec<String> {
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.details.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect()
    }
}

/// Events are chained with moments as numbers.
fn moment<'de, D: Deserializer<'de>>(member: D) -> Result<String, D::Error> {
    Ok(Timestamp::deserialize(member)?.to_string())
}

pub(crate) async fn show(
    State(app): State<App>,
    uri: Uri,
    part: Part,
    frame: Frame,
) -> Result<Response, Problem> {
    let filter = audit::filter(fields::filter(&uri)?)?;
    app.recorder().settled().await;
    let chain = typed(audit::state(&app).await?)?;
    let Listed { events, next_cursor } = typed(audit::one_page(&app, part, &filter).await?)?;
    let asked = Fields::of_query(&uri);
    let next = next_cursor.map(|cursor| asked.with("cursor", &cursor));
    page::answer(StatusCode::OK, &Page { frame, asked, chain, events, next })
}
