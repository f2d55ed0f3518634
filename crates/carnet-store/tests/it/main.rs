//! The contract that every backend keeps, run over SQLite; and what only a file can do.

mod contract;
#[expect(dead_code, reason = "not every operation takes fields of every kind")]
#[path = "../../../../vectors/runner.rs"]
mod runner;
mod sqlite;
mod sqlite_audit;
mod vectors;
