//! Tasks: submitted by agents, done by workers. Source: worker runtime spec, section 12.
//!
//! What becomes of a task is a transaction of the store. What is kept in memory is who waits for a worker and who has
//! one, so that nothing is searched for when a worker is free: a queue that is read from the store at each start.

mod attempt;
mod finish;
mod policy;
mod queue;
mod report;
mod request;
mod schedule;
pub(crate) mod shown;
mod submit;

pub use request::TaskRequest;

pub(crate) use finish::{CancelError, cancel};
pub(crate) use report::report;
pub(crate) use schedule::{recover, schedule};
pub(crate) use submit::{Submission, SubmitError, Submitted, dry_run, submit};

use std::sync::Arc;

use carnet_gate::Gate;
use carnet_ticket::identity::TrustDomain;
use carnet_ticket::task::TaskId;
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};

use crate::ca;
use crate::rpc::{Foreign, Rpc};
use queue::Queue;

/// How many changes a stream may be behind; one that is further just looks again.
const BEHIND_MAX: usize = 4096;

/// Tasks of which something may still become, and everybody who waits for that.
pub(crate) struct Tasks {
    queue: Mutex<Queue>,
    /// Told when there may be something to place.
    wake: Notify,
    /// Tasks of which something has become.
    changes: broadcast::Sender<TaskId>,
    rpc: Rpc,
}

impl Tasks {
    pub(crate) fn new(gate: Gate, ca: Arc<ca::Held>, trust_domain: TrustDomain) -> Self {
        Self {
            queue: Mutex::default(),
            wake: Notify::new(),
            changes: broadcast::Sender::new(BEHIND_MAX),
            rpc: Rpc::new(gate, ca, trust_domain),
        }
    }

    /// Calls workers without a certificate of the fleet by this from now on.
    pub(crate) fn set_foreign(&self, foreign: Foreign) {
        self.rpc.set_foreign(foreign);
    }

    /// Begins to hear of what becomes of tasks. Begin before reading a row: no change is missed then.
    pub(crate) fn watch(&self) -> broadcast::Receiver<TaskId> {
        self.changes.subscribe()
    }

    fn tell(&self, task: TaskId) {
        // Nobody may be listening.
        let _ = self.changes.send(task);
    }
}
