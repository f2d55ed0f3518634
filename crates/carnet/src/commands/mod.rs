//! One file per command.

mod audit;
mod ca;
mod completions;
mod config;
mod demo;
mod dev;
mod doctor;
mod enroll;
mod inspect;
mod keys;
mod pictures;
mod realm;
mod revoke;
mod serve;
mod task;
mod ticket;
mod ui;
mod verify;
mod worker;

use std::collections::BTreeMap;

use carnet_config::keys::{KEYS, Key, Kind};

use crate::cli::{Cli, Command, ConfigArgs};
use crate::connect::Surroundings;
use crate::failure::Failure;

/// Runs what was typed.
pub async fn run(cli: Cli, surroundings: Surroundings) -> anyhow::Result<()> {
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::DemoWorker { name } => demo::worker::run(name.as_str(), &surroundings).await,
        Command::Dev(args) => Box::pin(dev::run(args, &surroundings)).await,
        Command::DevWorker => dev::worker::run(&surroundings).await,
        Command::Serve(args) => Box::pin(serve::run(args, &surroundings)).await,
        Command::Realm(command) => realm::run(command, &surroundings).await,
        Command::Revoke(args) => revoke::run(args, &surroundings).await,
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(*args, &surroundings).await,
        Command::Ticket(command) => ticket::run(command, &surroundings).await,
        Command::Task(command) => task::run(command, &surroundings).await,
        Command::Worker(command) => worker::run(command, &surroundings).await,
        Command::Enroll(command) => enroll::run(command, &surroundings).await,
        Command::Ca(command) => ca::run(command, &surroundings).await,
        Command::Keys(command) => keys::run(command, &surroundings).await,
        Command::Audit(command) => audit::run(command, &surroundings).await,
        Command::Ui { server } => ui::run(&server, &surroundings).await,
        Command::Doctor(args) => doctor::run(args, &surroundings).await,
        Command::Config(command) => config::run(command, &surroundings),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// What flags say of a configuration. A secret is refused: an argument can be read by every process.
fn flags(args: &ConfigArgs) -> Result<BTreeMap<String, String>, Failure> {
    let is_secret = |key: &&Key| {
        let is_set = args.settings.iter().any(|(name, _)| name == key.name);
        is_set && key.kind.is_secret() && key.kind != Kind::SecretFile
    };
    if let Some(key) = KEYS.iter().find(is_secret) {
        let (name, variable) = (key.name, key.variable());
        let file = key.file_name().unwrap_or_default();
        let text = format!("{name} is a secret and never an argument: set {file} or {variable}");
        return Err(Failure::Usage(text));
    }
    let data_dir =
        args.data_dir.iter().map(|path| ("data_dir".to_owned(), path.display().to_string()));
    Ok(data_dir.chain(args.settings.iter().cloned()).collect())
}
