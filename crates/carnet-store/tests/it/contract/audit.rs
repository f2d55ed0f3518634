//! The audit chain.

use carnet_authority::audit::{
    Actor, Checkpoint, Event, Extent, Fault, FirstFault, Head, Kind, Lines, Outcome,
    SignedCheckpoint, Status, Verifier,
};
use carnet_gate::Selector;
use carnet_store::{AuditFilter, InsertCheckpointError, Pruned, Store};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::id::UniqueId;
use carnet_ticket::realm::RealmId;
use carnet_ticket::time::Timestamp;

use super::api_keys::key;
use super::{NOW, new_ticket, realm, ticket_id};

pub fn event(number: u16) -> Event {
    let actor =
        Actor { id: "key:admin".into(), class: "api-key".into(), role: None, fingerprint: None };
    let mut event = Event::new(
        Timestamp(NOW.0 + i64::from(number)),
        Kind::Http,
        actor,
        "test.do",
        &format!("thing/{number}"),
        Outcome::Allowed,
        &format!("req-{number}"),
    );
    event.status = Some(200);
    event.path = Some("/a \"path\"\\".into());
    event.tenant_id = (number % 2 == 1).then(|| "blue".into());
    event
}

fn signing_key() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).unwrap()
}

pub fn verifier() -> Verifier {
    Verifier::new(Extent::Whole, vec![signing_key().verifying_key().clone()])
}

fn checkpoint_of(head: Head, prev_seq: u64, at: Timestamp) -> SignedCheckpoint {
    let claims =
        Checkpoint { iss: "carnet.test".into(), seq: head.seq, hash: head.hash, at, prev_seq };
    claims.sign(&signing_key()).unwrap()
}

/// Records events of these numbers and puts a checkpoint behind them.
pub async fn record_and_checkpoint(
    store: &Store,
    numbers: std::ops::RangeInclusive<u16>,
    prev_seq: u64,
) -> Head {
    let mut head = Head::START;
    let mut at = NOW;
    for number in numbers {
        at = event(number).at;
        head = store.record(event(number)).await.unwrap();
    }
    store.insert_checkpoint(checkpoint_of(head, prev_seq, at)).await.unwrap();
    head
}

async fn actions(store: &Store) -> Vec<String> {
    let rows = store.audit_after(&AuditFilter::default(), 0, 1000).await.unwrap();
    rows.iter()
        .map(|row| Event::from_canonical(&row.canonical).unwrap().1.target.to_string())
        .collect()
}

pub async fn numbers_have_no_gap_however_many_record_at_once(store: Store) {
    let tasks: Vec<_> = (0..64_u16)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for at in 0..4 {
                    let event = event(writer * 4 + at);
                    if at % 2 == 0 {
                        store.record(event).await.unwrap();
                    } else {
                        let content = UniqueId::from_u16(writer * 4 + at);
                        let selector = Selector::ContentId(content);
                        store.audited(event).revoke(selector, None, None, NOW).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let rows = store.audit_after(&AuditFilter::default(), 0, 1000).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), (1..=256).collect::<Vec<_>>());
    let mut targets = actions(&store).await;
    targets.sort();
    targets.dedup();
    assert_eq!(targets.len(), 256);
    assert_eq!(store.audit_head().await.unwrap(), rows[255].head());
    let report = store.verify_audit(verifier()).await.unwrap();
    assert_eq!((report.status, report.rows, report.to_seq), (Status::Ok, 256, 256));
}

pub async fn what_happened_is_recorded_and_what_did_not_is_not(store: Store) {
    store.audited(event(1)).insert_api_key(key(1)).await.unwrap();
    store.audited(event(2)).insert_api_key(key(1)).await.unwrap_err();
    store.audited(event(3)).delete_api_key(key(2).id).await.unwrap();
    store.audited(event(4)).delete_api_key(key(1).id).await.unwrap();
    store.audited(event(5)).insert_ticket(new_ticket(1)).await.unwrap();
    let other = RealmId::tenant("blue");
    store.audited(event(6)).delete_ticket(other, ticket_id(1), NOW).await.unwrap();
    store.audited(event(7)).delete_ticket(realm(), ticket_id(1), NOW).await.unwrap();
    store.insert_ticket(new_ticket(2)).await.unwrap();
    assert_eq!(actions(&store).await, ["thing/1", "thing/4", "thing/5", "thing/7"]);
}

/// Changes that fail, among others in one commit, leave neither a row nor a gap.
pub async fn the_chain_goes_on_from_its_end_whatever_fails_in_between(store: Store) {
    store.insert_api_key(key(0)).await.unwrap();
    let tasks = (0..64).map(|number: u8| {
        let store = store.clone();
        tokio::spawn(async move {
            // Every second one is there already.
            let row = if number.is_multiple_of(2) { key(number / 2 + 1) } else { key(0) };
            store.audited(event(number.into())).insert_api_key(row).await.is_ok()
        })
    });
    let mut kept = 0;
    for task in tasks.collect::<Vec<_>>() {
        kept += u64::from(task.await.unwrap());
    }
    assert_eq!((kept, store.audit_head().await.unwrap().seq), (32, 32));
    let report = store.verify_audit(verifier()).await.unwrap();
    assert_eq!((report.status, report.rows), (Status::Ok, 32));
}

/// Is handed a store in which no audit row can be written.
pub async fn a_change_whose_row_cannot_be_written_does_not_happen(store: Store) {
    let audited = store.audited(event(1));
    let (mine, neighbours) =
        tokio::join!(audited.insert_api_key(key(1)), store.insert_api_key(key(2)));
    mine.unwrap_err();
    neighbours.unwrap();
    store.audited(event(2)).delete_api_key(key(2).id).await.unwrap_err();
    let selector = Selector::ContentId(UniqueId::from_u8(1));
    store.audited(event(3)).revoke(selector, None, None, NOW).await.unwrap_err();
    store.insert_ledger_entry(super::ledger::entry(1), event(4)).await.unwrap_err();
    store.record(event(5)).await.unwrap_err();

    assert!(store.api_key(key(1).id).await.unwrap().is_none());
    assert!(store.api_key(key(2).id).await.unwrap().is_some());
    assert!(store.revocations_after(0, 10).await.unwrap().is_empty());
    assert!(store.ledger_entry(super::ledger::entry(1).id).await.unwrap().is_none());
    assert_eq!(store.audit_head().await.unwrap(), Head::START);
}

pub async fn only_the_next_checkpoint_of_this_chain_is_stored(store: Store) {
    let first = store.record(event(1)).await.unwrap();
    let second = store.record(event(2)).await.unwrap();
    let refused = [
        checkpoint_of(Head { hash: second.hash, ..first }, 0, NOW),
        checkpoint_of(Head { seq: 3, ..second }, 0, NOW),
        checkpoint_of(first, 1, NOW),
    ];
    for checkpoint in refused {
        let refused = store.insert_checkpoint(checkpoint).await.unwrap_err();
        assert!(matches!(refused, InsertCheckpointError::NotTheNext));
    }
    let (one, two) = (checkpoint_of(first, 0, NOW), checkpoint_of(second, 1, NOW));
    store.insert_checkpoint(one.clone()).await.unwrap();
    store.insert_checkpoint(one.clone()).await.unwrap_err();
    store.insert_checkpoint(two.clone()).await.unwrap();
    assert_eq!(store.checkpoints_after(0, 10).await.unwrap(), [one, two.clone()]);
    assert_eq!(store.checkpoints_after(1, 10).await.unwrap(), [two]);
    assert_eq!(store.verify_audit(verifier()).await.unwrap().checkpoints, 2);
    let no_keys = Verifier::new(Extent::Whole, Vec::new());
    let unknown = store.verify_audit(no_keys).await.unwrap().first_fault;
    assert_eq!(unknown, Some(FirstFault { seq: 1, fault: Fault::BadSignature }));
}

pub async fn a_checkpoint_from_outside_tells_that_the_end_was_cut_off(store: Store) {
    let head = store.record(event(1)).await.unwrap();
    let mut verifier = verifier();
    verifier.checkpoint(None, checkpoint_of(Head { seq: 3, ..head }, 0, NOW).as_str());
    let report = store.verify_audit(verifier).await.unwrap();
    assert_eq!(report.first_fault, Some(FirstFault { seq: 2, fault: Fault::Truncated }));
}

/// Promise: P-54
pub async fn retention_prunes_only_behind_a_checkpoint_and_the_rest_still_verifies(store: Store) {
    for number in 1..=3 {
        store.record(event(number)).await.unwrap();
    }
    assert_eq!(store.prune_audit(Timestamp::MAX).await.unwrap(), None, "without a checkpoint");
    let third = record_and_checkpoint(&store, 4..=5, 0).await.seq;
    assert_eq!(store.prune_audit(Timestamp::MAX).await.unwrap(), None, "the last row stays");
    let sixth = record_and_checkpoint(&store, 6..=8, third).await.seq;
    store.record(event(9)).await.unwrap();

    assert_eq!(store.prune_audit(Timestamp(NOW.0 + 4)).await.unwrap(), None, "too young");
    let pruned = store.audited(event(10)).prune_audit(Timestamp(NOW.0 + 5)).await.unwrap();
    assert_eq!(pruned, Some(Pruned { anchor: 5, rows: 5 }));
    assert_eq!(store.prune_audit(Timestamp(NOW.0 + 5)).await.unwrap(), None);
    let report = store.verify_audit(verifier()).await.unwrap();
    assert_eq!((report.status, report.from_seq, report.to_seq), (Status::Ok, 6, 10));
    assert_eq!(report.checkpoints, 2, "the one that the rest starts behind is one of them");

    assert_eq!(
        store.prune_audit(Timestamp::MAX).await.unwrap(),
        Some(Pruned { anchor: sixth, rows: 3 })
    );
    assert_eq!(store.checkpoints_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.record(event(11)).await.unwrap().seq, 11, "numbers go on");
    let report = store.verify_audit(verifier()).await.unwrap();
    assert_eq!((report.status, report.from_seq, report.to_seq), (Status::Ok, 9, 11));
}

pub async fn events_are_listed_by_what_they_say(store: Store) {
    for number in 1..=9 {
        store.record(event(number)).await.unwrap();
    }
    let numbers = async |filter: AuditFilter| {
        let newest_first = store.list_audit(&filter, None, 100).await.unwrap();
        let mut oldest_first = store.audit_after(&filter, 0, 100).await.unwrap();
        oldest_first.reverse();
        assert_eq!(newest_first, oldest_first);
        newest_first.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    let all = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(numbers(AuditFilter { tenant_id: text("blue"), ..all() }).await, [9, 7, 5, 3, 1]);
    assert_eq!(numbers(AuditFilter { request_id: text("req-4"), ..all() }).await, [4]);
    let (since, until) = (Some(Timestamp(NOW.0 + 3)), Some(Timestamp(NOW.0 + 5)));
    assert_eq!(numbers(AuditFilter { since, until, ..all() }).await, [4, 3]);
    for nobodys in [
        AuditFilter { actor: text("user:x"), ..all() },
        AuditFilter { kind: Some(Kind::Gate), ..all() },
        AuditFilter { action: text("x"), ..all() },
        AuditFilter { outcome: Some(Outcome::Denied), ..all() },
        AuditFilter { status: Some(403), ..all() },
        AuditFilter { path: text("/"), ..all() },
    ] {
        assert!(numbers(nobodys).await.is_empty());
    }
    let every = AuditFilter {
        since: Some(NOW),
        until: Some(Timestamp::MAX),
        tenant_id: text("blue"),
        actor: text("key:admin"),
        kind: Some(Kind::Http),
        action: text("test.do"),
        outcome: Some(Outcome::Allowed),
        status: Some(200),
        path: text("/a \"path\"\\"),
        request_id: text("req-3"),
    };
    assert_eq!(numbers(every).await, [3]);
    let page = store.list_audit(&all(), Some(5), 2).await.unwrap();
    assert_eq!(page.iter().map(|row| row.seq).collect::<Vec<_>>(), [4, 3]);
}

pub async fn an_export_of_everything_and_one_of_a_tenant_verify_offline(store: Store) {
    for number in 1..=9 {
        store.record(event(number)).await.unwrap();
    }
    let blue = AuditFilter { tenant_id: Some("blue".to_owned()), ..AuditFilter::default() };
    for (filter, extent, count) in
        [(AuditFilter::default(), Extent::Whole, 9), (blue, Extent::Excerpt, 5)]
    {
        let mut verifier = Verifier::new(extent, Vec::new());
        let mut lines = Lines::default();
        let mut after = 0;
        loop {
            let page = store.audit_after(&filter, after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.seq;
            for row in &page {
                lines.feed(row.to_line().as_bytes(), |line| verifier.line(line));
            }
        }
        let report = verifier.report();
        assert_eq!((report.status, report.rows), (Status::Ok, count));
    }
}
