//! The gate through its public interface.

#[expect(dead_code, reason = "not every operation takes fields of every kind")]
#[path = "../../../../vectors/runner.rs"]
mod runner;

mod admit;
mod allocations;
mod capability;
mod end;
mod feed;
mod meters;
mod revocations;
mod support;
mod vectors;
mod verdicts;
