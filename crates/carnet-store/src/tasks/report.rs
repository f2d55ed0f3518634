//! What a worker says of a task that it works on. It counts only under the lease of the attempt.

use std::time::Duration;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::realm::TicketId;
use carnet_ticket::task::{LeaseMark, LifeError, Report, Step, TaskId};
use carnet_ticket::time::Timestamp;
use rusqlite::Connection;
use serde_json::json;

use super::finish::try_again;
use super::{Progress, TaskFault, TaskRow, events, find, update};
use crate::error::StoreError;
use crate::leases;
use crate::open::Store;
use crate::realm_tickets;

/// What came of a report.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The task as it is now.
    pub row: TaskRow,
    /// The ticket that counts no more.
    pub withdrawn: Option<TicketId>,
    /// Whether the worker has it no more.
    pub has_ended: bool,
}

/// Why a report does not count.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// There is no such task.
    #[error("there is no such task")]
    Unknown,
    /// It was not said under the lease of the attempt.
    #[error("the lease of the attempt is over, or another's")]
    StaleLease,
    /// It says to be done, and has not committed its output.
    #[error("the ticket of the attempt has no output")]
    NotCommitted,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Takes down what a worker says of a task.
    pub async fn report_task(
        &self,
        id: TaskId,
        worker: WorkerId,
        mark: LeaseMark,
        report: Report,
        now: Timestamp,
    ) -> Result<Reported, ReportError> {
        self.write_if(
            move |connection| take_down(connection, id, &worker, &mark, report, now),
            // What a worker says on its way is an event, and no act.
            |reported: &Reported| reported.has_ended,
        )
        .await
    }
}

fn take_down(
    connection: &Connection,
    id: TaskId,
    worker: &WorkerId,
    mark: &LeaseMark,
    report: Report,
    now: Timestamp,
) -> Result<Reported, ReportError> {
    let mut row = find(connection, id)?.ok_or(ReportError::Unknown)?;
    let resource = id.to_string();
    let is_current = row.worker_id.as_ref() == Some(worker)
        && row.life.state.is_active()
        && leases::is_current(connection, &resource, worker, mark, row.generation, now)?;
    if !is_current {
        return Err(ReportError::StaleLease);
    }
    let after =
        |row: &TaskRow, step| row.life.after(step).map_err(|_: LifeError| ReportError::StaleLease);
    match report {
        Report::Started if row.started_at.is_some() => {}
        Report::Started => {
            (row.life, row.started_at) = (after(&row, Step::Start)?, Some(now));
            update(connection, &row)?;
            events::state(connection, &row, now)?;
        }
        Report::Progress { fraction, message } => {
            let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
            let progress = Progress { fraction, message };
            events::append(connection, id, "progress", &json!(progress), now)?;
            row.progress = Some(progress);
            update(connection, &row)?;
        }
        Report::Log { message } => {
            events::append(connection, id, "log", &json!({ "message": message }), now)?;
        }
        Report::Succeeded => {
            let ticket = row.ticket.ok_or(ReportError::NotCommitted)?;
            let output = realm_tickets::output(connection, &ticket)?;
            row.output = Some(output.ok_or(ReportError::NotCommitted)?);
            (row.life, row.finished_at) = (after(&row, Step::Succeed)?, Some(now));
            leases::release(connection, &resource, worker)?;
            update(connection, &row)?;
            events::state(connection, &row, now)?;
            return Ok(Reported { row, withdrawn: None, has_ended: true });
        }
        Report::Failed { code, message, retryable } => {
            let fault = TaskFault { code, message, retryable };
            let pause = backoff(row.life.attempt);
            let step = Step::Fail { is_retryable: retryable };
            let withdrawn = row.ticket;
            let row = try_again(connection, row, step, fault, pause, now)?;
            let row = row.ok_or(ReportError::StaleLease)?;
            return Ok(Reported { row, withdrawn, has_ended: true });
        }
    }
    Ok(Reported { row, withdrawn: None, has_ended: false })
}

/// How long it takes until the attempt after this one begins: 1, 2, 4 … 30 s.
pub(super) fn backoff(attempt: u32) -> Duration {
    Duration::from_secs((1 << attempt.saturating_sub(1).min(5)).min(30))
}
