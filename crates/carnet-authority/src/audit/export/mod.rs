//! Exports: lines that verify by themselves, and tables for spreadsheets.

mod csv;
mod jsonl;

pub use csv::to_csv;
pub use jsonl::{BadLine, Lines};
