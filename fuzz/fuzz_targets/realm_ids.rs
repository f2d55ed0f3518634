//! Ids of the content store, in bodies, in paths and as credentials.

#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::realm::{
    AgentToken, ClientId, DepotId, NodeKey, RealmId, RealmPath, TicketId, TokenId, Ulid,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let kinds = [
        has_one_text::<Ulid>(text),
        has_one_text::<NodeKey>(text),
        has_one_text::<RealmId>(text),
        has_one_text::<TicketId>(text),
        has_one_text::<DepotId>(text),
        has_one_text::<ClientId>(text),
        has_one_text::<TokenId>(text),
    ];
    assert!(kinds.into_iter().filter(|is_one| *is_one).count() <= 1, "no text is of two kinds");
    if let Ok(key) = NodeKey::parse_path(text) {
        assert_eq!(key.to_string().parse(), Ok(key), "a path names what a body can name");
    }
    if let Ok(id) = TicketId::from_credential(text) {
        assert!(id.to_string().ends_with(text));
    }
    if let Ok(id) = ApiKeyId::parse(text) {
        assert_eq!(id.to_string(), text);
    }
    if let Some(id) = ApiKeyId::of_text(text) {
        assert!(text.contains(&id.0.to_string()));
    }
    if let Ok(token) = AgentToken::parse(text) {
        assert_eq!(AgentToken::parse(text).map(|same| same.id()), Ok(token.id()));
        assert!(!format!("{token:?}").contains(&text[6..]));
    }
    let (open, closed) = (RealmPath::parse(text, true), RealmPath::parse(text, false));
    if closed.is_ok() {
        assert_eq!(open, closed, "development users take no realm away");
    }
});

/// Whether `text` is one of these; it is the only text of what it names then.
fn has_one_text<T: FromStr + Display>(text: &str) -> bool {
    let read = text.parse::<T>();
    if let Ok(id) = &read {
        assert_eq!(id.to_string(), text);
    }
    read.is_ok()
}
