//! The server over real HTTP, on a clock that the tests turn.

mod support;

mod api_keys;
mod frame;
mod matrix;
mod realm;
mod revocations;
mod socket;
mod tls;
mod vectors;

#[path = "../../../../vectors/runner.rs"]
#[expect(dead_code, reason = "not every operation takes fields of every kind")]
mod runner;
