//! `carnet.toml`: as a text, and as lines that set keys that there are.

#![no_main]

use carnet_config::keys::KEYS;
use carnet_config::{Sources, load, parse_duration, parse_size};
use fuzz::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    loads(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    loads(set(text).as_bytes());
    if let Some(duration) = parse_duration(text) {
        let again = parse_duration(&format!("{}ns", duration.as_nanos()));
        assert_eq!(again, Some(duration));
    }
    if let Some(size) = parse_size(text) {
        assert_eq!(parse_size(&size.to_string()), Some(size));
    }
});

/// Each line sets the key that its first character chooses.
fn set(text: &str) -> String {
    let line = |line: &str| {
        let mut characters = line.chars();
        let key = KEYS.get(characters.next()? as usize % KEYS.len())?;
        Some(format!("{} = {}\n", key.name, characters.as_str()))
    };
    text.lines().filter_map(line).collect()
}

fn loads(text: &[u8]) {
    let path = file("carnet.toml", text);
    let cwd = path.parent().unwrap_or(&path).to_owned();
    let sources = Sources { path: Some(path), cwd, ..Sources::default() };
    match load(&sources) {
        Ok(loaded) => {
            let rows = loaded.rows();
            assert_eq!(rows.len(), KEYS.len(), "every key has a value");
            let again = load(&sources).expect("the same file loads again");
            assert_eq!(again.rows(), rows);
            let changes = loaded.config.diff(&again.config);
            assert!(changes.live.is_empty() && changes.needs_restart.is_empty());
        }
        Err(errors) => assert!(!errors.to_string().is_empty(), "a fault is told"),
    }
}
