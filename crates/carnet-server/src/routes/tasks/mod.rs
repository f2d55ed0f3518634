//! `/api/v1/tasks`.

mod cancel;
mod create;
mod events;
mod list;
mod show;

pub(super) use cancel::cancel;
pub(crate) use cancel::end;
pub(super) use create::create;
pub(super) use events::events;
pub(super) use list::list;
pub(crate) use list::{Params, one_page};
pub(super) use show::show;

use carnet_gate::Grant;
use carnet_store::{OfTenant, TaskFilter, TaskRow};
use carnet_ticket::task::TaskState;

use crate::problem::Problem;
use crate::state::App;

/// Whose tasks a caller sees: those of its tenant, of none without one, all as an administrator.
fn tenant(grant: &Grant) -> OfTenant {
    let scopes = grant.routes();
    if scopes.is_some_and(|scopes| scopes.permits("admin:*").is_ok()) {
        return OfTenant::Any;
    }
    scopes.and_then(|scopes| scopes.tenant.clone()).map_or(OfTenant::None, OfTenant::One)
}

/// The states of the newest tasks that a caller sees.
pub(crate) async fn states(
    app: &App,
    grant: &Grant,
    limit: u32,
) -> Result<Vec<TaskState>, Problem> {
    let filter = TaskFilter { tenant: tenant(grant), ..TaskFilter::default() };
    let rows = app.store().list_tasks(filter, None, limit).await?;
    Ok(rows.iter().map(|row| row.life.state).collect())
}

/// The task that a path names, if the caller sees it.
pub(crate) async fn task_in_path(app: &App, grant: &Grant, text: &str) -> Result<TaskRow, Problem> {
    let id = text.parse().map_err(|_| Problem::not_found())?;
    let row = app.store().task(id).await?;
    let is_seen = |row: &TaskRow| tenant(grant).has(row.task.tenant_id.as_deref());
    row.filter(is_seen).ok_or_else(Problem::not_found)
}
