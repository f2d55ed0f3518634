//! `carnet audit`.

mod export;
mod verify;

use crate::cli::audit::AuditCommand;
use crate::connect::Surroundings;

/// Runs a command on the audit log.
pub async fn run(command: AuditCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        AuditCommand::Export(args) => export::run(args, surroundings).await,
        AuditCommand::Verify(args) => verify::run(&args, surroundings).await,
    }
}
