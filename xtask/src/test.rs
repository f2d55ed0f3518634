//! `cargo xtask test`: everything, after installing what it needs.

use anyhow::bail;

use crate::{conformance, packaging, run};

/// What most machines have, and the Debian packages that bring it.
const PROGRAMS: [Program; 5] = [
    Program {
        name: "cc",
        probe: &["--version"],
        why: "crates compile C",
        packages: &["gcc", "libc6-dev"],
    },
    Program {
        name: "openssl",
        probe: &["version"],
        why: "tests ask it about certificates",
        packages: &["openssl"],
    },
    Program {
        name: "curl",
        probe: &["--version"],
        why: "the commands of the how-tos call workers with it",
        packages: &["curl"],
    },
    Program {
        name: "chromedriver",
        probe: &["--version"],
        why: "the admin UI is tested in Chromium",
        packages: &["chromium", "chromium-driver"],
    },
    PYTHON,
];

/// What schemathesis and linters run on, in environments of their own.
pub(crate) const PYTHON: Program = Program {
    name: "python3",
    probe: &["-c", "import venv, ensurepip"],
    why: "schemathesis and linters run on it, in environments of their own",
    packages: &["python3-venv"],
};

pub(crate) struct Program {
    name: &'static str,
    probe: &'static [&'static str],
    why: &'static str,
    packages: &'static [&'static str],
}

/// The requests of a run of the tests are always the same.
const SEED: u64 = 7423;

/// Runs every test of the workspace. Nothing is skipped.
pub fn run(nextest: &[String]) -> anyhow::Result<()> {
    PROGRAMS.iter().try_for_each(install)?;
    if !run::is_there("cargo", &["nextest", "--version"]) {
        eprintln!("cargo-nextest is missing: installing it, which takes some minutes");
        run::cargo(["install", "cargo-nextest", "--locked"], &[])?;
    }
    let args = ["nextest", "run", "--workspace", "--all-targets"].into_iter();
    run::cargo(args.chain(nextest.iter().map(String::as_str)), &[])?;
    run::cargo(["test", "--workspace", "--doc"], &[])?;
    packaging::run()?;
    conformance::run(Some(SEED))
}

/// Brings a program unless it is there.
pub(crate) fn install(program: &Program) -> anyhow::Result<()> {
    let Program { name, probe, why, packages } = program;
    if run::is_there(name, probe) {
        return Ok(());
    }
    let names = packages.join(" ");
    let is_root = run::output("id", &["-u"]).is_ok_and(|uid| uid.trim() == "0");
    if !(is_root && run::is_there("apt-get", &["--version"])) {
        bail!("{name} is missing ({why}); install it, for example: sudo apt-get install {names}");
    }
    eprintln!("{name} is missing ({why}): installing {names}");
    run::program("apt-get", &["update"])?;
    let options = ["install", "--yes", "--no-install-recommends"];
    run::program("apt-get", &[&options[..], packages].concat())
}
