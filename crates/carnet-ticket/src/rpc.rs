//! What the control plane asks of a worker, `POST /rpc`. Source: worker runtime spec, section 11.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::realm::NodeKey;
use crate::worker_token::{WorkerScope, WorkerScopes};

/// The longest request and the longest answer, in bytes.
pub const LEN_MAX: usize = 1 << 20;

/// The longest id of a request, in printable characters.
pub const ID_LEN_MAX: usize = 128;

/// A request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// Names what is asked for: the same id with the same body is done once.
    pub id: String,
    /// What is asked for: `worker.spawn`.
    pub method: String,
    /// The worker that is asked.
    pub worker_id: String,
    /// The lease under which it is asked; read by [`Lease::read`](crate::task::Lease::read).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Value>,
    /// What the method takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The request's.
    pub id: String,
    /// Who answers.
    pub worker_id: String,
    /// The name of what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the method gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// What can be asked of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Begin a task.
    Spawn,
    /// End a task.
    Destroy,
    /// Renew a lease now.
    RenewLease,
    /// Tell how a task is.
    Status,
    /// Give what a task has logged.
    Logs,
    /// Drain, and end.
    Shutdown,
    /// Run a command.
    Exec,
    /// Run a command and stream what it prints.
    ExecStream,
    /// Read and write files.
    File,
    /// Say that it lives.
    Heartbeat,
}

/// Why a method is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// There is no such method.
    #[error("there is no such method")]
    UnknownMethod,
    /// The caller may not.
    #[error("the caller lacks the method's scope")]
    ScopeMissing,
    /// No worker does that.
    #[error("the method is not implemented")]
    NotImplemented,
}

impl Method {
    /// The method of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("worker.")? {
            "spawn" => Self::Spawn,
            "destroy" => Self::Destroy,
            "renew_lease" => Self::RenewLease,
            "status" => Self::Status,
            "logs" => Self::Logs,
            "shutdown" => Self::Shutdown,
            "exec" => Self::Exec,
            "exec_stream" => Self::ExecStream,
            "heartbeat" => Self::Heartbeat,
            name if name.starts_with("file_") => Self::File,
            _ => return None,
        })
    }

    /// The method of this name, if whoever holds `scopes` may have it run.
    pub fn permitted(name: &str, scopes: &WorkerScopes) -> Result<Self, MethodError> {
        let method = Self::parse(name).ok_or(MethodError::UnknownMethod)?;
        if !scopes.contains(method.scope()) {
            return Err(MethodError::ScopeMissing);
        }
        match method {
            Self::Exec | Self::ExecStream | Self::File | Self::Heartbeat => {
                Err(MethodError::NotImplemented)
            }
            method => Ok(method),
        }
    }

    /// What a caller needs for it.
    pub const fn scope(self) -> WorkerScope {
        match self {
            Self::Spawn => WorkerScope::Spawn,
            Self::Destroy | Self::Shutdown => WorkerScope::Destroy,
            Self::RenewLease => WorkerScope::Lease,
            Self::Status => WorkerScope::Status,
            Self::Logs => WorkerScope::Logs,
            Self::Exec | Self::ExecStream => WorkerScope::Exec,
            Self::File => WorkerScope::Files,
            Self::Heartbeat => WorkerScope::Heartbeat,
        }
    }

    /// Whether it is run only under a lease.
    pub const fn needs_lease(self) -> bool {
        matches!(self, Self::Spawn | Self::Destroy | Self::RenewLease)
    }
}

/// What `worker.spawn` takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spawn {
    /// The task's id.
    pub sandbox_id: String,
    /// The task's effective image.
    pub image: String,
    /// What runs it: `task`.
    pub provider: String,
    /// The task's effective network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The most memory, in MB; 0 where nobody says.
    #[serde(default)]
    pub memory_mb: u64,
    /// The most processors; 0 where nobody says.
    #[serde(default)]
    pub vcpus: u32,
    /// Who wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// How long it may run: `5m0s`.
    pub ttl: String,
    /// The task, for provider `task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<SpawnTask>,
}

/// The task that a worker is asked to begin.
#[derive(Clone, Serialize, Deserialize)]
pub struct SpawnTask {
    /// What is to be done: `image.thumbnail`. Carnet's own member.
    pub capability: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What the capability takes.
    pub params: Map<String, Value>,
    /// What may be read.
    pub input: Vec<NodeKey>,
    /// The realm, as a path of the content store has it.
    pub realm: String,
    /// The server that has the realm: `http://127.0.0.1:7423`.
    pub realm_url: String,
    /// The ticket of this attempt: `ticket:<ULID>`. A secret.
    pub ticket: String,
    /// The most bytes that may be written.
    pub output_bytes: u64,
    /// The last moment: RFC 3339.
    pub deadline: String,
}

impl std::fmt::Debug for SpawnTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpawnTask")
            .field("capability", &self.capability)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// What `worker.spawn` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawned {
    /// The task's id.
    pub sandbox_id: String,
    /// `running`.
    pub state: String,
    /// What runs it.
    pub provider: String,
    /// Who runs it.
    pub worker_id: String,
}

/// The name under which a request is known that asks `method` for `resource` under a lease of `generation`:
/// `spawn-task:…-3`.
pub fn request_id(method: &str, resource: &str, generation: u64) -> String {
    format!("{method}-{resource}-{generation}")
}
