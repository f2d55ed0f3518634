//! `carnet realm node`.

mod cat;
mod get;
mod info;
mod put;

use crate::cli::NodeCommand;
use crate::connect::Surroundings;

/// Runs a command on nodes.
pub async fn run(command: NodeCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        NodeCommand::Put { path, content_type, jobs, server } => {
            put::run(&path, content_type, usize::from(jobs), &server, surroundings).await
        }
        NodeCommand::Get { key, output, force, server } => {
            get::run(key, &output, force, &server, surroundings).await
        }
        NodeCommand::Cat { key, server } => cat::run(key, &server, surroundings).await,
        NodeCommand::Info { key, server } => info::run(key, &server, surroundings).await,
    }
}
