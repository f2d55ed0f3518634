//! Everything durable.
//!
//! One [`Store`] over SQLite. Reads go to a few connections; writes go through one writer on a thread of its own,
//! which commits whatever is waiting together, and answers only then: an fsync costs milliseconds, and sharing it
//! is the only way to be durable and fast.
//!
//! What this crate is not: it decides nothing beyond what a transaction must decide (quotas, races, the state
//! of a row), and reads no clock; `now` is an argument.
//!
//! Invariants:
//! - what a method has answered is on disk;
//! - a change is one transaction: all of it or nothing; its audit row is part of it (`store.audited(event)` before
//!   the method that changes something);
//! - SQL is portable: numbered parameters, no statement that only one database knows outside `migrations/`.
//!
//! To add a table: a numbered file in `migrations/sqlite`, a line in `migrate.rs`, a file for the noun here,
//! and its contract in `tests/it/contract`.

mod api_keys;
mod audit;
mod audit_checkpoints;
mod ca_certificates;
mod certificates;
mod enrollments;
mod error;
mod leases;
mod ledger;
mod meters;
mod migrate;
mod open;
mod readers;
mod realm_agents;
mod realm_clients;
mod realm_depots;
mod realm_gc;
mod realm_nodes;
mod realm_put;
mod realm_tickets;
mod realm_tokens;
mod realm_users;
mod revocations;
mod row;
mod sessions;
mod signing_keys;
mod sql;
mod tasks;
mod worker_identities;
mod workers;
mod writer;

pub use api_keys::{ApiKeyRow, NewApiKey};
pub use audit::AuditFilter;
pub use audit_checkpoints::{InsertCheckpointError, Pruned};
pub use ca_certificates::CaRow;
pub use certificates::{
    CertificateCounts, CertificateRow, CrlContent, Issuance, NewCertificate, RenewedCertificate,
    RevokedCertificateRow, StoreRenewError,
};
pub use enrollments::{ConsumeError, Consumption, RevokeEnrollmentError};
pub use error::{Cause, StoreError};
pub use leases::{LeaseFault, Leasing};
pub use ledger::LedgerFilter;
pub use open::{Store, StoreOptions};
pub use realm_agents::{AgentKey, AgentOwner, AgentRow};
pub use realm_clients::{
    Approval, ApproveClient, ClientRow, PENDING_MAX, PendingClient, PendingError,
};
pub use realm_depots::{DepotRow, DepotState, StoreDepotError};
pub use realm_gc::{Removed, Swept, Weight};
pub use realm_nodes::{NodeFacts, NodeRow, Usage};
pub use realm_put::{Put, PutError, PutNode, Quota};
pub use realm_tickets::{
    Ancestor, CommitError, InsertChildError, NewTicket, RevokeTicketError, TicketEnd, TicketRow,
    TicketStatus,
};
pub use realm_tokens::{InsertTokenError, TokenRow};
pub use realm_users::{OwnerKind, SetUser, SetUserError, UserRow, UserSet};
pub use revocations::{RevocationRow, Revoked};
pub use sessions::{Opened, SessionRow, SignInLinkRow};
pub use signing_keys::SealedKey;
pub use tasks::{
    End, EndTaskError, Ended, Inserted, NewTask, OfTenant, PlaceError, Placed, Placing, Progress,
    ReportError, Reported, TaskEvent, TaskFault, TaskFilter, TaskRow, TaskSpec,
};
pub use worker_identities::{
    EnrollMemberError, MemberProfile, MemberRow, Quarantined, ReleaseError,
};
pub use workers::{
    DeletedWorker, IDS_MAX, OrderError, RegisterError, WORKERS_MAX, WorkerOrder, WorkerRow,
};
