//! `carnet realm gc`.

use serde_json::Value;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::output;

/// Has the nodes that nothing names removed, or tells which would go.
pub async fn run(
    dry_run: bool,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let report = connect::client(server, surroundings)?.collect_garbage(dry_run).await?;
    output::show(server.format, &report, text)?;
    Ok(())
}

fn text(report: &Value) -> String {
    let count = |name: &str| report[name].as_u64().unwrap_or(0);
    let removed = if report["dryRun"] == true { "would be removed" } else { "removed" };
    output::fields(&[
        ("nodes", count("scannedNodes").to_string()),
        ("kept", count("keptNodes").to_string()),
        (removed, count("removedNodes").to_string()),
        ("bytes", output::bytes(count("removedBytes"))),
        ("blobs", count("removedBlobs").to_string()),
    ])
}
