//! `carnet ui`.

use reqwest::Method;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Prints a link that signs whoever runs it in to the admin UI: the operator of this machine, or the service of a key.
pub async fn run(server: &ServerArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let answer = client.call(Method::POST, "/api/v1/admin/sign-in-links", None).await?;
    output::show(server.format, &answer, |answer| output::text(&answer["url"]))?;
    eprintln!("good once, until {}", output::text(&answer["expires_at"]));
    Ok(())
}
