//! `cargo xtask promises`: which tests prove which promise.
//!
//! A test says `/// Promise: R-1, R-2`. The promises stand in `docs/promises.toml`; the map is written to
//! `docs/promises.md`.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::run;
use crate::tidy::{Source, sources};

/// Every promise, by page.
#[derive(Deserialize)]
struct Promises {
    page: Vec<Page>,
}

#[derive(Deserialize)]
struct Page {
    title: String,
    promises: Vec<Promise>,
}

#[derive(Deserialize)]
struct Promise {
    id: String,
    text: String,
}

/// Tests by the promise that they prove: `path::name`.
type Proofs = BTreeMap<String, Vec<String>>;

/// Writes the map, or checks that what is there is up to date.
pub fn run(is_check: bool) -> anyhow::Result<()> {
    let root = run::root();
    let text =
        std::fs::read_to_string(root.join("docs/promises.toml")).context("docs/promises.toml")?;
    let promises: Promises = toml::from_str(&text)?;
    let mut proofs = proofs(&sources()?);
    let map = render(&promises, &mut proofs);
    if let Some((id, tests)) = proofs.first_key_value() {
        bail!("{id} is no promise; it is claimed by {}", tests.join(", "));
    }
    let target = root.join("docs/promises.md");
    if !is_check {
        return Ok(std::fs::write(target, map)?);
    }
    if std::fs::read_to_string(target).unwrap_or_default() != map {
        bail!("docs/promises.md is out of date; run cargo xtask promises");
    }
    Ok(())
}

fn proofs(sources: &[Source]) -> Proofs {
    let mut proofs = Proofs::new();
    for source in
        sources.iter().filter(|source| source.path.extension().is_some_and(|end| end == "rs"))
    {
        let mut claimed: Vec<String> = Vec::new();
        for line in source.text.lines().map(str::trim_start) {
            if let Some(ids) = line.strip_prefix("/// Promise: ") {
                claimed.extend(ids.split(',').map(|id| id.trim().to_owned()));
            } else if let Some(name) = function(line) {
                let test = format!("{}::{name}", source.path.display());
                claimed.drain(..).for_each(|id| proofs.entry(id).or_default().push(test.clone()));
            }
        }
    }
    proofs
}

/// The name of the function that a line begins.
fn function(line: &str) -> Option<&str> {
    let rest = ["fn ", "async fn ", "pub fn ", "pub async fn "]
        .iter()
        .find_map(|start| line.strip_prefix(start))?;
    rest.split(['(', '<']).next()
}

/// The map; what it names is taken out of `proofs`.
fn render(promises: &Promises, proofs: &mut Proofs) -> String {
    let mut map = String::from(
        "# Promises and the tests that prove them\n\nWritten by `cargo xtask promises`.\n",
    );
    for page in &promises.page {
        let rows: Vec<_> = page
            .promises
            .iter()
            .map(|promise| (promise, proofs.remove(&promise.id).unwrap_or_default()))
            .collect();
        let proved = rows.iter().filter(|(_, tests)| !tests.is_empty()).count();
        // Writing to a string does not fail.
        let _ = write!(map, "\n## {}\n\n{proved} of {} have a test.\n\n", page.title, rows.len());
        map.push_str("| promise | text | tests |\n|---|---|---|\n");
        for (promise, tests) in rows {
            let tests: Vec<_> = tests.iter().map(|test| format!("`{test}`")).collect();
            let text = promise.text.replace('|', "\\|");
            let _ = writeln!(map, "| {} | {text} | {} |", promise.id, tests.join("<br>"));
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_mapped_to_each_promise_that_it_names() {
        let text = "/// Promise: R-1, R-2\n#[tokio::test]\nasync fn it_holds() {}\nfn other() {}\n";
        let sources = [Source { path: "a/b.rs".into(), text: text.to_owned() }];
        let proofs = proofs(&sources);
        assert_eq!(proofs["R-1"], ["a/b.rs::it_holds"]);
        assert_eq!(proofs["R-2"], ["a/b.rs::it_holds"]);
        assert_eq!(proofs.len(), 2);
    }
}
