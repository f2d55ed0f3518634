//! The one place where something presented becomes something allowed.
//!
//! ```text
//! Presented --(Lookup: what the store knows)--> Facts --(Gate::admit)--> Grant | Denied
//! ```
//!
//! A [`Grant`] is live authority: who, what, how much, until when. Whatever lasts holds one and stops when
//! [`Grant::ended`] resolves: by expiry, by revocation, by an exhausted budget.
//!
//! What this crate is not: it parses no credential (verifiers of `carnet-ticket` do), stores nothing, does no
//! I/O. Its [`Clock`] is the only one in the process.
//!
//! Invariants:
//! - nothing but [`Gate::admit`] makes a grant;
//! - after [`Gate::apply`] or [`Gate::end_content`] returns, no older grant that they name is alive, also one
//!   that was being admitted meanwhile;
//! - no lock is held when a public function returns, nor across an `await`;
//! - nothing that is allocated for a denied credential outlives the denial.

mod builder;
mod clock;
mod denied;
mod epoch;
mod expiry;
mod gate;
mod grant;
mod judge;
mod lookup;
mod meter;
mod purse;
mod registry;
mod revocation;
mod verdicts;

pub use builder::{GateBuilder, GateLimits};
pub use clock::{Clock, Hand, Shown, Stopwatch};
pub use denied::Denied;
pub use gate::{Gate, RightsMap};
pub use grant::{Grant, Hold};
pub use lookup::{Lookup, LookupBuilder, StatusSource};
pub use meter::{Cost, Spending};
pub use revocation::{
    Applied, Delta, Entry, FeedError, Freshness, InvalidSelector, Receiver, RevocationSet, Selector,
};
pub use verdicts::VerdictLimits;
