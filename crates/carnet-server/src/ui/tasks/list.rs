//! `GET /ui/tasks`: newest first, with filters.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use carnet_ticket::task::TaskState;
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::Task;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::page::Page as Part;
use crate::routes::tasks;
use crate::state::App;
use crate::ui::fields::{self, Fields};
use crate::ui::page::{self, Frame, typed};

#[derive(Template)]
#[template(path = "tasks/list.html")]
struct Page {
    frame: Frame,
    asked: Fields,
    tasks: Vec<Task>,
    /// The query of the next page.
    next: Option<String>,
}

/// What the API answers.
#[derive(Deserialize)]
struct Listed {
    tasks: Vec<Task>,
    next_cursor: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    Caller(grant): Caller,
    uri: Uri,
    part: Part,
    frame: Frame,
) -> Result<Response, Problem> {
    let listed = tasks::one_page(&app, &grant, part, fields::filter(&uri)?).await?;
    let Listed { tasks, next_cursor } = typed(listed)?;
    let asked = Fields::of_query(&uri);
    let next = next_cursor.map(|cursor| asked.with("cursor", &cursor));
    page::answer(StatusCode::OK, &Page { frame, asked, tasks, next })
}
