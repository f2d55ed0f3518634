//! What makes credentials, ends them, and remembers both.
//!
//! [`keyring`] holds the keys that sign and verify. [`mint`] makes tokens under their policy. [`ledger`] is a record
//! of everything minted.
//!
//! What this crate is not: it stores nothing (`carnet-store` does), does no I/O, reads no clock and draws no
//! random numbers; `now` and random bytes are arguments.
//!
//! Invariants:
//! - no token text is in any record;
//! - a secret is in no `Debug` and no error;
//! - of each purpose at most one key signs.

pub mod keyring;
pub mod ledger;
pub mod mint;
