//! Workers against a control plane over real TLS, on a clock that tests turn.

#[expect(dead_code, reason = "not every operation takes fields of every kind")]
#[path = "../../../../vectors/runner.rs"]
mod runner;
mod support;

mod access;
mod deployed;
mod enroll;
mod files;
mod health;
mod process;
mod registry;
mod renewal;
mod revocations;
mod routes;
mod rpc;
mod settings;
mod shutdown;
mod tasks;
mod vectors;
