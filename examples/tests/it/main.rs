//! The example workers over their own HTTPS, called by a member of the fleet.

#[expect(dead_code, reason = "not every operation takes fields of every kind")]
#[path = "../../../vectors/runner.rs"]
mod runner;

mod documents;
mod greetings;
mod howto;
mod images;
mod mails;
mod process;
mod streams;
mod support;
mod vectors;
mod workers;
