//! Format vectors, and properties of ids, tickets and expirations.

#[path = "../../../../vectors/runner.rs"]
mod runner;

mod ids;
mod realm_vectors;
mod vectors;
