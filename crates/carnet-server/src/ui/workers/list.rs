//! `GET /ui/workers`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::Worker;
use crate::problem::Problem;
use crate::routes::workers;
use crate::state::App;
use crate::ui::fields::{self, Fields};
use crate::ui::page::{self, Frame, typed};

#[derive(Template)]
#[template(path = "workers/list.html")]
struct Page {
    frame: Frame,
    workers: Vec<Worker>,
    /// The query of the next page.
    next: Option<String>,
}

/// What the API answers.
#[derive(Deserialize)]
struct Listed {
    workers: Vec<Worker>,
    next_cursor: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    uri: Uri,
    frame: Frame,
) -> Result<Response, Problem> {
    let Listed { workers, next_cursor } = typed(workers::page(&app, fields::filter(&uri)?)?)?;
    let next = next_cursor.map(|cursor| Fields::default().with("cursor", &cursor));
    page::answer(StatusCode::OK, &Page { frame, workers, next })
}
