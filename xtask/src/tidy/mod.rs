//! `cargo xtask tidy`: the rules that compilers do not check.

mod layers;
mod links;
mod sizes;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};

use crate::run;

/// Something that breaks a rule: where, what, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    path: PathBuf,
    line: usize,
    text: String,
}

impl Fault {
    fn new(path: impl Into<PathBuf>, line: usize, text: impl Into<String>) -> Self {
        Self { path: path.into(), line, text: text.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.text)
    }
}

/// A file that git knows or would know.
pub struct Source {
    /// Relative to the root.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Checks every rule and prints every fault.
pub fn run() -> anyhow::Result<()> {
    let sources = sources()?;
    let matrix = Path::new("crates/carnet-server/tests/it/matrix.rs");
    ensure!(
        run::root().join(matrix).exists(),
        "{}: the authorization matrix is missing",
        matrix.display()
    );
    let mut faults =
        layers::check(&run::output("cargo", &["metadata", "--no-deps", "--format-version", "1"])?)?;
    faults.extend(sizes::check(&sources));
    faults.extend(words::check(&sources));
    faults.extend(links::check(&sources));
    faults.iter().for_each(|fault| eprintln!("{fault}"));
    if faults.is_empty() { Ok(()) } else { bail!("{} faults", faults.len()) }
}

/// Every Rust, TOML and Markdown file of the project.
pub fn sources() -> anyhow::Result<Vec<Source>> {
    let root = run::root();
    let list = run::output("git", &["ls-files", "--cached", "--others", "--exclude-standard"])?;
    let mut sources = Vec::new();
    for path in list.lines().map(PathBuf::from) {
        let is_text =
            path.extension().is_some_and(|end| end == "rs" || end == "toml" || end == "md");
        if is_text && root.join(&path).is_file() {
            sources.push(Source { text: std::fs::read_to_string(root.join(&path))?, path });
        }
    }
    Ok(sources)
}
