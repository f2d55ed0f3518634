//! Enrollments: good once, and listed without what is secret.

use std::time::Duration;

use carnet_authority::enroll::RedeemError;
use carnet_gate::{Entry, Selector};
use carnet_store::{ConsumeError, Issuance, RevokeEnrollmentError, Store};
use futures::future::join_all;

use super::NOW;
use super::fleet::{authority, consumption, csr, enrolled, event, worker};

pub async fn one_of_fifty_who_race_gets_the_certificate(store: Store) {
    let ca = authority();
    let minted = enrolled(&store, &ca, 1).await;
    let race = (0..50).map(|_| {
        let (store, csr) = (store.audited(event("ca.issue")), csr());
        let consumption = consumption(&ca, &minted, &csr, NOW);
        async move { store.consume_enrollment(consumption, NOW).await }
    });
    let (won, lost): (Vec<_>, Vec<_>) = join_all(race).await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 49));
    let is_used = |lost: &Result<_, ConsumeError>| {
        matches!(lost, Err(ConsumeError::Refused(RedeemError::Used)))
    };
    assert!(lost.iter().all(is_used));
    assert_eq!(store.certificates_of(&worker()).await.unwrap().len(), 1);
    assert_eq!(store.audit_head().await.unwrap().seq, 1);
    let row = won.into_iter().next().unwrap().unwrap().row();
    let entry = store.ledger_entry_of_token(&row.serial.to_string()).await.unwrap();
    assert_eq!(entry.unwrap().subject, "worker/gpu-1");
}

pub async fn a_lost_answer_is_given_again_for_ten_minutes_to_the_same_key(store: Store) {
    let ca = authority();
    let minted = enrolled(&store, &ca, 1).await;
    let key = csr();
    let used = store.consume_enrollment(consumption(&ca, &minted, &key, NOW), NOW).await;
    let Issuance::New(row) = used.unwrap() else { panic!("it was new") };
    assert_eq!((row.generation.0, row.used_at), (1, None));
    let later = NOW.after(Duration::from_secs(599));
    let again = store.audited(event("ca.issue"));
    let again = again.consume_enrollment(consumption(&ca, &minted, &key, later), later).await;
    assert_eq!(again.unwrap(), Issuance::Again(row.clone()));
    assert_eq!(store.audit_head().await.unwrap().seq, 0, "nothing was issued");
    let other = store.consume_enrollment(consumption(&ca, &minted, &csr(), later), later).await;
    assert!(matches!(other, Err(ConsumeError::Refused(RedeemError::Used))));
    let end = NOW.after(Duration::from_mins(10));
    let late = store.consume_enrollment(consumption(&ca, &minted, &key, end), end).await;
    assert!(matches!(late, Err(ConsumeError::Refused(RedeemError::Used))));
    assert_eq!(store.certificates_of(&worker()).await.unwrap(), std::slice::from_ref(&row));
    let known = store.enrollment(minted.enrollment.id).await.unwrap().unwrap();
    assert_eq!(known.used.unwrap().serial, row.serial);
}

pub async fn what_is_refused_consumes_nothing(store: Store) {
    let ca = authority();
    let minted = enrolled(&store, &ca, 1).await;
    let mut foreign = consumption(&ca, &minted, &csr(), NOW);
    foreign.authority = authority();
    let refused = store.consume_enrollment(foreign, NOW).await;
    assert!(matches!(refused, Err(ConsumeError::Refused(RedeemError::ForeignCa))));
    let mut twice = consumption(&ca, &minted, &csr(), NOW);
    let taken = store.consume_enrollment(twice.clone(), NOW).await.unwrap().row();
    let second = enrolled(&store, &ca, 2).await;
    // The same serial number once more: the row cannot be written, and the token is as good as before.
    (twice.id, twice.token) = (second.enrollment.id, second.token.clone());
    assert!(matches!(store.consume_enrollment(twice, NOW).await, Err(ConsumeError::Store(_))));
    let known = store.enrollment_of_secret(second.token.digest()).await.unwrap().unwrap();
    assert_eq!(known, second.enrollment);
    let next = store.consume_enrollment(consumption(&ca, &second, &csr(), NOW), NOW).await;
    assert_eq!(next.unwrap().row().generation.0, taken.generation.0 + 1);
}

pub async fn a_revoked_enrollment_is_good_for_nothing_and_a_used_one_is_not_revoked(store: Store) {
    let ca = authority();
    let (first, second) = (enrolled(&store, &ca, 1).await, enrolled(&store, &ca, 2).await);
    assert!(store.revoke_enrollment(first.enrollment.id, NOW).await.unwrap());
    let again = store.audited(event("enrollment.revoke"));
    assert!(!again.revoke_enrollment(first.enrollment.id, NOW).await.unwrap());
    assert_eq!(store.audit_head().await.unwrap().seq, 0);
    let refused = store.consume_enrollment(consumption(&ca, &first, &csr(), NOW), NOW).await;
    assert!(matches!(refused, Err(ConsumeError::Refused(RedeemError::Revoked))));

    store.consume_enrollment(consumption(&ca, &second, &csr(), NOW), NOW).await.unwrap();
    let used = store.revoke_enrollment(second.enrollment.id, NOW).await;
    assert!(matches!(used, Err(RevokeEnrollmentError::Used)));
    let unknown =
        store.revoke_enrollment("enroll:7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse().unwrap(), NOW);
    assert!(matches!(unknown.await, Err(RevokeEnrollmentError::NotFound)));
}

pub async fn open_enrollments_are_listed_newest_first(store: Store) {
    let ca = authority();
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(enrolled(&store, &ca, number).await.enrollment.id);
    }
    store.revoke_enrollment(ids[1], NOW).await.unwrap();
    let listed = |open_at, before| {
        let store = store.clone();
        async move {
            let rows = store.list_enrollments(open_at, before, 2).await.unwrap();
            rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(Some(NOW), None).await, [ids[2], ids[0]]);
    assert_eq!(listed(None, None).await, [ids[2], ids[1]]);
    assert_eq!(listed(None, Some(ids[1])).await, [ids[0]]);
    let end = NOW.after(Duration::from_mins(10));
    assert!(listed(Some(end), None).await.is_empty(), "they have expired");
    let month = end.after(Duration::from_hours(30 * 24 + 1));
    assert_eq!(store.sweep_enrollments(month).await.unwrap(), 3);
}

/// What an old copy of the database does not know fails closed.
pub async fn after_a_restore_open_tokens_count_no_more_and_revoked_members_are_out(store: Store) {
    let ca = authority();
    let member = enrolled(&store, &ca, 1).await;
    store.consume_enrollment(consumption(&ca, &member, &csr(), NOW), NOW).await.unwrap();
    let open = enrolled(&store, &ca, 2).await;
    let subject = worker().to_string();
    let selector = Selector::Subject { subject, issued_before: NOW };
    let entry = Entry { seq: 1, selector, at: NOW, exp: None };
    store.restore_revocations(vec![entry]).await.unwrap();
    let used = store.consume_enrollment(consumption(&ca, &open, &csr(), NOW), NOW).await;
    assert!(matches!(used, Err(ConsumeError::Refused(RedeemError::Revoked))));
    assert_eq!(store.member(&worker()).await.unwrap().unwrap().quarantined_at, Some(NOW));
}
