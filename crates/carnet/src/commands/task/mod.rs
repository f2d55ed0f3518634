//! `carnet task`.

mod list;
mod run;
mod shown;

use carnet_ticket::task::TaskId;

use crate::cli::ServerArgs;
use crate::cli::task::TaskCommand;
use crate::connect::{self, Surroundings};
use crate::output;

/// Runs a command on tasks.
pub async fn run(command: TaskCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        TaskCommand::Run(args) => run::run(&args, surroundings).await,
        TaskCommand::List(args) => list::run(&args, surroundings).await,
        TaskCommand::Show { id, server } => show(id, &server, surroundings).await,
        TaskCommand::Cancel { id, reason, server } => {
            let client = connect::client(&server, surroundings)?;
            let task = client.cancel_task(&id.to_string(), reason.as_deref()).await?;
            Ok(output::show(server.format, &task, |task| {
                format!("{} is {}", output::text(&task["id"]), output::text(&task["state"]))
            })?)
        }
    }
}

/// Shows a task.
async fn show(id: TaskId, server: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let task = client.task(&id.to_string()).await?;
    Ok(output::show(server.format, &task, shown::text)?)
}
