//! A worker in three lines of `main`: a certificate, HTTPS with mTLS, registration, heartbeats and renewal.
//!
//! ```no_run
//! use carnet_worker::{env_port, get, json, Json, WorkerApplication, WorkerError};
//!
//! struct MyWorker;
//! impl MyWorker {
//!     fn new(https_port: u16) -> WorkerApplication {
//!         WorkerApplication::new("my-service").https_port(https_port)
//!             .route("/health", get(|| async { Json(json!({"status": "healthy"})) }))
//!     }
//! }
//!
//! fn main() -> Result<(), WorkerError> {
//!     let port = env_port("MY_WORKER_HTTPS_PORT", 8500)?;
//!     MyWorker::new(port).run()
//! }
//! ```
//!
//! What this crate is: the worker's side of a fleet. [`WorkerApplication`] says what a worker is, and
//! [`WorkerApplication::run`] does all that is security. What it is not: it stores nothing but the certificate
//! directory, issues nothing, and knows neither the control plane's store nor its server.
//!
//! Invariants:
//! - there is no way to the socket, and none to serve a router without TLS, but for calls on this machine in compat;
//! - an enrollment token is sent only over a connection to the CA that the token names;
//! - where certificates are not the fleet's, a call needs a token for this worker besides, with the scope of its method;
//! - a certificate that is shown and does not verify is no connection; one that does becomes a grant, and the
//!   connection is cut when that ends;
//! - at every moment the directory holds a certificate and a key that belong together, or says how to get there;
//! - a registry or a CA that fails stops no worker;
//! - a task goes on only while its lease does, and what it reads and writes goes by its ticket alone;
//! - a worker that has not heard of revocations for 15 minutes, or not yet since it started, says so, and admits only peers whose certificates end
//!   within 15 minutes; who is connected stays.
//!
//! Source: worker runtime spec, sections 7 to 12.

pub mod application;
pub mod bootstrap;
mod bundle;
mod ca;
pub mod capability;
pub mod cert_dir;
mod control_plane;
mod credential;
mod deployed;
mod error;
mod events;
mod fetch;
mod files;
mod health;
mod identity;
pub mod lease;
mod listener;
mod metrics;
mod pause;
mod plane;
mod registry;
mod renew;
mod revocations;
pub mod rpc;
mod surroundings;
pub mod task;
mod tls;
mod turns;

pub use application::{ClientAuth, RunningWorker, ThisWorker, WorkerApplication};
pub use axum::routing::{delete, get, post, put};
pub use axum::{Extension, Json, Router};
pub use ca::CaError;
pub use capability::CapabilityDefinition;
pub use carnet_gate::Clock;
pub use credential::CredentialError;
pub use error::{BoxError, FileFault, WorkerError};
pub use fetch::FetchError;
pub use files::IdentityRecord;
pub use health::{Registration, Status};
pub use identity::WorkerIdentity;
pub use listener::Peer;
pub use registry::{NotFinite, heartbeat_form};
pub use serde_json::json;
pub use surroundings::{Surroundings, env_port};
pub use task::{TaskContext, TaskError, TaskHandler, TaskOutput};
pub use turns::Turns;
