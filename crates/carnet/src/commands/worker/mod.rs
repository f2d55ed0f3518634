//! `carnet worker`.

mod enroll;
mod list;
mod order;
mod run;
mod show;
pub mod token;

use std::path::PathBuf;

use carnet_gate::Clock;
use carnet_worker::Surroundings as Machine;

use crate::cli::worker::WorkerCommand;
use crate::connect::Surroundings;

/// Runs a command on workers.
pub async fn run(command: WorkerCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        WorkerCommand::Token(args) => token::run(*args, surroundings),
        WorkerCommand::Run(args) => Box::pin(run::run(*args, surroundings)).await,
        WorkerCommand::Enroll(args) => enroll::run(args, surroundings).await,
        WorkerCommand::List(server) => list::run(&server, surroundings).await,
        WorkerCommand::Show { id, server } => show::run(&id, &server, surroundings).await,
        WorkerCommand::Cordon(args) => order::run("cordon", &args, surroundings).await,
        WorkerCommand::Uncordon(args) => order::run("uncordon", &args, surroundings).await,
        WorkerCommand::Drain(args) => order::run("drain", &args, surroundings).await,
        WorkerCommand::Quarantine(args) => order::run("quarantine", &args, surroundings).await,
        WorkerCommand::Release(args) => order::run("release", &args, surroundings).await,
    }
}

/// What a worker of this process goes by.
pub fn machine(surroundings: &Surroundings) -> Machine {
    Machine {
        env: surroundings.env.clone(),
        root: PathBuf::from("/"),
        cwd: surroundings.cwd.clone(),
        clock: Clock::System,
    }
}
