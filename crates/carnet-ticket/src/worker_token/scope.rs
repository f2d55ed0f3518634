//! What a worker may do: [`WorkerScope`], one of eight, and [`WorkerScopes`], some of them.

/// One thing that a worker may do, or that may be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkerScope {
    /// Tell that it lives.
    Heartbeat,
    /// Start a sandbox.
    Spawn,
    /// End a sandbox.
    Destroy,
    /// Ask how a sandbox is.
    Status,
    /// Run a command.
    Exec,
    /// Read and write files.
    Files,
    /// Read logs.
    Logs,
    /// Take and renew leases.
    Lease,
}

impl WorkerScope {
    /// All eight, in the order of the spec.
    pub const ALL: [Self; 8] = [
        Self::Heartbeat,
        Self::Spawn,
        Self::Destroy,
        Self::Status,
        Self::Exec,
        Self::Files,
        Self::Logs,
        Self::Lease,
    ];

    /// Its text in a token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "worker:heartbeat",
            Self::Spawn => "worker:spawn",
            Self::Destroy => "worker:destroy",
            Self::Status => "worker:status",
            Self::Exec => "worker:exec",
            Self::Files => "worker:files",
            Self::Logs => "worker:logs",
            Self::Lease => "worker:lease",
        }
    }

    /// The scope of exactly this text: nothing is a pattern.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Scopes held, in the order of the token; a compat token may repeat some.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerScopes(Vec<WorkerScope>);

impl WorkerScopes {
    /// All eight.
    pub fn all() -> Self {
        Self(WorkerScope::ALL.to_vec())
    }

    /// Whether `scope` is held.
    pub fn contains(&self, scope: WorkerScope) -> bool {
        self.0.contains(&scope)
    }

    /// The first of each.
    #[must_use]
    pub fn without_repeats(mut self) -> Self {
        let mut seen = [false; WorkerScope::ALL.len()];
        self.0.retain(|scope| !std::mem::replace(&mut seen[*scope as usize], true));
        self
    }

    /// The scopes, in order.
    pub fn as_slice(&self) -> &[WorkerScope] {
        &self.0
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<WorkerScope> for WorkerScopes {
    fn from_iter<I: IntoIterator<Item = WorkerScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}
