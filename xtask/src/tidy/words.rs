//! What must not be written where: I/O in pure crates, clocks and credentials on surfaces, work left undone.

use super::{Fault, Source};

struct Rule {
    /// Folders it holds in; every file's when empty.
    folders: &'static [&'static str],
    /// What must not be there.
    words: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        folders: &[
            "crates/carnet-ticket/src",
            "crates/carnet-gate/src",
            "crates/carnet-authority/src",
        ],
        words: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "tokio::fs",
            "tokio::net",
            "reqwest",
            "rusqlite",
        ],
        why: "this crate does no I/O",
    },
    Rule {
        folders: &["crates/carnet-ticket/src", "crates/carnet-authority/src"],
        words: &["async ", "tokio", "SystemTime", "Instant"],
        why: "this crate is pure: time is an argument",
    },
    Rule {
        folders: &[
            "crates/carnet-realm/src",
            "crates/carnet-server/src",
            "crates/carnet-store/src",
            "crates/carnet-worker/src",
        ],
        words: &["SystemTime::now", "Instant::now", "impl Verify for", "is_expired_at"],
        why: "no surface parses a credential or reads a clock to decide expiry: it asks its grant",
    },
    Rule {
        folders: &["examples/"],
        words: &["rustls", "TcpListener", "axum::serve"],
        why: "a worker has no TLS and no listener of its own: `WorkerApplication` has them",
    },
    Rule {
        folders: &[],
        words: &["todo!(", "unimplemented!(", "FIXME", "HACK", "not yet implemented"],
        why: "finish it, or say in an issue why it stays",
    },
];

/// Faults for words that stand where they must not.
pub fn check(sources: &[Source]) -> Vec<Fault> {
    // This file names the words.
    let others = sources.iter().filter(|source| !source.path.ends_with("tidy/words.rs"));
    others.flat_map(|source| RULES.iter().flat_map(|rule| broken(rule, source))).collect()
}

fn broken<'a>(rule: &'a Rule, source: &'a Source) -> impl Iterator<Item = Fault> + 'a {
    let path = source.path.to_string_lossy();
    // What a manifest names may be for tests alone.
    let is_code = path.ends_with(".rs");
    let holds = rule.folders.is_empty()
        || is_code && rule.folders.iter().any(|folder| path.starts_with(folder));
    let lines = source.text.lines().enumerate().filter(move |_| holds);
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).flat_map(move |(at, line)| {
        let found = rule.words.iter().filter(move |word| line.contains(**word));
        found.map(move |word| Fault::new(&source.path, at + 1, format!("`{word}`: {}", rule.why)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.to_owned() }
    }

    #[test]
    fn words_are_found_where_their_rule_holds() {
        let clock = "let now = SystemTime::now();";
        assert_eq!(check(&[source("crates/carnet-realm/src/x.rs", clock)]).len(), 1);
        assert_eq!(check(&[source("crates/carnet-gate/src/clock.rs", clock)]).len(), 0);
        assert_eq!(check(&[source("crates/carnet-realm/src/x.rs", "// SystemTime::now")]).len(), 0);
        let found = check(&[source("a.rs", "fn a() {\n    todo!()\n}")]);
        assert_eq!(found.first().map(|fault| fault.line), Some(2));
    }

    /// Promise: K-63
    #[test]
    fn examples_have_no_tls_and_no_listener() {
        let serve = "axum::serve(TcpListener::bind(address).await?, router).await?;";
        assert_eq!(check(&[source("examples/hello_world.rs", serve)]).len(), 2);
        assert_eq!(check(&[source("examples/a.rs", "use rustls::ServerConfig;")]).len(), 1);
        assert_eq!(check(&[source("crates/carnet-server/src/x.rs", serve)]).len(), 0);
        assert_eq!(check(&[source("examples/Cargo.toml", "rustls.workspace = true")]).len(), 0);
    }
}
