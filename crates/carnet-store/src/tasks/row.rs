//! A task's row.

use std::collections::{BTreeMap, BTreeSet};

use carnet_ticket::identity::{CapabilityId, Version, WorkerId};
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::task::{Life, TaskId, TaskState};
use carnet_ticket::time::Timestamp;
use rusqlite::Row;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::StoreError;
use crate::row::{
    maybe_key, maybe_moment, maybe_parsed, maybe_text, moment, parsed, text, texts, unsigned,
};

/// What is to be done, with everything that nobody said filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// What a worker has to be able to do.
    pub capability: CapabilityId,
    /// The version of it.
    pub version: Version,
    /// The verb of it; any where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// What policies are asked about, and workers are told.
    pub image: String,
    /// What runs it.
    pub provider: String,
    /// What it may reach.
    pub network: String,
    /// What may be read.
    pub input: Vec<NodeKey>,
    /// What the capability takes.
    pub params: Map<String, Value>,
    /// What a worker has to be labelled with.
    pub labels: BTreeMap<String, String>,
    /// Whether a worker has to have a GPU.
    pub requires_gpu: bool,
    /// How long it may take from its first placement on, in milliseconds.
    pub timeout_ms: u64,
    /// The most bytes that an attempt may write.
    pub output_bytes: u64,
    /// How often it is tried.
    pub max_attempts: u32,
}

/// A task to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Its id.
    pub id: TaskId,
    /// What is to be done.
    pub spec: TaskSpec,
    /// Where what it reads and writes is.
    pub realm: RealmId,
    /// Who wants it: the issuer of its tickets.
    pub created_by: String,
    /// The tenant that it belongs to.
    pub tenant_id: Option<String>,
    /// When whoever wants it stops counting: its tickets do not outlive that.
    pub caller_expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How far a worker is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// From 0 to 1.
    pub fraction: f32,
    /// In the worker's words.
    pub message: String,
}

/// Why a task was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFault {
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// Whether trying again may help.
    pub retryable: bool,
}

/// A task as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// Its number, by which lists are ordered.
    pub seq: u64,
    /// As it was made.
    pub task: NewTask,
    /// Where it is.
    pub life: Life,
    /// Who works on it, or did last.
    pub worker_id: Option<WorkerId>,
    /// The generation of the lease with which the attempt began.
    pub generation: u64,
    /// The ticket of the attempt, or of the last one.
    pub ticket: Option<TicketId>,
    /// Who has failed at it.
    pub failed_on: BTreeSet<WorkerId>,
    /// How far it is.
    pub progress: Option<Progress>,
    /// Why it was not done.
    pub error: Option<TaskFault>,
    /// Its result.
    pub output: Option<NodeKey>,
    /// Since when it waits for a worker; for an attempt after the first, from when on.
    pub pending_since: Timestamp,
    /// When a worker was last chosen.
    pub placed_at: Option<Timestamp>,
    /// When a worker last began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The last moment that it may take, once it was placed.
    pub deadline: Option<Timestamp>,
}

pub(super) fn read(row: &Row<'_>) -> Result<TaskRow, StoreError> {
    let spec: TaskSpec = json(row, "spec")?.ok_or(StoreError::BadRow { column: "spec" })?;
    let state =
        TaskState::parse(text(row, "state")?).ok_or(StoreError::BadRow { column: "state" })?;
    let life = Life { state, attempt: row.get("attempt")?, max_attempts: spec.max_attempts };
    Ok(TaskRow {
        seq: unsigned(row, "seq")?,
        task: NewTask {
            id: parsed(row, "id")?,
            spec,
            realm: parsed(row, "realm")?,
            created_by: row.get("created_by")?,
            tenant_id: row.get("tenant_id")?,
            caller_expires_at: maybe_moment(row, "caller_expires_at")?,
            created_at: moment(row, "created_at")?,
        },
        life,
        worker_id: maybe_parsed(row, "worker_id")?,
        generation: unsigned(row, "generation")?,
        ticket: maybe_parsed(row, "ticket")?,
        failed_on: texts(row, "failed_on")?.into_iter().collect(),
        progress: json(row, "progress")?,
        error: json(row, "error")?,
        output: maybe_key(row, "output")?,
        pending_since: moment(row, "pending_since")?,
        placed_at: maybe_moment(row, "placed_at")?,
        started_at: maybe_moment(row, "started_at")?,
        finished_at: maybe_moment(row, "finished_at")?,
        deadline: maybe_moment(row, "deadline")?,
    })
}

/// What was written as JSON, and may be missing.
fn json<T: DeserializeOwned>(row: &Row<'_>, column: &'static str) -> Result<Option<T>, StoreError> {
    let read = maybe_text(row, column)?.map(serde_json::from_str).transpose();
    read.map_err(|_| StoreError::BadRow { column })
}
