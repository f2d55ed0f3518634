//! `GET /ui/workers/{id}`.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use carnet_ticket::identity::Member;
use http::StatusCode;
use serde::Deserialize;

use super::Worker;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::page::Page as Part;
use crate::routes::{certificates, tasks, workers};
use crate::state::App;
use crate::ui::page::{self, Frame, typed};
use crate::ui::tasks::Task;

/// How many of its tasks are shown.
const TASKS_MAX: u32 = 20;

#[derive(Template)]
#[template(path = "workers/show.html")]
struct Page {
    frame: Frame,
    worker: Worker,
    /// The newest that it has or had.
    tasks: Vec<Task>,
    /// Only for administrators, as in the API.
    certificates: Vec<Certificate>,
}

/// A certificate, as the API shows it.
#[derive(Deserialize)]
struct Certificate {
    serial: String,
    generation: u64,
    issued_at: String,
    not_after: String,
    status: String,
    reason: Option<String>,
}

/// What can be done to a worker.
struct Order {
    /// As its route is named.
    name: &'static str,
    title: &'static str,
    /// Whether it takes something away.
    is_grave: bool,
}

impl Page {
    /// What whoever looks may do, as the worker is now.
    fn orders(&self) -> Vec<Order> {
        let order = |name, title, is_grave| Order { name, title, is_grave };
        let is_admin = self.frame.may("admin:*");
        let mut orders = match self.worker.state.as_str() {
            "quarantined" => Vec::new(),
            "cordoned" | "draining" => vec![order("uncordon", "Uncordon", false)],
            _ => vec![order("cordon", "Cordon", false)],
        };
        if !matches!(self.worker.state.as_str(), "quarantined" | "draining") {
            orders.push(order("drain", "Drain", false));
        }
        if is_admin && self.worker.state == "quarantined" {
            orders.push(order("release", "Release", false));
        } else if is_admin {
            orders.push(order("quarantine", "Quarantine", true));
        }
        orders
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    Caller(grant): Caller,
    Path(id): Path<String>,
    frame: Frame,
) -> Result<Response, Problem> {
    let worker: Worker = typed(workers::one(&app, &id)?.0)?;
    let certificates = match worker.spiffe_id.parse().ok().as_ref().and_then(Member::of) {
        Some(member) if frame.may("admin:*") => of_member(&app, &member).await?,
        _ => Vec::new(),
    };
    let part = Part { limit: TASKS_MAX, before: None };
    let of_worker = tasks::Params::of_worker(&id);
    let mut listed = tasks::one_page(&app, &grant, part, of_worker).await?;
    let tasks = typed(listed["tasks"].take())?;
    page::answer(StatusCode::OK, &Page { frame, worker, tasks, certificates })
}

async fn of_member(app: &App, member: &Member) -> Result<Vec<Certificate>, Problem> {
    let now = app.clock().now();
    let rows = app.store().certificates_of(member).await?;
    rows.iter().map(|row| typed(certificates::shown(row, now))).collect()
}
