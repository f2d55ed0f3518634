//! `GET /ui/tasks/{task}`: one task, and what became of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use carnet_store::TaskEvent;
use http::StatusCode;

use super::Task;
use crate::auth::{Caller, actor, owner};
use crate::problem::Problem;
use crate::routes::tasks;
use crate::state::App;
use crate::tasks::shown;
use crate::ui::page::{self, Frame, typed};

/// How many events are shown, the newest.
const EVENTS_MAX: u32 = 200;

#[derive(Template)]
#[template(path = "tasks/show.html")]
struct Page {
    frame: Frame,
    task: Task,
    events: Vec<Event>,
    may_cancel: bool,
    /// Whether what it reads and gives is where whoever looks is at home.
    is_at_home: bool,
}

/// Something that became of it.
struct Event {
    at: String,
    kind: String,
    text: String,
}

impl Event {
    fn of(event: &TaskEvent) -> Self {
        let text = |name: &str| event.data[name].as_str().unwrap_or_default();
        let said = match event.kind.as_str() {
            "state" => match event.data["attempt"].as_u64() {
                Some(attempt) if attempt > 1 => format!("{}, attempt {attempt}", text("state")),
                _ => text("state").to_owned(),
            },
            "progress" => {
                let fraction = event.data["fraction"].as_f64().unwrap_or_default();
                format!("{:.0} % {}", fraction * 100.0, text("message"))
            }
            "log" => text("message").to_owned(),
            _ => String::new(),
        };
        Self { at: event.at.to_string(), kind: event.kind.clone(), text: said }
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    Caller(grant): Caller,
    Path(id): Path<String>,
    frame: Frame,
) -> Result<Response, Problem> {
    let row = tasks::task_in_path(&app, &grant, &id).await?;
    let events = app.store().last_task_events(row.task.id, EVENTS_MAX).await?;
    let task: Task = typed(shown::task(&row))?;
    let is_own = row.task.created_by == actor(&grant);
    let may_cancel = !task.is_final() && (frame.may("operator:*") || is_own && frame.may("api:*"));
    let is_at_home = owner(&grant).is_ok_and(|owner| owner.home == row.task.realm);
    let events = events.iter().map(Event::of).collect();
    page::answer(StatusCode::OK, &Page { frame, task, events, may_cancel, is_at_home })
}
