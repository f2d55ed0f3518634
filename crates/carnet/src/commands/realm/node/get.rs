//! `carnet realm node get`.

use std::path::PathBuf;

use carnet_realm::client::GetTree;

use super::progress::{Progress, count};
use crate::cli::ServerArgs;
use crate::cli::values::NodePath;
use crate::connect::{self, Surroundings};
use crate::output;

/// Fetches a file or a directory. A file is there whole or not at all.
pub async fn run(
    node: &NodePath,
    target: Option<PathBuf>,
    is_forced: bool,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let key = super::find(&client, node).await?;
    let target = target.unwrap_or_else(|| default_target(node));
    let progress = Progress::new();
    let get = GetTree { key, target: &target, is_forced, progress: &|step| progress.show(step) };
    let done = client.get_tree(&get).await;
    progress.finish();
    output::show(server.format, &done?, |done| {
        let counted = count(done.files, done.dirs, done.bytes);
        format!("{}  {counted}", target.display())
    })?;
    Ok(())
}

/// The last name of the path; of a bare key what follows its prefix.
fn default_target(node: &NodePath) -> PathBuf {
    match node.names.last() {
        Some(name) => PathBuf::from(name),
        None => PathBuf::from(node.key.to_string().trim_start_matches("node:")),
    }
}
