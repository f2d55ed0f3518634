//! What a capability ticket says.

use crate::time::{Expiration, Timestamp};

/// The last moment that has a date: later ones are no expiry.
const LAST_MS: u64 = 253_402_300_799_999;

/// The role that a ticket gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The operator.
    Queen,
    /// A worker that only tells that it lives.
    WorkerHeartbeat,
    /// A worker with a GPU.
    WorkerGpu,
    /// A worker on a bus.
    WorkerBus,
    /// A worker on a LoRa link.
    WorkerLora,
}

impl Role {
    /// Every role, by its number in the bytes.
    pub const ALL: [Self; 5] =
        [Self::Queen, Self::WorkerHeartbeat, Self::WorkerGpu, Self::WorkerBus, Self::WorkerLora];

    /// Its label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Queen => "queen",
            Self::WorkerHeartbeat => "worker-heartbeat",
            Self::WorkerGpu => "worker-gpu",
            Self::WorkerBus => "worker-bus",
            Self::WorkerLora => "worker-lora",
        }
    }

    /// The role of this label, any case.
    pub fn parse(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.label().eq_ignore_ascii_case(label))
    }

    /// As [`Self::parse`]; `worker` is `worker-heartbeat` too.
    pub fn parse_with_alias(label: &str) -> Option<Self> {
        if label.eq_ignore_ascii_case("worker") {
            Some(Self::WorkerHeartbeat)
        } else {
            Self::parse(label)
        }
    }

    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    pub(super) fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// How much a ticket may do, and for how long; each without a limit when `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetSpec {
    ticks: Option<u64>,
    ops: Option<u64>,
    ttl_s: Option<u64>,
}

impl BudgetSpec {
    /// No limit.
    pub const fn unbounded() -> Self {
        Self { ticks: None, ops: None, ttl_s: None }
    }

    /// 1,000 ticks, 10,000 operations, 300 s: what heartbeat, bus and LoRa workers get.
    pub const fn default_heartbeat() -> Self {
        Self { ticks: Some(1_000), ops: Some(10_000), ttl_s: Some(300) }
    }

    /// 64 operations, 120 s: what GPU workers get.
    pub const fn default_gpu() -> Self {
        Self { ticks: None, ops: Some(64), ttl_s: Some(120) }
    }

    /// What a role gets when nobody says otherwise.
    pub const fn default_of(role: Role) -> Self {
        match role {
            Role::Queen => Self::unbounded(),
            Role::WorkerGpu => Self::default_gpu(),
            Role::WorkerHeartbeat | Role::WorkerBus | Role::WorkerLora => Self::default_heartbeat(),
        }
    }

    /// This with other ticks.
    #[must_use]
    pub const fn with_ticks(self, ticks: Option<u64>) -> Self {
        Self { ticks, ..self }
    }

    /// This with other operations.
    #[must_use]
    pub const fn with_ops(self, ops: Option<u64>) -> Self {
        Self { ops, ..self }
    }

    /// This with another life, seconds.
    #[must_use]
    pub const fn with_ttl(self, ttl_s: Option<u64>) -> Self {
        Self { ttl_s, ..self }
    }

    /// Ticks.
    pub const fn ticks(&self) -> Option<u64> {
        self.ticks
    }

    /// Operations.
    pub const fn ops(&self) -> Option<u64> {
        self.ops
    }

    /// Life, seconds.
    pub const fn ttl_s(&self) -> Option<u64> {
        self.ttl_s
    }
}

/// What a ticket mounts for its session; empty for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MountSpec {
    /// The service.
    pub service: String,
    /// The path.
    pub at: String,
}

impl MountSpec {
    /// Nothing.
    pub const fn empty() -> Self {
        Self { service: String::new(), at: String::new() }
    }

    /// Whether it is nothing.
    pub const fn is_empty(&self) -> bool {
        self.service.is_empty() && self.at.is_empty()
    }
}

/// What a scope allows below its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketVerb {
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Both.
    ReadWrite,
}

/// A path, what is allowed below it, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketScope {
    /// The path; empty and `/` are everything.
    pub path: String,
    /// What is allowed.
    pub verb: TicketVerb,
    /// Reads and writes a second; 0 for the manifest's maximum.
    pub rate_per_s: u32,
}

impl TicketScope {
    /// A scope.
    pub fn new(path: impl Into<String>, verb: TicketVerb, rate_per_s: u32) -> Self {
        Self { path: path.into(), verb, rate_per_s }
    }
}

/// Limits beside the budget; `None` for the manifest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TicketQuotas {
    /// Bytes moved.
    pub bandwidth_bytes: Option<u64>,
    /// Cursors taken up again.
    pub cursor_resumes: Option<u32>,
    /// Cursor steps.
    pub cursor_advances: Option<u32>,
}

impl TicketQuotas {
    /// None.
    pub const fn unbounded() -> Self {
        Self { bandwidth_bytes: None, cursor_resumes: None, cursor_advances: None }
    }
}

/// Everything a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketClaims {
    /// The role.
    pub role: Role,
    /// How much, and for how long.
    pub budget: BudgetSpec,
    /// Whom it is for.
    pub subject: Option<String>,
    /// What it mounts.
    pub mounts: MountSpec,
    /// When it was issued, Unix milliseconds.
    pub issued_at_ms: u64,
    /// Where it counts; empty leaves that to the role.
    pub scopes: Vec<TicketScope>,
    /// Further limits.
    pub quotas: TicketQuotas,
}

impl TicketClaims {
    /// Claims without scopes and quotas.
    pub fn new(
        role: Role,
        budget: BudgetSpec,
        subject: Option<String>,
        mounts: MountSpec,
        issued_at_ms: u64,
    ) -> Self {
        let (scopes, quotas) = (Vec::new(), TicketQuotas::unbounded());
        Self { role, budget, subject, mounts, issued_at_ms, scopes, quotas }
    }

    /// These with scopes.
    #[must_use]
    pub fn with_scopes(self, scopes: Vec<TicketScope>) -> Self {
        Self { scopes, ..self }
    }

    /// These with quotas.
    #[must_use]
    pub fn with_quotas(self, quotas: TicketQuotas) -> Self {
        Self { quotas, ..self }
    }

    /// When they end: `issued_at_ms + ttl_s * 1000`; what does not fit into a date never does.
    pub fn expires(&self) -> Expiration {
        let Some(ttl_s) = self.budget.ttl_s else { return Expiration::Never };
        let end = self.issued_at_ms.saturating_add(ttl_s.saturating_mul(1000));
        match i64::try_from(end) {
            Ok(ms) if end <= LAST_MS => Expiration::At(Timestamp(ms)),
            _ => Expiration::Never,
        }
    }
}
