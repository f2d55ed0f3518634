//! `/ui/workers`: the members of the fleet that work.

mod list;
mod order;
mod show;

pub(crate) use list::list;
pub(crate) use order::{cordon, drain, quarantine, release, uncordon};
pub(crate) use show::show;

use std::collections::BTreeMap;

use serde::Deserialize;

/// A worker, as the API shows it.
#[derive(Deserialize)]
struct Worker {
    id: String,
    spiffe_id: String,
    service_type: String,
    endpoint: Option<String>,
    rpc_url: Option<String>,
    capabilities: Vec<String>,
    labels: BTreeMap<String, String>,
    capacity: Capacity,
    load_score: f64,
    active_tasks: u64,
    state: String,
    state_reason: Option<String>,
    key_ids: Vec<String>,
    revocation_seq: Option<u64>,
    last_heartbeat: String,
    created_at: String,
}

#[derive(Deserialize)]
struct Capacity {
    /// Tasks at once.
    max_sandboxes: Option<u64>,
}

impl Worker {
    /// How busy it is, in percent.
    fn load(&self) -> String {
        format!("{:.0} %", self.load_score * 100.0)
    }

    /// What it has to do, and of how much that it could.
    fn tasks(&self) -> String {
        match self.capacity.max_sandboxes {
            Some(capacity) => format!("{} of {capacity}", self.active_tasks),
            None => self.active_tasks.to_string(),
        }
    }
}
