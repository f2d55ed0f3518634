//! A file fits into a head: 800 lines are too many.

use super::{Fault, Source};

const LINES_MAX: usize = 800;

/// Faults for files that are too long.
pub fn check(sources: &[Source]) -> Vec<Fault> {
    let rust =
        sources.iter().filter(|source| source.path.extension().is_some_and(|end| end == "rs"));
    let counted = rust.map(|source| (source, source.text.lines().count()));
    let long = counted.filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(source, lines)| {
        Fault::new(&source.path, lines, format!("{lines} lines; at most {LINES_MAX}, split it"))
    })
    .collect()
}
