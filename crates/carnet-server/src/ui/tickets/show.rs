//! `GET /ui/tickets/{id}`: one entry of the ledger, and what it derives from.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::Ticket;
use crate::problem::Problem;
use crate::routes::tickets;
use crate::state::App;
use crate::ui::page::{self, Frame, typed};

#[derive(Template)]
#[template(path = "tickets/show.html")]
struct Page {
    frame: Frame,
    ticket: Ticket,
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    frame: Frame,
) -> Result<Response, Problem> {
    let entry = tickets::entry(&app, &id).await?;
    let ticket = typed(tickets::shown(&app, &entry).await?)?;
    page::answer(StatusCode::OK, &Page { frame, ticket })
}
