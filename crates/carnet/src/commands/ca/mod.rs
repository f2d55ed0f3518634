//! `carnet ca`.

mod issue;
pub mod revoke;
mod rotate;
mod show;

use reqwest::Method;

use crate::cli::ca::CaCommand;
use crate::connect::{self, Surroundings};
use crate::output;

/// Runs a command on the certificate authority.
pub async fn run(command: CaCommand, surroundings: &Surroundings) -> anyhow::Result<()> {
    match command {
        CaCommand::Show(server) => show::run(&server, surroundings).await,
        CaCommand::Issue(args) => issue::run(&args, surroundings).await,
        CaCommand::Revoke { what, reason, server } => {
            revoke::run(&what, reason.as_deref(), &server, surroundings).await
        }
        CaCommand::Release { member, server } => {
            let client = connect::client(&server, surroundings)?;
            let path = format!("/api/v1/admin/ca/identities/{member}/release");
            let answer = client.call(Method::POST, &path, None).await?;
            Ok(output::show(server.format, &answer, |_| format!("released {member}"))?)
        }
        CaCommand::Rotate { activate, force, server } => {
            rotate::run(activate, force, &server, surroundings).await
        }
    }
}
