//! The wire forms of ids, tickets and expirations.

#![no_main]

use carnet_ticket::id::UniqueId;
use carnet_ticket::ticket::{DATA_LEN_MAX, Ticket};
use carnet_ticket::time::Expiration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(ticket) = Ticket::decode(data) {
        assert_eq!(ticket.encode(), data, "one wire form each");
        assert!(ticket.data().len() <= DATA_LEN_MAX);
    }
    if let Some((class, rest)) = data.split_first_chunk::<32>() {
        let ticket = Ticket::new(UniqueId::from_bytes(*class), bytes::Bytes::copy_from_slice(rest));
        if rest.len() <= DATA_LEN_MAX {
            assert_eq!(Ticket::decode(&ticket.encode()).as_ref(), Ok(&ticket));
        }
    }
    if let Ok(expiration) = Expiration::decode(data) {
        let again = Expiration::decode(&expiration.encode());
        assert_eq!(again, Ok(expiration), "a moment stays the same");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let id = UniqueId::from(text);
    match UniqueId::from_hex(text) {
        Ok(hex) => assert_eq!((hex, hex.to_string()), (id, text.to_ascii_lowercase())),
        Err(_) => assert_eq!(id, UniqueId::hash(data)),
    }
    if let Ok(id) = serde_json::from_str::<UniqueId>(text) {
        assert_eq!(serde_json::to_string(&id).ok(), Some(format!("\"{id}\"")));
    }
});
