//! The example workers over their own HTTPS, called by a member of the fleet.

#[expect(dead_code, reason = "not every operation takes fields of every kind")]
#[path = "../../../vectors/runner.rs"]
mod runner;

#[expect(dead_code, unused_imports, reason = "tasks need a part of it")]
#[path = "../../../crates/carnet-worker/tests/it/support/mod.rs"]
mod control_plane;
mod documents;
mod greetings;
mod howto;
mod images;
mod mails;
mod process;
mod streams;
mod support;
mod tasks;
mod vectors;
mod workers;
