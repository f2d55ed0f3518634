//! Giving a task to a worker: its lease, the ticket of the attempt and the task's new state are one transaction.

use std::time::Duration;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::realm::TicketId;
use carnet_ticket::task::{Lease, LifeError, Step, TaskId};
use carnet_ticket::time::Timestamp;
use rusqlite::Connection;

use super::{TaskRow, events, find, update, withdraw};
use crate::error::StoreError;
use crate::leases::{self, LeaseFault, Leasing};
use crate::open::Store;
use crate::realm_tickets::{self, NewTicket};

/// How long after a task's deadline the ticket of its last attempt counts.
const AFTER_DEADLINE: Duration = Duration::from_mins(1);

/// What kind of thing the lease of a task is of.
const RESOURCE_TYPE: &str = "task";

/// Which task is given to whom.
#[derive(Debug, Clone)]
pub struct Placing {
    /// The task.
    pub task: TaskId,
    /// The attempt that is meant.
    pub attempt: u32,
    /// Who gets it.
    pub worker_id: WorkerId,
    /// Which process of that.
    pub instance: String,
    /// How long it is leased at once.
    pub lease_ttl: Duration,
    /// The id that the ticket of the attempt gets.
    pub ticket: TicketId,
}

/// A task that a worker may be asked to begin.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The task.
    pub row: TaskRow,
    /// The worker's lease.
    pub lease: Lease,
}

/// Why a task was not given to a worker.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// It does not wait for a worker any more, or not for that attempt.
    #[error("the task does not wait for a worker")]
    NotPending,
    /// Its lease.
    #[error(transparent)]
    Lease(#[from] LeaseFault),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Gives a task to a worker.
    pub async fn place_task(&self, placing: Placing, now: Timestamp) -> Result<Placed, PlaceError> {
        self.write(move |connection| place(connection, &placing, now)).await
    }

    /// Takes a task back from a worker that did not take it: that was no attempt. Whether it had it.
    pub async fn unplace_task(
        &self,
        id: TaskId,
        attempt: u32,
        now: Timestamp,
    ) -> Result<Option<TaskRow>, StoreError> {
        self.write(move |connection| {
            let row = find(connection, id)?.filter(|row| row.life.attempt == attempt);
            let Some(mut row) = row else { return Ok(None) };
            let Ok(life) = row.life.after(Step::Unplace) else { return Ok(None) };
            withdraw(connection, &row, now)?;
            (row.life, row.worker_id) = (life, None);
            update(connection, &row)?;
            events::state(connection, &row, now)?;
            Ok(Some(row))
        })
        .await
    }
}

fn place(connection: &Connection, placing: &Placing, now: Timestamp) -> Result<Placed, PlaceError> {
    let row = find(connection, placing.task)?;
    let row = row.filter(|row| row.life.attempt == placing.attempt);
    let mut row = row.ok_or(PlaceError::NotPending)?;
    row.life = row.life.after(Step::Place).map_err(|_: LifeError| PlaceError::NotPending)?;
    let leasing = Leasing {
        resource_id: placing.task.to_string(),
        resource_type: RESOURCE_TYPE.to_owned(),
        holder: placing.worker_id.clone(),
        instance: placing.instance.clone(),
    };
    let lease = leases::acquire(connection, &leasing, placing.lease_ttl, now)?;
    let timeout = Duration::from_millis(row.task.spec.timeout_ms);
    let deadline = row.deadline.unwrap_or_else(|| now.after(timeout));
    row.worker_id = Some(placing.worker_id.clone());
    row.generation = lease.generation;
    row.ticket = Some(placing.ticket);
    (row.progress, row.error, row.started_at) = (None, None, None);
    (row.placed_at, row.deadline) = (Some(now), Some(deadline));
    realm_tickets::insert(connection, &ticket(&row, placing.ticket, deadline, now))?;
    update(connection, &row)?;
    events::state(connection, &row, now)?;
    Ok(Placed { row, lease })
}

/// What an attempt may read and write, and until when.
fn ticket(row: &TaskRow, id: TicketId, deadline: Timestamp, now: Timestamp) -> NewTicket {
    let end = deadline.after(AFTER_DEADLINE);
    let task = &row.task;
    NewTicket {
        id,
        realm: task.realm,
        issuer: task.created_by.clone(),
        purpose: Some(format!("{}, attempt {}", task.id, row.life.attempt)),
        input: Some(task.spec.input.clone()),
        writable: true,
        quota: Some(task.spec.output_bytes),
        accept: Vec::new(),
        created_at: now,
        expires_at: task.caller_expires_at.map_or(end, |caller| caller.min(end)),
        parent: None,
        depth: 0,
        delegable: false,
    }
}
