//! The contract that every backend keeps, run over SQLite; and what only a file can do.

mod contract;
mod sqlite;
mod sqlite_audit;
