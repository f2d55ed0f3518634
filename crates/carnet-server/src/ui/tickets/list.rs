//! `GET /ui/tickets`: the ledger, newest first, with filters.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::Ticket;
use crate::problem::Problem;
use crate::routes::tickets;
use crate::state::App;
use crate::ui::fields::{self, Fields};
use crate::ui::page::{self, Frame, typed};

/// The filter of the classes that the ledger has.
const CLASSES: [&str; 4] = ["capability", "worker-token", "jwt", "certificate"];
const STATUSES: [&str; 3] = ["active", "expired", "revoked"];

#[derive(Template)]
#[template(path = "tickets/list.html")]
struct Page {
    frame: Frame,
    asked: Fields,
    tickets: Vec<Ticket>,
    /// The query of the next page.
    next: Option<String>,
}

/// What the API answers.
#[derive(Deserialize)]
struct Listed {
    tickets: Vec<Ticket>,
    next_cursor: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    uri: Uri,
    frame: Frame,
) -> Result<Response, Problem> {
    let listed = tickets::page(&app, fields::filter(&uri)?).await?;
    let Listed { tickets, next_cursor } = typed(listed)?;
    let asked = Fields::of_query(&uri);
    let next = next_cursor.map(|cursor| asked.with("cursor", &cursor));
    page::answer(StatusCode::OK, &Page { frame, asked, tickets, next })
}
