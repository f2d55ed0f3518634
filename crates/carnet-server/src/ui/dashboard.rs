//! `GET /ui`: how the fleet stands.

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use carnet_authority::audit::{Event, Outcome};
use carnet_gate::Grant;
use carnet_store::{AuditFilter, CertificateRow};
use carnet_ticket::task::TaskState;
use http::StatusCode;
use serde_json::Value;

use super::page::{self, Frame};
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::{audit, certificates, tasks};
use crate::state::App;

/// How far back denials are counted.
const DENIALS_SINCE: Duration = Duration::from_hours(1);

/// The most denials that are counted one by one.
const DENIALS_MAX: u32 = 1000;

/// The most certificates that are looked at.
const CERTIFICATES_MAX: u32 = 1000;

/// The most tasks that are counted, the newest.
const TASKS_MAX: u32 = 1000;

/// How many there are of each kind.
type Counts = Vec<(String, usize)>;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Page {
    frame: Frame,
    workers: Counts,
    tasks: Counts,
    revocation_seq: u64,
    live_grants: usize,
    /// What only administrators read.
    admin: Option<Admin>,
}

struct Admin {
    denials: Counts,
    audit_seq: u64,
    checkpoint_seq: u64,
    ending: Vec<Ending>,
}

struct Ending {
    subject: String,
    not_after: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    Caller(grant): Caller,
    frame: Frame,
) -> Result<Response, Problem> {
    let admin = if frame.may("admin:*") { Some(admin(&app).await?) } else { None };
    let workers = workers(&app);
    let page = Page {
        frame,
        workers,
        tasks: tasks(&app, &grant).await?,
        revocation_seq: app.gate().revocations().seq(),
        live_grants: app.gate().live_grants(),
        admin,
    };
    page::answer(StatusCode::OK, &page)
}

/// The newest tasks that a caller sees, by state.
async fn tasks(app: &App, grant: &Grant) -> Result<Counts, Problem> {
    let states = tasks::states(app, grant, TASKS_MAX).await?;
    Ok(counted(states.into_iter().map(TaskState::as_str)))
}

/// The workers, by state.
fn workers(app: &App) -> Counts {
    let (now, lost_after) = (app.clock().now(), app.config().registry.lost_after);
    let mut states = Vec::new();
    app.registry().for_each(|worker| states.push(worker.state(now, lost_after).as_str()));
    counted(states.into_iter())
}

async fn admin(app: &App) -> Result<Admin, Problem> {
    let chain = audit::state(app).await?;
    let number = |name: &str| chain[name].as_u64().unwrap_or_default();
    Ok(Admin {
        denials: denials(app).await?,
        audit_seq: number("seq"),
        checkpoint_seq: number("checkpoint_seq"),
        ending: ending(app).await?,
    })
}

/// The denials of the last hour, by reason.
async fn denials(app: &App) -> Result<Counts, Problem> {
    let filter = AuditFilter {
        since: Some(app.clock().now().before(DENIALS_SINCE)),
        outcome: Some(Outcome::Denied),
        ..AuditFilter::default()
    };
    let rows = app.store().list_audit(&filter, None, DENIALS_MAX).await?;
    let events = rows.iter().filter_map(|row| Event::from_canonical(&row.canonical).ok());
    let reasons: Vec<_> = events.map(|(_, event)| event.reason).collect();
    Ok(counted(reasons.iter().map(|reason| reason.as_deref().unwrap_or("no credential"))))
}

/// The newest certificate of each member, where less than a third of its life is left: by then it should have been
/// renewed.
async fn ending(app: &App) -> Result<Vec<Ending>, Problem> {
    let now = app.clock().now();
    let rows = app.store().list_certificates(None, CERTIFICATES_MAX).await?;
    let mut newest = BTreeMap::new();
    for (_, row) in rows {
        newest.entry(row.member.to_string()).or_insert(row);
    }
    let is_due =
        |row: &CertificateRow| row.expires_at.since(now) < row.expires_at.since(row.issued_at) / 3;
    let soon = newest.into_iter().filter(|(_, row)| is_due(row));
    let shown = soon.map(|(subject, row)| (subject, certificates::shown(&row, now)));
    let live = shown.filter(|(_, row)| row["status"] == "live");
    Ok(live.map(|(subject, row)| Ending { subject, not_after: text(&row["not_after"]) }).collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// How many there are of each, most first.
fn counted<'a>(all: impl Iterator<Item = &'a str>) -> Counts {
    let mut counts = BTreeMap::<_, usize>::new();
    for one in all {
        *counts.entry(one.to_owned()).or_default() += 1;
    }
    let mut counts: Counts = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
