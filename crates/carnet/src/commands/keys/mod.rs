//! `carnet keys`.

pub mod file;
mod list;
mod promote;
mod retire;
mod rotate;
mod status;

use crate::cli::keys::KeysCommand;
use crate::connect::Surroundings;

/// Runs a command on the server's keys.
pub async fn run(command: KeysCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        KeysCommand::List(server) => list::run(&server, surroundings).await,
        KeysCommand::Status { require, server } => {
            status::run(require, &server, surroundings).await
        }
        KeysCommand::Rotate { purpose, server } => {
            rotate::run(purpose, &server, surroundings).await
        }
        KeysCommand::Promote { id, force, server } => {
            promote::run(id, force, &server, surroundings).await
        }
        KeysCommand::Retire { id, force, server } => {
            retire::run(id, force, &server, surroundings).await
        }
    }
}
