//! The canonical text of an event.

use carnet_authority::audit::{CANONICAL_LEN_MAX, Columns, Event, Head};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{any_event, details, event};

#[test]
fn an_event_is_these_bytes_and_this_hash() {
    let first = Head::START.append(&event(1));
    assert_eq!(
        first.canonical,
        concat!(
            r#"{"action":"worker-token.mint","actor":{"class":"api-key","fingerprint":"0badcafe","#,
            r#""id":"key:admin","role":"admin"},"at":1700000000001,"#,
            r#""details":{"scopes":["a","b"],"token_id":"t-1"},"duration_ms":3,"kind":"ticket","#,
            r#""method":"POST","outcome":"allowed","path":"/api/v1/admin/worker-tokens","#,
            r#""remote_addr":"127.0.0.1:5000","request_id":"req-1","seq":1,"status":200,"#,
            r#""target":"worker/1","tenant_id":"blue","user_agent":"curl/8 \"quoted\""}"#,
        )
    );
    assert_eq!(
        first.hash.to_string(),
        "7474c831c264045ed15d52a314b6b5b3bc5ce37631d04159605128b8683392af"
    );
    let second = first.head().append(&event(2));
    assert_eq!((second.seq, second.prev_hash), (2, first.hash));
    assert_eq!(
        second.hash.to_string(),
        "bb4199baa87de6e4708297976570151698485ebeb2ac268e3aa0329ea3ba0dfe"
    );
}

#[test]
fn the_largest_event_is_within_the_limit() {
    let long = "\"".repeat(5000);
    let text = || Some(long.as_str().into());
    let mut event = event(1);
    for member in [
        &mut event.on_behalf_of,
        &mut event.tenant_id,
        &mut event.reason,
        &mut event.rule,
        &mut event.method,
        &mut event.path,
        &mut event.remote_addr,
        &mut event.user_agent,
        &mut event.actor.role,
        &mut event.actor.fingerprint,
    ] {
        *member = text();
    }
    for member in [
        &mut event.action,
        &mut event.target,
        &mut event.request_id,
        &mut event.actor.id,
        &mut event.actor.class,
    ] {
        *member = long.as_str().into();
    }
    event.details = details(json!({ "list": vec!["x"; 4000] }));
    let canonical = event.canonical(1 << 52);
    assert!(canonical.len() > CANONICAL_LEN_MAX / 2 && canonical.len() < CANONICAL_LEN_MAX);
    assert_eq!(Event::from_canonical(&canonical), Ok((1 << 52, event)));
}

proptest! {
    #[test]
    fn another_writer_of_rfc_8785_gives_the_same(event in any_event(), seq in 1_u64..1 << 53) {
        let canonical = event.canonical(seq);
        let value: Value = serde_json::from_str(&canonical).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), canonical);
    }

    #[test]
    fn an_event_reads_back_as_it_was_written(event in any_event(), seq in 1_u64..1 << 53) {
        let canonical = event.canonical(seq);
        let columns = Columns::of(&canonical).unwrap();
        let expected = Columns {
            seq: i64::try_from(seq).unwrap(),
            at: event.at.0,
            kind: event.kind.as_str().into(),
            actor: event.actor.id.to_string().into(),
            action: event.action.to_string().into(),
            outcome: event.outcome.as_str().into(),
            status: event.status.map(i64::from),
            path: event.path.as_ref().map(|path| path.to_string().into()),
            tenant_id: event.tenant_id.as_ref().map(|tenant| tenant.to_string().into()),
            request_id: event.request_id.to_string().into(),
        };
        prop_assert_eq!(columns, expected);
        prop_assert!(!canonical.chars().any(char::is_control));
        prop_assert_eq!(Event::from_canonical(&canonical), Ok((seq, event)));
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise: String, event in any_event(), cut: prop::sample::Index) {
        let _ = Columns::of(&noise);
        prop_assert!(Event::from_canonical(&noise).is_err());
        let canonical = event.canonical(1);
        let cut = canonical.floor_char_boundary(cut.index(canonical.len()));
        prop_assert!(Event::from_canonical(&canonical[..cut]).is_err());
    }
}
