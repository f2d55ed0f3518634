//! `carnet realm node info`.

use carnet_ticket::realm::NodeKey;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Tells what a node is.
pub async fn run(
    key: NodeKey,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let metadata = connect::client(server, surroundings)?.metadata(key).await?;
    let value = serde_json::to_value(&metadata)?;
    output::show(server.format, &value, |_| {
        let mut rows = vec![("key", key.to_string()), ("kind", metadata.kind.clone())];
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
