//! JSON Web Keys and sets of them.

#![no_main]

use carnet_ticket::jwt::{JwkSet, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(set) = JwkSet::from_json(text) {
        set.keys().iter().for_each(can_verify);
        assert!(set.keys().len() + set.skipped().len() <= 100);
    }
    let key = VerifyingKey::from_jwk(text);
    // A set is two levels deeper, and what is between its brackets may be more than one key.
    let set = JwkSet::from_json(&format!("{{\"keys\":[{text}]}}"));
    let set = set.ok().filter(|set| set.keys().len() + set.skipped().len() == 1);
    match (key, set) {
        (Ok(key), Some(set)) => {
            can_verify(&key);
            assert_eq!(set.keys().len(), 1, "a key is the same key in a set");
            assert_eq!(set.keys()[0].key_id(), key.key_id());
            assert_eq!(set.keys()[0].kid(), key.kid());
        }
        (Err(fault), Some(set)) => assert_eq!(set.skipped(), [(0, fault)]),
        (_, None) => {}
    }
});

fn can_verify(key: &VerifyingKey) {
    assert!(key.algorithms().next().is_some(), "a key serves something");
    for algorithm in key.algorithms() {
        assert!(!key.verifies(algorithm, b"", b""));
    }
}
