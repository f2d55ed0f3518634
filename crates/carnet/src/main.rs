//! Carnet: identity for workers, tickets for tasks.
//!
//! This crate is the command line: it parses what was typed, wires the other crates together, and writes what
//! they answer. Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 a check failed or was denied, 2 the
//! command is wrong, 3 it could not run.

mod cli;
mod commands;
mod connect;
mod failure;
mod files;
mod given;
mod output;
mod what;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::connect::Surroundings;

fn main() -> ExitCode {
    // Clap ends the process by itself for help, version and wrong flags (2).
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime cannot start: {error}");
            return ExitCode::from(3);
        }
    };
    match runtime.block_on(commands::run(cli, surroundings())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

/// The environment and the working folder: read here and handed on.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn surroundings() -> Surroundings {
    let env: BTreeMap<_, _> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Surroundings { env, cwd: std::env::current_dir().unwrap_or_default() }
}
