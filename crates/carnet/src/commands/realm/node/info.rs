//! `carnet realm node info`.

use crate::cli::ServerArgs;
use crate::cli::values::NodePath;
use crate::connect::{self, Surroundings};
use crate::output;

/// Tells what a node is.
pub async fn run(
    node: &NodePath,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let metadata = client.metadata(super::find(&client, node).await?).await?;
    let value = serde_json::to_value(&metadata)?;
    output::show(server.format, &value, |_| {
        let mut rows = vec![("key", metadata.key.to_string()), ("kind", metadata.kind.clone())];
        rows.push(("payload", output::bytes(metadata.payload_size)));
        rows.extend(metadata.content_type.iter().map(|kind| ("type", kind.clone())));
        rows.extend(metadata.file_size.map(|size| ("size", output::bytes(size))));
        rows.extend(metadata.successors.iter().map(|keys| ("successors", keys.len().to_string())));
        let entries = metadata.children.iter().flatten();
        rows.extend(
            entries.map(|(name, key)| ("entry", format!("{key}  {}", name.escape_debug()))),
        );
        output::fields(&rows)
    })?;
    Ok(())
}
