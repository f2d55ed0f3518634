//! What an administrator does to a worker. It stays until it is undone, whatever the worker says.

use carnet_gate::Selector;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::time::Timestamp;
use rusqlite::params;

use super::{WorkerRow, find};
use crate::error::StoreError;
use crate::open::Store;
use crate::{revocations, sql};

const SET: &str = "UPDATE workers SET cordoned = ?2, draining = ?3, quarantined = ?4, reason = ?5, updated_at = ?6 \
    WHERE worker_id = ?1";

/// What is done to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerOrder {
    /// It is given no work.
    Cordon,
    /// It finishes what it has, and is given no more.
    Drain,
    /// It is given work again.
    Uncordon,
    /// It is kept out: one that is no member of the fleet by certificate. What it was given counts no more.
    Quarantine,
    /// Such a one is let in again.
    Release,
}

/// Why nothing was done to a worker.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// There is no such worker.
    #[error("there is no such worker")]
    NotFound,
    /// It is not quarantined.
    #[error("the worker is not quarantined")]
    NotQuarantined,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Does something to a worker, for a reason in somebody's words.
    pub async fn order_worker(
        &self,
        id: WorkerId,
        order: WorkerOrder,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<WorkerRow, OrderError> {
        self.write(move |connection| {
            let row = find(connection, &id)?.ok_or(OrderError::NotFound)?;
            let mut row = WorkerRow { updated_at: now, ..row };
            match order {
                WorkerOrder::Cordon => (row.cordoned, row.reason) = (true, reason),
                WorkerOrder::Drain => (row.draining, row.reason) = (true, reason),
                WorkerOrder::Uncordon => {
                    (row.cordoned, row.draining, row.reason) = (false, false, None);
                }
                WorkerOrder::Quarantine => {
                    let subject = row.identity.clone();
                    let subject = Selector::Subject { subject, issued_before: now };
                    revocations::record(connection, subject, reason.clone(), None, now)?;
                    (row.quarantined, row.reason) = (true, reason);
                }
                WorkerOrder::Release if !row.quarantined => return Err(OrderError::NotQuarantined),
                WorkerOrder::Release => (row.quarantined, row.reason) = (false, None),
            }
            let (states, reason) = ((row.cordoned, row.draining, row.quarantined), &row.reason);
            let values = params![id.as_str(), states.0, states.1, states.2, reason, now.0];
            sql::execute(connection, SET, values)?;
            Ok(row)
        })
        .await
    }
}
