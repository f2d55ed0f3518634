//! `carnet keys promote`.

use carnet_ticket::id::KeyId;
use reqwest::Method;
use serde_json::json;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Lets a staged key sign.
pub async fn run(
    id: KeyId,
    is_forced: bool,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let path = format!("/api/v1/admin/keys/{id}/promote");
    let answer = client.call(Method::POST, &path, Some(&json!({ "force": is_forced }))).await?;
    Ok(output::show(server.format, &answer, |_| format!("promoted {id}"))?)
}
