//! `carnet realm node get`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use carnet_ticket::realm::NodeKey;
use serde_json::json;
use tokio::fs::File;

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

/// Fetches a file. It is there whole or not at all: written beside its place, synced, renamed.
pub async fn run(
    key: NodeKey,
    target: &Path,
    is_forced: bool,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    if target.exists() && !is_forced {
        return Err(Failure::Check(format!(
            "{} is there already; --force replaces it",
            target.display()
        ))
        .into());
    }
    let client = connect::client(server, surroundings)?;
    let part = part(target)?;
    let could_not =
        |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", part.display()));
    let mut file = File::create(&part).await.map_err(could_not)?;
    let got = client.get_file(key, &mut file).await;
    let got = match got {
        Ok(got) => got,
        Err(error) => {
            // What is left of a failed download is of no use to anybody.
            let _ = std::fs::remove_file(&part);
            return Err(error).with_context(|| key.to_string());
        }
    };
    file.sync_all().await.map_err(could_not)?;
    std::fs::rename(&part, target).map_err(could_not)?;
    let value = json!({ "key": key, "files": 1, "bytes": got.bytes, "fetchedBytes": got.bytes, "skippedFiles": 0 });
    output::show(server.format, &value, |_| {
        format!("{} {}", target.display(), output::bytes(got.bytes))
    })?;
    Ok(())
}

fn part(target: &Path) -> anyhow::Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| Failure::Usage(format!("{}: not a file name", target.display())))?;
    Ok(target.with_file_name(format!(".{}.carnet-part", name.to_string_lossy())))
}
