//! `carnet worker`.

mod enroll;
pub mod token;

use crate::cli::worker::WorkerCommand;
use crate::connect::Surroundings;

/// Runs a command on workers.
pub async fn run(command: WorkerCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        WorkerCommand::Token(args) => token::run(*args, surroundings),
        WorkerCommand::Enroll(args) => enroll::run(args, surroundings).await,
    }
}
