//! Build, test, check and measure Carnet: `cargo xtask`.

mod ci;
mod conformance;
mod fuzz;
mod packaging;
mod promises;
mod python;
mod run;
mod test;
mod tidy;

use clap::{Parser, Subcommand};

/// What the project does to itself.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    after_help = "Examples:\n  cargo xtask test\n  cargo xtask test -- -E 'test(story)'\n  \
    cargo xtask bench gate\n  cargo xtask fuzz jwt --seconds 300"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test; installs what tests need first.
    Test {
        /// Handed to cargo nextest.
        #[arg(last = true)]
        nextest: Vec<String>,
    },
    /// Run every check but the tests: format, clippy, tidy, docs, deny, promises.
    Ci,
    /// Check the rules that compilers do not: layers, sizes, links, words.
    Tidy,
    /// Map every promise to the tests that prove it, into docs/promises.md.
    Promises {
        /// Only check that docs/promises.md is up to date.
        #[arg(long)]
        check: bool,
    },
    /// Fuzz the decoders, for a bounded time; installs cargo-fuzz first.
    Fuzz {
        /// One target, as its file is called; otherwise all.
        target: Option<String>,
        /// How long in all.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Make requests of the served OpenAPI description, against a real server; installs schemathesis first.
    Conformance,
    /// Lint the container files; installs the linters first.
    Packaging,
    /// Measure, in a release build.
    Bench {
        /// Only measurements whose name contains this.
        filter: Option<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Test { nextest } => test::run(&nextest),
        Command::Ci => ci::run(),
        Command::Tidy => tidy::run(),
        Command::Promises { check } => promises::run(check),
        Command::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Command::Packaging => packaging::run(),
        Command::Conformance => conformance::run(None),
        Command::Bench { filter } => {
            let args = ["run", "--release", "--package", "bench", "--"].into_iter();
            run::cargo(args.chain(filter.as_deref()), &[])
        }
    }
}
