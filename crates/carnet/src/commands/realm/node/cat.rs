//! `carnet realm node cat`.

use anyhow::Context;

use crate::cli::ServerArgs;
use crate::cli::values::NodePath;
use crate::connect::{self, Surroundings};

/// Writes a file's content to stdout.
pub async fn run(
    node: &NodePath,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let key = super::find(&client, node).await?;
    client.get_file(key, &mut tokio::io::stdout()).await.with_context(|| key.to_string())?;
    Ok(())
}
