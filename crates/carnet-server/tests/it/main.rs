//! The server over real HTTP, on a clock that the tests turn.

mod support;

mod api_keys;
mod attenuation;
mod audit;
mod ca;
mod cors;
mod deployed;
mod feed;
mod fleet;
mod frame;
mod keys;
mod matrix;
mod mcp;
mod openapi;
mod preview;
mod rate;
mod realm;
mod reload;
mod revocations;
mod rotation;
mod session;
mod socket;
mod tasks;
mod tickets;
mod tls;
mod ui;
mod vectors;
mod worker_refusals;
mod worker_revocations;
mod worker_routes;
mod worker_tokens;

#[path = "../../../../vectors/runner.rs"]
#[expect(dead_code, reason = "not every operation takes fields of every kind")]
mod runner;
