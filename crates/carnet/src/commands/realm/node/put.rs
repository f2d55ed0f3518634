//! `carnet realm node put`.

use std::path::Path;

use carnet_realm::client::PutTree;
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::progress::Progress;
use crate::cli::PutArgs;
use crate::connect::{self, Surroundings};
use crate::failure::Failure;
use crate::output;

const OCTETS: &str = "application/octet-stream";

/// Stores a file or a directory and prints its key.
pub async fn run(args: &PutArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    for text in args.name.iter().chain(&args.content_type) {
        connect::refuse_secret(text)?;
    }
    connect::refuse_secret(&args.path.to_string_lossy())?;
    let client = connect::client(&args.server, surroundings)?;
    // Stdin has no size, so it is kept in a file first.
    let piped = if args.path == Path::new("-") { Some(keep_stdin().await?) } else { None };
    let path = piped.as_ref().map_or(args.path.as_path(), NamedTempFile::path);
    let root_name = args.name.as_deref().map(Path::new);
    let content_type = |file: &Path| match &args.content_type {
        Some(said) => said.clone(),
        // A file that is given a name is of the type that this one has.
        None => by_extension(root_name.filter(|_| file == path).unwrap_or(file)),
    };
    let progress = Progress::new();
    let put = PutTree {
        path,
        name: args.name.as_deref(),
        content_type: &content_type,
        jobs: usize::from(args.jobs),
        symlinks: args.symlinks.into(),
        progress: &|step| progress.show(step),
    };
    let done = client.put_tree(&put).await;
    progress.finish();
    output::show(args.server.format, &done?, |done| done.key.to_string())?;
    Ok(())
}

/// Stdin, kept in a file.
pub async fn keep_stdin() -> anyhow::Result<NamedTempFile> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("stdin: {error}"));
    let kept = NamedTempFile::new().map_err(could_not)?;
    let mut file = File::from_std(kept.reopen().map_err(could_not)?);
    tokio::io::copy(&mut tokio::io::stdin(), &mut file).await.map_err(could_not)?;
    file.flush().await.map_err(could_not)?;
    Ok(kept)
}

/// The content type of a file, by the end of its name.
pub fn by_extension(path: &Path) -> String {
    mime_guess::from_path(path).first_raw().unwrap_or(OCTETS).to_owned()
}
