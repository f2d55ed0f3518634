//! `carnet completions`.

use clap::CommandFactory;

use crate::cli::Cli;

/// Prints the completion script of a shell.
pub fn run(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "carnet", &mut script);
    Ok(crate::output::line(String::from_utf8_lossy(&script).trim_end())?)
}
