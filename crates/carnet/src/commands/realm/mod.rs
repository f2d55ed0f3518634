//! `carnet realm`.

mod client;
mod depot;
mod fsck;
mod gc;
pub mod node;
mod ticket;
mod token;
mod user;

use reqwest::Method;

use crate::cli::{RealmCommand, ServerArgs};
use crate::connect::{self, Surroundings};
use crate::output;

/// Runs a command on the content store.
pub async fn run(command: RealmCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        RealmCommand::Info(args) => show(&args, "", surroundings).await,
        RealmCommand::Usage(args) => show(&args, "/usage", surroundings).await,
        RealmCommand::Node(command) => node::run(command, surroundings).await,
        RealmCommand::Ticket(command) => ticket::run(command, surroundings).await,
        RealmCommand::Depot(command) => depot::run(command, surroundings).await,
        RealmCommand::Token(command) => token::run(command, surroundings).await,
        RealmCommand::Client(command) => client::run(command, surroundings).await,
        RealmCommand::User(command) => user::run(command, surroundings).await,
        RealmCommand::Gc { dry_run, server } => gc::run(dry_run, &server, surroundings).await,
        RealmCommand::Fsck(server) => fsck::run(&server, surroundings).await,
    }
}

/// Shows what a route of the realm answers.
async fn show(args: &ServerArgs, path: &str, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(args, surroundings)?;
    let value = client.call(Method::GET, &format!("/api/realm/{}{path}", args.realm), None).await?;
    output::show(args.format, &value, output::object)?;
    Ok(())
}
