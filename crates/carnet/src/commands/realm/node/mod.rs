//! `carnet realm node`.

mod cat;
mod exists;
mod file;
mod get;
mod info;
mod ls;
pub mod progress;
pub mod put;

use carnet_realm::client::Client;
use carnet_ticket::realm::NodeKey;

use crate::cli::NodeCommand;
use crate::cli::values::NodePath;
use crate::connect::Surroundings;

/// Runs a command on nodes.
pub async fn run(command: NodeCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        NodeCommand::Put(args) => put::run(&args, surroundings).await,
        NodeCommand::Get { node, output, force, server } => {
            get::run(&node, output, force, &server, surroundings).await
        }
        NodeCommand::Cat { node, server } => cat::run(&node, &server, surroundings).await,
        NodeCommand::Ls { node, server } => ls::run(&node, &server, surroundings).await,
        NodeCommand::Info { node, server } => info::run(&node, &server, surroundings).await,
        NodeCommand::Exists { node, server } => exists::run(&node, &server, surroundings).await,
        NodeCommand::Inspect(args) => file::inspect(&args),
        NodeCommand::Key(args) => file::key(&args),
    }
}

/// The node that a path leads to.
async fn find(client: &Client, node: &NodePath) -> anyhow::Result<NodeKey> {
    Ok(client.walk(node.key, &node.names).await?)
}
