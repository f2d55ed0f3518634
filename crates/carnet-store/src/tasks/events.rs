//! What became of a task, in order.

use carnet_ticket::task::TaskId;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

use super::TaskRow;
use crate::error::StoreError;
use crate::open::Store;
use crate::row::{moment, signed, text, unsigned};
use crate::sql;

const LAST: &str = "SELECT COALESCE(MAX(seq), 0) AS seq FROM task_events WHERE task = ?1";
const INSERT: &str =
    "INSERT INTO task_events (task, seq, at, kind, data) VALUES (?1, ?2, ?3, ?4, ?5)";
const AFTER: &str = "SELECT * FROM task_events WHERE task = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
const NEWEST: &str = "SELECT * FROM task_events WHERE task = ?1 ORDER BY seq DESC LIMIT ?2";
const LOGS: &str =
    "SELECT * FROM task_events WHERE task = ?1 AND kind = 'log' ORDER BY seq DESC LIMIT ?2";
/// Of many events the oldest line of the log goes, else the oldest of those that tell how far it is.
const DROP: &str = "DELETE FROM task_events WHERE task = ?1 AND seq = COALESCE( \
    (SELECT min(seq) FROM task_events WHERE task = ?1 AND kind = 'log'), \
    (SELECT min(seq) FROM task_events WHERE task = ?1 AND kind = 'progress'))";

/// Events that are kept of a task.
const KEPT_MAX: u64 = 10_000;

/// Something that became of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEvent {
    /// Its number, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// `state`, `progress`, `log` or `end`.
    pub kind: String,
    /// What is said beside.
    pub data: Value,
}

impl Store {
    /// At most `limit` events of a task after number `after`, in order.
    pub async fn task_events(
        &self,
        task: TaskId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<TaskEvent>, StoreError> {
        let task = task.to_string();
        self.read(move |connection| {
            sql::all(connection, AFTER, params![task, signed(after), limit], read)
        })
        .await
    }

    /// At most `limit` events of a task, the newest, in order.
    pub async fn last_task_events(
        &self,
        task: TaskId,
        limit: u32,
    ) -> Result<Vec<TaskEvent>, StoreError> {
        let task = task.to_string();
        let newest = move |connection: &Connection| {
            let mut events = sql::all(connection, NEWEST, params![task, limit], read)?;
            events.reverse();
            Ok(events)
        };
        self.read(newest).await
    }

    /// The last `limit` lines that a task has logged, newest first.
    pub async fn task_logs(&self, task: TaskId, limit: u32) -> Result<Vec<TaskEvent>, StoreError> {
        let task = task.to_string();
        self.read(move |connection| sql::all(connection, LOGS, params![task, limit], read)).await
    }
}

/// Writes down that a task is in another state, and its end when it is over.
pub(super) fn state(
    connection: &Connection,
    row: &TaskRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (state, attempt) = (row.life.state, row.life.attempt);
    let mut data = json!({ "state": state.as_str(), "attempt": attempt });
    if let Some(worker) = row.worker_id.as_ref().filter(|_| state.is_active()) {
        data["worker_id"] = Value::from(worker.as_str());
    }
    append(connection, row.task.id, "state", &data, now)?;
    if state.is_final() {
        append(connection, row.task.id, "end", &json!({}), now)?;
    }
    Ok(())
}

pub(super) fn append(
    connection: &Connection,
    task: TaskId,
    kind: &str,
    data: &Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let task = task.to_string();
    let last = sql::one(connection, LAST, [&task], |row| unsigned(row, "seq"))?.unwrap_or(0);
    if last >= KEPT_MAX {
        sql::execute(connection, DROP, [&task])?;
    }
    let row = params![task, signed(last + 1), now.0, kind, data.to_string()];
    sql::execute(connection, INSERT, row)?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<TaskEvent, StoreError> {
    let data = serde_json::from_str(text(row, "data")?);
    Ok(TaskEvent {
        seq: unsigned(row, "seq")?,
        at: moment(row, "at")?,
        kind: text(row, "kind")?.to_owned(),
        data: data.map_err(|_| StoreError::BadRow { column: "data" })?,
    })
}
