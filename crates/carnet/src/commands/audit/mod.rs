//! `carnet audit`.

mod export;

use crate::cli::audit::AuditCommand;
use crate::connect::Surroundings;

/// Runs a command on the audit log.
pub async fn run(command: AuditCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    let AuditCommand::Export(args) = command;
    export::run(args, surroundings).await
}
