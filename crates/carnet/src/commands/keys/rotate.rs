//! `carnet keys rotate`.

use carnet_authority::keyring::Purpose;
use reqwest::Method;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Makes a new key for `purpose`, and says how to go on.
pub async fn run(
    purpose: Purpose,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let path = format!("/api/v1/admin/keys/{}/rotate", purpose.as_str());
    let answer = client.call(Method::POST, &path, None).await?;
    let id = output::text(&answer["key"]["id"]);
    output::show(server.format, &answer, |_| id.clone())?;
    // The first key of a purpose signs at once.
    if answer["key"]["state"] == "staged" {
        eprintln!("next: carnet keys status --require {id}, then carnet keys promote {id}");
    }
    Ok(())
}
