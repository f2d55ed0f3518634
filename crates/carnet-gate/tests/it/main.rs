//! The gate through its public interface.

#[path = "../../../../vectors/runner.rs"]
mod runner;

mod admit;
mod end;
mod meters;
mod support;
mod vectors;
