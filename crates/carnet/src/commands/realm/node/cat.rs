//! `carnet realm node cat`.

use anyhow::Context;
use carnet_ticket::realm::NodeKey;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};

/// Writes a file's content to stdout.
pub async fn run(
    key: NodeKey,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    client.get_file(key, &mut tokio::io::stdout()).await.with_context(|| key.to_string())?;
    Ok(())
}
