//! `GET /ui/workers`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::Worker;
use crate::problem::Problem;
use crate::routes::workers;
use crate::state::App;
use crate::ui::page::{self, Frame, typed};

#[derive(Template)]
#[template(path = "workers/list.html")]
struct Page {
    frame: Frame,
    workers: Vec<Worker>,
}

pub(crate) async fn list(State(app): State<App>, frame: Frame) -> Result<Response, Problem> {
    let listed = workers::listed(&app).await?;
    let workers = listed.into_iter().map(typed).collect::<Result<_, _>>()?;
    page::answer(StatusCode::OK, &Page { frame, workers })
}
