//! `/ui/tasks`: what was asked for, and what became of it.

mod cancel;
mod list;
mod show;

pub(crate) use cancel::cancel;
pub(crate) use list::list;
pub(crate) use show::show;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A task, as the API shows it.
#[derive(Deserialize)]
pub(in crate::ui) struct Task {
    pub(in crate::ui) id: String,
    pub(in crate::ui) capability: String,
    version: Option<String>,
    verb: Option<String>,
    image: String,
    provider: String,
    network: String,
    pub(in crate::ui) state: String,
    attempt: u32,
    max_attempts: u32,
    realm: String,
    #[serde(default)]
    input: Vec<String>,
    params: Value,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    requires_gpu: bool,
    limits: Limits,
    created_by: String,
    pub(in crate::ui) created_at: String,
    pub(in crate::ui) worker_id: Option<String>,
    output: Option<String>,
    pub(in crate::ui) progress: Option<Progress>,
    error: Option<Fault>,
    tenant_id: Option<String>,
    placed_at: Option<String>,
    started_at: Option<String>,
    pub(in crate::ui) finished_at: Option<String>,
    deadline: Option<String>,
}

#[derive(Deserialize)]
struct Limits {
    timeout_ms: u64,
    output_bytes: u64,
}

#[derive(Deserialize)]
pub(in crate::ui) struct Progress {
    fraction: f64,
    message: String,
}

#[derive(Deserialize)]
struct Fault {
    code: String,
    message: String,
}

impl Task {
    /// Whether nothing becomes of it any more.
    fn is_final(&self) -> bool {
        self.finished_at.is_some()
    }

    /// What it is given beside its input, as JSON; nothing when that is nothing.
    fn params(&self) -> Option<String> {
        let is_empty =
            self.params.is_null() || self.params.as_object().is_some_and(serde_json::Map::is_empty);
        (!is_empty).then(|| self.params.to_string())
    }
}

impl Progress {
    pub(in crate::ui) fn percent(&self) -> String {
        format!("{:.0}", self.fraction.clamp(0.0, 1.0) * 100.0)
    }
}
