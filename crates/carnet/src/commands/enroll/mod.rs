//! `carnet enroll`.

mod list;
mod new;
pub mod revoke;

pub use new::certified_as;

use crate::cli::enroll::EnrollCommand;
use crate::connect::Surroundings;

/// Runs a command on enrollments.
pub async fn run(command: EnrollCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        EnrollCommand::New(args) => new::run(&args, surroundings).await,
        EnrollCommand::List { all, server } => list::run(all, &server, surroundings).await,
        EnrollCommand::Revoke { id, server } => revoke::run(id, &server, surroundings).await,
    }
}
