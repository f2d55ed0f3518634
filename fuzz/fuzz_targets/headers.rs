//! Headers of the content store: ranges, accepted content types, checksums.

#![no_main]

use carnet_realm::accept::{check_patterns, matches};
use carnet_realm::checksum::Checksums;
use carnet_realm::range::{Ranged, of_header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for len in [0, 1, 93, u64::MAX] {
        if let Ranged::Part(part) = of_header(Some(text), len) {
            assert!(part.start < part.end && part.end <= len, "a part is something of the whole");
        }
    }
    let patterns: Vec<_> = text.split(',').map(str::to_owned).collect();
    if check_patterns(&patterns).is_ok() {
        for pattern in &patterns {
            let type_of_it = pattern.replace('*', "x");
            assert!(matches(&patterns, &type_of_it), "a pattern accepts what it describes");
            assert!(matches(&patterns, &format!(" {} ; q=1", type_of_it.to_uppercase())));
        }
    }
    let _ = matches(&["image/*".to_owned()], text);
    let hash = blake3::hash(data).to_hex();
    let own = Checksums::parse(None, Some(hash.as_str())).expect("a hash");
    assert_eq!(own.check(data), Ok(()));
    for (md5, blake3) in [(Some(text), None), (None, Some(text)), (Some(text), Some(text))] {
        if let Ok(sums) = Checksums::parse(md5, blake3) {
            assert!(sums.check(data).is_err(), "nothing is its own checksum");
        }
    }
});
