//! Running other programs, in the root of the project.

#![expect(
    clippy::disallowed_methods,
    reason = "the environment says where cargo and the project are"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The root of the project.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    manifest.parent().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Runs cargo, with these variables set; an error when it fails.
pub fn cargo<'a>(
    args: impl IntoIterator<Item = &'a str>,
    env: &[(&str, &str)],
) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).envs(env.iter().copied());
    finish(command)
}

/// Runs a program; an error when it fails.
pub fn program(name: &str, args: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(name);
    command.args(args);
    finish(command)
}

/// What a program says on stdout.
pub fn output(name: &str, args: &[&str]) -> anyhow::Result<String> {
    let done = Command::new(name)
        .args(args)
        .current_dir(root())
        .output()
        .with_context(|| name.to_owned())?;
    ensure!(
        done.status.success(),
        "{name} {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(String::from_utf8(done.stdout)?)
}

/// Whether a program is there and answers.
pub fn is_there(name: &str, args: &[&str]) -> bool {
    let mut command = Command::new(name);
    command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The folder that cargo builds into.
pub fn target() -> anyhow::Result<PathBuf> {
    let metadata = output("cargo", &["metadata", "--format-version", "1", "--no-deps"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target =
        metadata["target_directory"].as_str().context("cargo names no target directory")?;
    Ok(PathBuf::from(target))
}

fn finish(mut command: Command) -> anyhow::Result<()> {
    let shown = format!("{command:?}");
    let status = command.current_dir(root()).status().with_context(|| shown.clone())?;
    ensure!(status.success(), "{shown} failed: {status}");
    Ok(())
}
