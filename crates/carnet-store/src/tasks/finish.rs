//! Taking a task away from its worker: to try again, or for good.

use std::time::Duration;

use carnet_ticket::realm::TicketId;
use carnet_ticket::task::{Lease, Step, TaskId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use super::report::backoff;
use super::{TaskFault, TaskRow, events, find, row, update, withdraw};
use crate::error::StoreError;
use crate::leases;
use crate::open::Store;
use crate::sql;

/// Those whose time is over, or that of whoever wanted them, and those that a worker has under a lease that has run out.
const OVERDUE: &str = "SELECT t.* FROM tasks t LEFT JOIN leases l ON l.resource_id = t.id \
    WHERE t.state IN ('pending', 'placed', 'running') AND (t.deadline <= ?1 OR t.caller_expires_at <= ?1 OR t.state <> 'pending' \
    AND (l.holder_id IS NULL OR l.expires_at <= ?1)) LIMIT ?2";

/// Why a task comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Somebody does not want it any more.
    Cancelled,
    /// It took too long.
    Expired,
    /// No worker was found for too long.
    NoWorker,
    /// A policy forbids it by now.
    Forbidden,
}

/// A task that came to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The task.
    pub row: TaskRow,
    /// The lease that was taken from its worker.
    pub lease: Option<Lease>,
}

/// Why a task did not come to its end.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EndTaskError {
    /// There is no such task.
    #[error("there is no such task")]
    Unknown,
    /// It is over, or not where that could become of it.
    #[error("the task is over")]
    Final,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl End {
    fn step(self) -> Step {
        match self {
            Self::Cancelled => Step::Cancel,
            Self::Expired => Step::Expire,
            Self::NoWorker | Self::Forbidden => Step::GiveUp,
        }
    }

    fn fault(self, words: Option<String>) -> TaskFault {
        let (code, message) = match self {
            Self::Cancelled => ("cancelled", "somebody did not want it any more"),
            Self::Expired => ("timeout", "it took longer than it may"),
            Self::NoWorker => ("no_worker_available", "no worker was there that can do it"),
            Self::Forbidden => ("forbidden", "a policy forbids it"),
        };
        let message = words.unwrap_or_else(|| message.to_owned());
        TaskFault { code: code.to_owned(), message, retryable: false }
    }
}

impl Store {
    /// Ends a task, whoever has it: the lease is taken from its worker, and its ticket counts no more.
    pub async fn end_task(
        &self,
        id: TaskId,
        end: End,
        words: Option<String>,
        now: Timestamp,
    ) -> Result<Ended, EndTaskError> {
        self.write(move |connection| {
            let mut row = find(connection, id)?.ok_or(EndTaskError::Unknown)?;
            let was_active = row.life.state.is_active();
            row.life = row.life.after(end.step()).map_err(|_| EndTaskError::Final)?;
            (row.finished_at, row.error) = (Some(now), Some(end.fault(words)));
            let mut lease = None;
            if was_active {
                lease = leases::held(connection, &id.to_string())?;
                withdraw(connection, &row, now)?;
            }
            update(connection, &row)?;
            events::state(connection, &row, now)?;
            Ok(Ended { row, lease })
        })
        .await
    }

    /// Takes a task away from a worker that is lost, and has it tried again, if there are attempts left. None where
    /// it is not at this attempt any more.
    pub async fn lose_task(
        &self,
        id: TaskId,
        attempt: u32,
        fault: TaskFault,
        now: Timestamp,
    ) -> Result<Option<(TaskRow, Option<TicketId>)>, StoreError> {
        self.write_if(
            move |connection| {
                let row = find(connection, id)?.filter(|row| row.life.attempt == attempt);
                let Some(row) = row else { return Ok(None) };
                let withdrawn = row.ticket;
                let row = try_again(connection, row, Step::Lose, fault, backoff(attempt), now)?;
                Ok(row.map(|row| (row, withdrawn)))
            },
            Option::is_some,
        )
        .await
    }

    /// At most `limit` tasks whose time is over, or that a worker has under a lease that has run out.
    pub async fn overdue_tasks(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.read(move |connection| sql::all(connection, OVERDUE, params![now.0, limit], row::read))
            .await
    }
}

/// Ends an attempt: first nobody may work on it any more, then the next one may begin, after a pause. None where
/// there is no attempt to be ended.
pub(super) fn try_again(
    connection: &Connection,
    mut row: TaskRow,
    step: Step,
    fault: TaskFault,
    pause: Duration,
    now: Timestamp,
) -> Result<Option<TaskRow>, StoreError> {
    let Ok(life) = row.life.after(step) else { return Ok(None) };
    withdraw(connection, &row, now)?;
    row.failed_on.extend(row.worker_id.take_if(|_| !life.state.is_final()));
    (row.life, row.error) = (life, Some(fault));
    if life.state.is_final() {
        row.finished_at = Some(now);
    } else {
        (row.ticket, row.progress, row.started_at) = (None, None, None);
        row.pending_since = now.after(pause);
    }
    update(connection, &row)?;
    events::state(connection, &row, now)?;
    Ok(Some(row))
}
