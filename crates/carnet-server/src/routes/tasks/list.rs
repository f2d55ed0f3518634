//! `GET /api/v1/tasks`: newest first.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use carnet_gate::Grant;
use carnet_store::TaskFilter;
use carnet_ticket::task::TaskState;
use serde::Deserialize;
use serde_json::{Value, json};

use super::tenant;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::page::{self, Page};
use crate::state::App;
use crate::tasks::shown;

#[derive(Deserialize)]
pub(crate) struct Params {
    state: Option<String>,
    capability: Option<String>,
    worker_id: Option<String>,
}

impl Params {
    /// All that a worker has or had last.
    pub(crate) fn of_worker(id: &str) -> Self {
        Self { state: None, capability: None, worker_id: Some(id.to_owned()) }
    }
}

pub(in crate::routes) async fn list(
    State(app): State<App>,
    Caller(grant): Caller,
    page: Page,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(params) = params.map_err(|_| Problem::invalid("Query", "query"))?;
    one_page(&app, &grant, page, params).await.map(Json)
}

/// A page of the tasks that a caller sees.
pub(crate) async fn one_page(
    app: &App,
    grant: &Grant,
    page: Page,
    params: Params,
) -> Result<Value, Problem> {
    let state = params.state.map(|state| {
        TaskState::parse(&state).ok_or_else(|| Problem::invalid("UnknownState", "state"))
    });
    let filter = TaskFilter {
        tenant: tenant(grant),
        state: state.transpose()?,
        capability: parsed(params.capability.as_deref(), "capability")?,
        worker_id: parsed(params.worker_id.as_deref(), "worker_id")?,
    };
    let mut rows = app.store().list_tasks(filter, page.before, page.limit + 1).await?;
    let next = page::cut(&mut rows, page, |row| row.seq);
    let tasks: Vec<_> = rows.iter().map(shown::task).collect();
    Ok(json!({ "tasks": tasks, "next_cursor": next }))
}

fn parsed<T: std::str::FromStr>(text: Option<&str>, field: &str) -> Result<Option<T>, Problem> {
    let parse = |text: &str| text.parse().map_err(|_| Problem::invalid("Malformed", field));
    text.map(parse).transpose()
}
