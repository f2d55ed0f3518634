//! Links in documents lead somewhere.

use std::path::{Component, Path, PathBuf};

use super::{Fault, Source};
use crate::run;

/// Faults for links to files and headings that are not there.
pub fn check(sources: &[Source]) -> Vec<Fault> {
    let documents =
        sources.iter().filter(|source| source.path.extension().is_some_and(|end| end == "md"));
    documents.flat_map(|document| check_one(document, sources)).collect()
}

fn check_one(document: &Source, sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, line) in document.text.lines().enumerate() {
        for target in
            targets(line).filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path =
                if file.is_empty() { document.path.clone() } else { resolve(&document.path, file) };
            let is_there = sources.iter().any(|source| source.path == path)
                || run::root().join(&path).exists();
            if !is_there || !(heading.is_empty() || has_heading(&path, heading, sources)) {
                faults.push(Fault::new(
                    &document.path,
                    at + 1,
                    format!("the link to {target} leads nowhere"),
                ));
            }
        }
    }
    faults
}

/// What stands between `](` and `)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

fn resolve(from: &Path, to: &str) -> PathBuf {
    let mut path = from.parent().map(Path::to_owned).unwrap_or_default();
    for component in Path::new(to).components() {
        match component {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

fn has_heading(path: &Path, heading: &str, sources: &[Source]) -> bool {
    let document = sources.iter().find(|source| source.path == path);
    let headings = document.into_iter().flat_map(|document| document.text.lines());
    headings
        .filter(|line| line.starts_with('#'))
        .any(|line| slug(line.trim_start_matches('#').trim()) == heading)
}

fn slug(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.map(|character| if character == ' ' { '-' } else { character.to_ascii_lowercase() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_resolve_to_files_and_headings() {
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.to_owned() };
        let sources = [
            source("docs/a.md", "[b](../b.md) [c](../b.md#two-words) [web](https://example.com)"),
            source("b.md", "# Two words\n[nowhere](missing.md) [no heading](#three)"),
        ];
        let faults = check(&sources);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.path == Path::new("b.md") && fault.line == 2));
    }
}
