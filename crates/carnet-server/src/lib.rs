//! The HTTP control plane: every request goes credential -> gate -> grant.
//!
//! What this crate is: the listeners, the frame that every answer has (request id, error body, headers), who
//! may call what, and one file per endpoint. What it is not: it parses no credential (it tells the gate which
//! header something came in), decides no expiry and counts no quota.
//!
//! Invariants:
//! - every route stands in [`routes::all`] with its [`auth::Access`], which is enforced before its handler
//!   runs; a test walks that list and fails on a route without a row in the authorization matrix;
//! - whatever lasts (an event stream, a download, a wait) holds its grant, and its connection is cut when the
//!   grant ends;
//! - callers learn a status and a fixed message; log and metrics learn the reason.
//!
//! To add an endpoint: its file under `routes/`, one line in [`routes::all`], what it takes and gives in
//! `openapi/`, its row in `tests/it/matrix.rs`.

mod address;
mod audit;
pub mod auth;
mod authority;
mod ca;
mod cors;
mod events;
pub mod fleet;
mod frame;
mod members;
mod openapi;
mod problem;
mod random;
mod rate;
pub mod registry;
mod reload;
mod revocations;
pub mod routes;
mod rpc;
pub mod serve;
mod sessions;
mod state;
pub mod tasks;
mod ui;
mod upkeep;

pub use authority::{AuthorityError, TurnError};
pub use ca::CaFault;
pub use problem::Problem;
pub use rate::Limit;
pub use reload::ReloadFault;
pub use revocations::LogError;
pub use rpc::RpcTlsError;
pub use state::{App, AppError, AppOptions};
