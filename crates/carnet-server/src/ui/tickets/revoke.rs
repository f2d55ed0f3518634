//! `/ui/tickets/{id}/revoke`: what a revocation would end, and the revocation.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;

use super::Ticket;
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::{revocations, tickets};
use crate::state::App;
use crate::ui::fields::Fields;
use crate::ui::page::{self, Frame, typed};

#[derive(Template)]
#[template(path = "tickets/revoke.html")]
struct Page {
    frame: Frame,
    ticket: Ticket,
    ends: Ends,
}

/// What ends, as the API shows it.
#[derive(Deserialize)]
struct Ends {
    tickets: Listed,
    certificates: Listed,
    grants: Listed,
    workers: Listed,
}

/// Some of one kind: the first of them, and how many there are.
#[derive(Deserialize)]
struct Listed {
    ids: Vec<String>,
    count: u64,
}

impl Listed {
    /// Whether there are more than are shown.
    fn is_cut(&self) -> bool {
        self.count > self.ids.len() as u64
    }
}

impl Ends {
    /// Each kind with its name.
    fn kinds(&self) -> [(&'static str, &Listed); 4] {
        [
            ("Tickets", &self.tickets),
            ("Live grants", &self.grants),
            ("Certificates", &self.certificates),
            ("Workers", &self.workers),
        ]
    }
}

pub(crate) async fn preview(
    State(app): State<App>,
    Path(id): Path<String>,
    frame: Frame,
) -> Result<Response, Problem> {
    let entry = tickets::entry(&app, &id).await?;
    let ticket = typed(tickets::shown(&app, &entry).await?)?;
    let (selector, _) = tickets::selector(&entry);
    let ends = typed(revocations::ends(&app, &selector).await?)?;
    page::answer(StatusCode::OK, &Page { frame, ticket, ends })
}

pub(crate) async fn end(
    State(app): State<App>,
    Path(id): Path<String>,
    trail: Trail,
    fields: Fields,
) -> Result<Response, Problem> {
    let entry = tickets::entry(&app, &id).await?;
    let reason = fields.text("reason").map(str::to_owned);
    tickets::end(&app, &trail, &entry, reason).await?;
    let location = format!("/ui/tickets/{}", entry.id);
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}
