//! `carnet realm node ls`.

use serde_json::json;

use crate::cli::ServerArgs;
use crate::cli::values::NodePath;
use crate::connect::{self, Surroundings};
use crate::output;

/// Lists a directory's entries.
pub async fn run(
    node: &NodePath,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let key = super::find(&client, node).await?;
    let found = client.entries(key).await?;
    let entries = found.iter().map(|(name, key)| json!({ "name": name, "key": key }));
    let value = json!({ "key": key, "entries": entries.collect::<Vec<_>>() });
    let lines = found.iter().map(|(name, key)| format!("{key}  {}", name.escape_debug()));
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() && server.format == output::Format::Text {
        return Ok(());
    }
    output::show(server.format, &value, |_| lines.join("\n"))?;
    Ok(())
}
