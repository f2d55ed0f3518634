//! What makes credentials, ends them, and remembers both.
//!
//! [`keyring`] holds the keys that sign and verify. [`mint`] makes tokens under their policy. [`ledger`] is a record
//! of everything minted, [`audit`] a chain of everything done: each event's hash covers the one before it, and signed
//! checkpoints say how far it was at a moment. [`revocation_feed`] signs what was withdrawn. [`ca`] certifies who the members of a fleet are, and [`enroll`] says
//! who becomes one.
//!
//! What this crate is not: it stores nothing (`carnet-store` does), does no I/O, reads no clock and draws no
//! random numbers, but for what the keys, serial numbers and signatures of certificates take; `now` and all other
//! random bytes are arguments.
//!
//! Invariants:
//! - no token text is in any record;
//! - a secret is in no `Debug` and no error;
//! - of each purpose at most one key signs;
//! - a text in an event is at most 1 KiB and has no control character, by its type;
//! - readers of lines and checkpoints look at a limit before they allocate, and never panic.

pub mod audit;
pub mod ca;
pub mod enroll;
pub mod keyring;
pub mod ledger;
pub mod mint;
pub mod revocation_feed;

pub use carnet_ticket::jws;
