//! `carnet worker`.

pub mod token;

use crate::cli::worker::WorkerCommand;
use crate::connect::Surroundings;

/// Runs a command on workers.
pub fn run(command: WorkerCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    let WorkerCommand::Token(args) = command;
    token::run(*args, surroundings)
}
