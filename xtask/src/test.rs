//! `cargo xtask test`: everything, after installing what it needs.

use anyhow::bail;

use crate::{conformance, run};

/// Runs every test of the workspace. Nothing is skipped.
pub fn run(nextest: &[String]) -> anyhow::Result<()> {
    install_compiler()?;
    if !run::is_there("cargo", &["nextest", "--version"]) {
        eprintln!("cargo-nextest is missing: installing it, which takes some minutes");
        run::cargo(["install", "cargo-nextest", "--locked"], &[])?;
    }
    let args = ["nextest", "run", "--workspace", "--all-targets"].into_iter();
    run::cargo(args.chain(nextest.iter().map(String::as_str)), &[])?;
    run::cargo(["test", "--workspace", "--doc"], &[])?;
    conformance::run()
}

/// Some crates compile C.
fn install_compiler() -> anyhow::Result<()> {
    if run::is_there("cc", &["--version"]) {
        return Ok(());
    }
    let is_root = run::output("id", &["-u"]).is_ok_and(|uid| uid.trim() == "0");
    if !(is_root && run::is_there("apt-get", &["--version"])) {
        bail!(
            "a C compiler is missing; install one, for example: sudo apt-get install gcc libc6-dev"
        );
    }
    eprintln!("a C compiler is missing: installing gcc");
    run::program("apt-get", &["update"])?;
    run::program("apt-get", &["install", "--yes", "--no-install-recommends", "gcc", "libc6-dev"])
}
