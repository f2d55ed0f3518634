//! `cargo xtask ci`: every check but the tests.

#![expect(clippy::disallowed_methods, reason = "steps are timed")]

use std::time::Instant;

use crate::{promises, run, tidy};

type Step = fn() -> anyhow::Result<()>;

/// Runs the checks in order, and stops at the first that fails.
pub fn run() -> anyhow::Result<()> {
    let steps: [(&str, Step); 6] = [
        ("format", || run::cargo(["fmt", "--all", "--check"], &[])),
        ("clippy", || {
            run::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
        }),
        ("tidy", tidy::run),
        ("docs", || {
            run::cargo(
                ["doc", "--workspace", "--no-deps", "--quiet"],
                &[("RUSTDOCFLAGS", "-D warnings")],
            )
        }),
        ("deny", deny),
        ("promises", || promises::run(true)),
    ];
    for (name, step) in steps {
        eprintln!("--- {name}");
        let started = Instant::now();
        step()?;
        eprintln!("--- {name}: {:.1} s", started.elapsed().as_secs_f32());
    }
    Ok(())
}

/// Licences, sources and banned crates. Advisories need a database from elsewhere: `cargo deny check
/// advisories` by hand, where the network allows.
fn deny() -> anyhow::Result<()> {
    if !run::is_there("cargo", &["deny", "--version"]) {
        eprintln!("cargo-deny is missing: installing it, which takes some minutes");
        run::cargo(["install", "cargo-deny", "--locked"], &[])?;
    }
    run::cargo(
        [
            "deny",
            "--all-features",
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ],
        &[],
    )
}
