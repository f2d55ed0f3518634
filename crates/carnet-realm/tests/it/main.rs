//! Format vectors and properties of nodes and files.

#[path = "../../../../vectors/runner.rs"]
mod runner;

mod files;
mod nodes;
mod ticket_vectors;
mod vectors;
