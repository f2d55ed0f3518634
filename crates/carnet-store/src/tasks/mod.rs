//! Tasks: a row each, what became of it, and the few transitions there are. Each is one transaction with the lease
//! and the ticket of the attempt.

mod events;
mod finish;
mod insert;
mod list;
mod place;
mod report;
mod row;

pub use events::TaskEvent;
pub use finish::{End, EndTaskError, Ended};
pub use insert::Inserted;
pub use list::{OfTenant, TaskFilter};
pub use place::{PlaceError, Placed, Placing};
pub use report::{ReportError, Reported};
pub use row::{NewTask, Progress, TaskFault, TaskRow, TaskSpec};

use carnet_ticket::identity::WorkerId;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::task::TaskId;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::leases;
use crate::open::Store;
use crate::realm_tickets;
use crate::sql;

const FIND: &str = "SELECT * FROM tasks WHERE id = ?1";
const UPDATE: &str = "UPDATE tasks SET state = ?2, attempt = ?3, worker_id = ?4, generation = ?5, ticket = ?6, \
    failed_on = ?7, progress = ?8, error = ?9, output = ?10, pending_since = ?11, placed_at = ?12, started_at = ?13, \
    finished_at = ?14, deadline = ?15 WHERE id = ?1";

impl Store {
    /// The task with this id.
    pub async fn task(&self, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
        self.look_up(move |connection| find(connection, id)).await
    }
}

fn find(connection: &Connection, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
    sql::one(connection, FIND, [id.to_string()], row::read)
}

/// Writes what has become of a task.
fn update(connection: &Connection, row: &TaskRow) -> Result<(), StoreError> {
    let progress = row.progress.as_ref().and_then(|progress| serde_json::to_string(progress).ok());
    let error = row.error.as_ref().and_then(|error| serde_json::to_string(error).ok());
    let moment = |at: Option<Timestamp>| at.map(|at| at.0);
    let failed_on: Vec<_> = row.failed_on.iter().collect();
    let columns = params![
        row.task.id.to_string(),
        row.life.state.as_str(),
        row.life.attempt,
        row.worker_id.as_ref().map(WorkerId::as_str),
        crate::row::signed(row.generation),
        row.ticket.map(|ticket| ticket.to_string()),
        crate::row::join_texts(&failed_on),
        progress,
        error,
        row.output.as_ref().map(NodeKey::as_bytes),
        row.pending_since.0,
        moment(row.placed_at),
        moment(row.started_at),
        moment(row.finished_at),
        moment(row.deadline),
    ];
    sql::execute(connection, UPDATE, columns)?;
    Ok(())
}

/// Ends what an attempt has: nobody holds its lease from here on, and its ticket counts no more.
fn withdraw(connection: &Connection, row: &TaskRow, now: Timestamp) -> Result<(), StoreError> {
    leases::fence(connection, &row.task.id.to_string())?;
    if let Some(ticket) = &row.ticket {
        realm_tickets::revoke(connection, ticket, now)?;
    }
    Ok(())
}
