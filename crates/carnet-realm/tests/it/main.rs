//! Format vectors, properties of nodes and files, and collecting beside others.

#[path = "../../../../vectors/runner.rs"]
mod runner;

mod files;
#[cfg(feature = "service")]
mod gc;
mod nodes;
mod ticket_vectors;
mod vectors;
