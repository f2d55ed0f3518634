//! `carnet ca rotate`.

use reqwest::Method;
use serde_json::json;

use super::show;
use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Makes the next CA certificate, or lets it sign, and says how to go on.
pub async fn run(
    is_activated: bool,
    is_forced: bool,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let body = json!({ "activate": is_activated, "force": is_forced });
    let answer = client.call(Method::POST, "/api/v1/admin/ca/rotate", Some(&body)).await?;
    output::show(server.format, &answer, show::text)?;
    if !is_activated {
        eprintln!("next: when the workers have it, carnet ca rotate --activate");
    }
    Ok(())
}
