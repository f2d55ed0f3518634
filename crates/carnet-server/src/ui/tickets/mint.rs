//! `/ui/tickets/new`: a form per class; and what was minted, shown once.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use carnet_ticket::capability::Role;
use carnet_ticket::worker_token::{Audience, WorkerScope};
use http::{StatusCode, Uri};
use secrecy::ExposeSecret;

use super::Ticket;
use super::form::{self as fields_of, LINES};
use crate::audit::Trail;
use crate::problem::Problem;
use crate::routes::tickets;
use crate::state::App;
use crate::ui::fields::Fields;
use crate::ui::page::{self, Frame, typed};

const CLASSES: [(&str, &str); 3] =
    [("worker-token", "Worker token"), ("capability", "Capability ticket"), ("jwt", "JWT")];

/// What a scope of a capability ticket lets one do.
const VERBS: [&str; 3] = ["read", "write", "read-write"];

#[derive(Template)]
#[template(path = "tickets/new.html")]
struct Page {
    frame: Frame,
    class: &'static str,
    fields: Fields,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "tickets/minted.html")]
struct Minted<'a> {
    frame: Frame,
    ticket: Ticket,
    token: &'a str,
}

impl Page {
    fn of(frame: Frame, fields: Fields, fault: Option<String>) -> Self {
        let asked = fields.shown("class");
        let class = CLASSES.iter().find(|(class, _)| *class == asked).unwrap_or(&CLASSES[0]).0;
        Self { frame, class, fields, fault }
    }

    fn is(&self, class: &str) -> bool {
        self.class == class
    }
}

pub(crate) async fn form(uri: Uri, frame: Frame) -> Result<Response, Problem> {
    page::answer(StatusCode::OK, &Page::of(frame, Fields::of_query(&uri), None))
}

pub(crate) async fn create(
    State(app): State<App>,
    trail: Trail,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let minted = match mint(&app, &trail, &fields).await {
        Ok(minted) => minted,
        // What is wrong with the input is said beside it; everything else is a page of its own.
        Err(problem) => {
            let fault = fault(&problem).ok_or_else(|| problem.clone())?;
            return page::answer(problem.status, &Page::of(frame, fields, Some(fault)));
        }
    };
    let ticket = typed(tickets::shown(&app, &minted.entry).await?)?;
    let token = minted.token.expose_secret();
    page::answer(StatusCode::OK, &Minted { frame, ticket, token })
}

async fn mint(
    app: &App,
    trail: &Trail,
    fields: &Fields,
) -> Result<carnet_authority::mint::Minted, Problem> {
    let input = serde_json::from_value(fields_of::body(fields)?);
    let input = input.map_err(|_| Problem::invalid("Json", "body"))?;
    tickets::mint(app, trail, input).await
}

/// What is wrong with what was filled in, and with which field; nothing when it is something else.
fn fault(problem: &Problem) -> Option<String> {
    let details = problem.details.as_ref()?;
    let field = details["field"].as_str();
    match (problem.status, field) {
        (StatusCode::BAD_REQUEST, Some(field)) => Some(format!("{field}: {}", problem.message)),
        (StatusCode::SERVICE_UNAVAILABLE, None) => Some(
            "no key of this server signs it: carnet keys list shows those that there are"
                .to_owned(),
        ),
        _ => None,
    }
}
