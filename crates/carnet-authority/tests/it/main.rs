//! What the authority makes, and the audit chain as an auditor meets it.

#[expect(dead_code, reason = "not every operation takes fields of every kind")]
#[path = "../../../../vectors/runner.rs"]
mod runner;

mod audit;
mod ca;
mod capability;
mod enroll;
mod fleet_vectors;
mod keyring;
mod revocation_feed;
mod worker_token;
