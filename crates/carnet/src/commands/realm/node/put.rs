//! `carnet realm node put`.

use std::path::Path;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use crate::cli::ServerArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

const OCTETS: &str = "application/octet-stream";

/// Stores a file and prints its key.
pub async fn run(
    path: &Path,
    content_type: Option<String>,
    jobs: usize,
    server: &ServerArgs,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    let client = connect::client(server, surroundings)?;
    let content_type = content_type.unwrap_or_else(|| by_extension(path));
    let (file, size) = open(path).await?;
    let bar = progress(size);
    let told = bar.clone();
    let put = client.put_file(file, size, &content_type, jobs, move |bytes| told.inc(bytes)).await;
    bar.finish_and_clear();
    let put = put.with_context(|| path.display().to_string())?;
    let value = json!({
        "key": put.key,
        "files": 1,
        "dirs": 0,
        "bytes": put.bytes,
        "nodes": put.nodes,
        "uploadedNodes": put.nodes,
        "uploadedBytes": put.node_bytes,
        "skippedNodes": 0,
    });
    output::show(server.format, &value, |_| put.key.to_string())?;
    Ok(())
}

/// The file and its size. Stdin has none, so it is kept in a file first.
async fn open(path: &Path) -> anyhow::Result<(File, u64)> {
    let could_not =
        |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", path.display()));
    if path == Path::new("-") {
        let mut file = File::from_std(tempfile::tempfile().map_err(could_not)?);
        let size = tokio::io::copy(&mut tokio::io::stdin(), &mut file).await.map_err(could_not)?;
        file.flush().await.map_err(could_not)?;
        file.rewind().await.map_err(could_not)?;
        return Ok((file, size));
    }
    let file = File::open(path).await.map_err(could_not)?;
    let metadata = file.metadata().await.map_err(could_not)?;
    if !metadata.is_file() {
        return Err(Failure::Usage(format!("{}: not a file", path.display())).into());
    }
    Ok((file, metadata.len()))
}

fn by_extension(path: &Path) -> String {
    mime_guess::from_path(path).first_raw().unwrap_or(OCTETS).to_owned()
}

/// A bar on a terminal; nothing elsewhere. Always on stderr.
pub(super) fn progress(size: u64) -> ProgressBar {
    let template = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    ProgressBar::new(size)
        .with_style(ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()))
}
