//! The manifest of role secrets and ticket limits.

#![no_main]

use std::collections::BTreeMap;

use carnet_config::manifest::Manifest;
use fuzz::{SECRET, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let env = BTreeMap::from([("SECRET".to_owned(), SECRET.to_owned())]);
    let path = file("root_task.toml", data);
    match Manifest::read(&path, &env) {
        Ok(manifest) => {
            let keys = manifest.tickets.role_keys();
            assert!(keys.values().all(|keys| (1..=5).contains(&keys.len())));
            let again = Manifest::read(&path, &env).expect("the same file is read again");
            assert_eq!(again.tickets.limits, manifest.tickets.limits);
            assert!(!format!("{manifest:?}").contains(SECRET), "no secret is shown");
        }
        Err(errors) => {
            let shown = format!("{errors} {errors:?}");
            assert!(!shown.is_empty() && !shown.contains(SECRET), "a fault is told, and no secret");
        }
    }
});
