//! `cargo xtask fuzz`: every decoder against what it promises for every input, for a bounded time.
//!
//! The targets are in `fuzz/`, a workspace of its own. What they find is kept in `fuzz/artifacts`; the inputs
//! they learn, in `fuzz/corpus`. Neither is committed: corpora begin with the vectors.

mod seeds;

use anyhow::{Context, ensure};

use crate::run;

/// How the compiler is told that a stable one may instrument code.
const ENV: &[(&str, &str)] = &[("RUSTC_BOOTSTRAP", "1")];

/// Inputs are at most this long; larger ones teach nothing that smaller do not.
const INPUT_LEN_MAX: u32 = 8192;

/// An input that takes longer than this is a fault.
const INPUT_S_MAX: u32 = 10;

/// Runs one target, or all of them, for `seconds` in all.
pub fn run(target: Option<&str>, seconds: u32) -> anyhow::Result<()> {
    install()?;
    let known = targets()?;
    let chosen: Vec<_> =
        known.iter().filter(|known| target.is_none_or(|target| target == *known)).collect();
    ensure!(!chosen.is_empty(), "no such target; there are {}", known.join(", "));
    seeds::write(&run::root().join("fuzz/corpus"))?;
    // Without a sanitizer: the code has no unsafe block, and C is not instrumented either way.
    run::cargo(["fuzz", "build", "--sanitizer", "none"], ENV)?;
    let each = (seconds / u32::try_from(chosen.len())?).max(1);
    for target in chosen {
        eprintln!("--- {target}: {each} s");
        let (time, len) = (format!("-max_total_time={each}"), format!("-max_len={INPUT_LEN_MAX}"));
        let timeout = format!("-timeout={INPUT_S_MAX}");
        let program = ["fuzz", "run", "--sanitizer", "none", target, "--"].into_iter();
        run::cargo(program.chain([&*time, &len, &timeout, "-verbosity=0"]), ENV)?;
    }
    Ok(())
}

fn install() -> anyhow::Result<()> {
    if run::is_there("cargo", &["fuzz", "--version"]) {
        return Ok(());
    }
    eprintln!("cargo-fuzz is missing: installing it, which takes some minutes");
    run::cargo(["install", "cargo-fuzz", "--locked"], &[])
}

/// The names of the targets: one file each.
fn targets() -> anyhow::Result<Vec<String>> {
    let folder = run::root().join("fuzz/fuzz_targets");
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        targets.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
    }
    targets.sort_unstable();
    Ok(targets)
}
