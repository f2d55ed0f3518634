//! Certificates: renewed by the one before, revoked with everything that hears of it.

use std::time::Duration;

use carnet_authority::ca::{RevokedBecause, Serial};
use carnet_authority::enroll::{Origin, RenewError};
use carnet_gate::Selector;
use carnet_store::{
    CertificateRow, EnrollMemberError, Issuance, ReleaseError, Store, StoreRenewError,
};
use carnet_ticket::time::Timestamp;

use super::NOW;
use super::fleet::{authority, csr, csr_of, event, profile, renewed, signed, worker};

const MINUTE: Duration = Duration::from_mins(1);

async fn first(store: &Store, ca: &carnet_authority::ca::CertificateAuthority) -> CertificateRow {
    store.enroll_member(signed(ca, &csr(), NOW), profile()).await.unwrap()
}

fn refused(result: Result<Issuance, StoreRenewError>) -> RenewError {
    match result {
        Err(StoreRenewError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

pub async fn a_certificate_is_renewed_by_the_one_before_it(store: Store) {
    let ca = authority();
    let one = first(&store, &ca).await;
    let key = csr();
    let audited = store.audited(event("ca.renew"));
    let two = audited.renew_certificate(renewed(&ca, &one, &key, NOW), NOW).await.unwrap();
    let Issuance::New(two) = two else { panic!("it was new") };
    assert_eq!((two.generation.0, two.origin), (2, Origin::Renewal));
    let again = audited.renew_certificate(renewed(&ca, &one, &key, NOW), NOW).await.unwrap();
    assert_eq!(again, Issuance::Again(two.clone()));
    assert_eq!(store.audit_head().await.unwrap().seq, 1);
    assert_eq!(store.member(&worker()).await.unwrap().unwrap().generation.0, 2);

    // Its key was lost: another one takes its place, and it ends at once.
    let three = store.renew_certificate(renewed(&ca, &one, &csr(), NOW), NOW).await.unwrap().row();
    assert_eq!(three.generation.0, 3);
    let superseded = store.superseded_certificates(NOW).await.unwrap();
    assert_eq!(superseded.iter().map(|row| row.serial).collect::<Vec<_>>(), [two.serial]);
    let late = store.renew_certificate(renewed(&ca, &two, &csr(), NOW), NOW).await;
    assert_eq!(refused(late), RenewError::Revoked);
}

pub async fn the_first_use_of_a_certificate_ends_those_before_it(store: Store) {
    let ca = authority();
    let one = first(&store, &ca).await;
    assert_eq!(store.use_certificate(one.serial, NOW).await.unwrap().unwrap().used_at, Some(NOW));
    let two = store.renew_certificate(renewed(&ca, &one, &csr(), NOW), NOW).await.unwrap().row();
    let used = NOW.after(MINUTE);
    store.use_certificate(two.serial, used).await.unwrap();
    store.use_certificate(two.serial, used.after(MINUTE)).await.unwrap();
    let end = used.after(10 * MINUTE);
    assert!(store.superseded_certificates(Timestamp(end.0 - 1)).await.unwrap().is_empty());
    let due = store.superseded_certificates(end).await.unwrap();
    assert_eq!((due.len(), due[0].serial), (1, one.serial));
    // In between a copy would be noticed.
    let copy = store.renew_certificate(renewed(&ca, &one, &csr(), used), used).await;
    assert_eq!(refused(copy), RenewError::CloneDetected);

    let moved = store.enroll_member(signed(&ca, &csr(), used), profile()).await.unwrap();
    assert_eq!(moved.generation.0, 3);
    let late = store.renew_certificate(renewed(&ca, &two, &csr(), used), used).await;
    assert_eq!(refused(late), RenewError::Superseded);
    store.use_certificate(moved.serial, used).await.unwrap();
    let due = store.superseded_certificates(used).await.unwrap();
    assert_eq!(due.iter().map(|row| row.serial).collect::<Vec<_>>(), [one.serial, two.serial]);
    assert!(store.use_certificate(Serial::new([1; 16]), used).await.unwrap().is_none());
}

pub async fn a_revoked_certificate_is_numbered_listed_and_not_renewed(store: Store) {
    let ca = authority();
    let one = first(&store, &ca).await;
    let (because, words) = (RevokedBecause::KeyCompromise, Some("it leaked".to_owned()));
    let audited = store.audited(event("ca.revoke"));
    let revoke = || audited.revoke_certificate(one.serial, because, words.clone(), NOW);
    let revoked = revoke().await.unwrap().unwrap();
    assert!(revoked.is_new && revoked.row.revoked_at == Some(NOW));
    assert!(!revoke().await.unwrap().unwrap().is_new);
    assert_eq!(store.audit_head().await.unwrap().seq, 1);
    let entries = store.list_revocations(None, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].entry.selector, Selector::Certificate(one.serial.to_string()));
    assert_eq!((entries[0].entry.exp, &entries[0].reason), (Some(one.expires_at), &words));
    let late = store.renew_certificate(renewed(&ca, &one, &csr(), NOW), NOW).await;
    assert_eq!(refused(late), RenewError::Revoked);

    let list = store.next_crl(NOW).await.unwrap();
    assert_eq!((list.revoked.len(), list.revoked[0].serial), (1, one.serial));
    assert_eq!(list.revoked[0].reason, RevokedBecause::KeyCompromise);
    let counts = store.count_certificates(NOW).await.unwrap();
    assert_eq!((counts.live, counts.revoked), (0, 1));
    let after_end = one.expires_at.after(Duration::from_secs(1));
    let next = store.next_crl(after_end).await.unwrap();
    assert_eq!((next.number, next.revoked.len()), (list.number + 1, 0));

    // One that is revoked as anything is: its row knows.
    let two = store.enroll_member(signed(&ca, &csr(), NOW), profile()).await.unwrap();
    store.revoke(Selector::Certificate(two.serial.to_string()), None, None, NOW).await.unwrap();
    assert!(store.certificate(two.serial).await.unwrap().unwrap().revoked_at.is_some());
}

pub async fn a_quarantined_member_has_nothing_and_gets_nothing_until_it_is_released(store: Store) {
    let ca = authority();
    let key = rcgen::KeyPair::generate().unwrap();
    let one = store.enroll_member(signed(&ca, &csr_of(&key), NOW), profile()).await.unwrap();
    let audited = store.audited(event("ca.revoke"));
    let (gone, because) = (worker(), RevokedBecause::PrivilegeWithdrawn);
    let quarantine = || audited.quarantine_member(&gone, because, None, NOW);
    let quarantined = quarantine().await.unwrap().unwrap();
    assert_eq!((quarantined.is_new, quarantined.revoked.len()), (true, 1));
    assert!(!quarantine().await.unwrap().unwrap().is_new);
    assert_eq!(store.audit_head().await.unwrap().seq, 1);
    let entries = store.list_revocations(None, 10).await.unwrap();
    let named: Vec<_> = entries.iter().map(|row| row.entry.selector.value()).collect();
    assert_eq!(named, ["worker/gpu-1".to_owned(), one.serial.to_string()]);
    let late = store.renew_certificate(renewed(&ca, &one, &csr(), NOW), NOW).await;
    assert_eq!(refused(late), RenewError::Revoked);
    let enrolled = store.enroll_member(signed(&ca, &csr(), NOW), profile()).await;
    assert!(matches!(enrolled, Err(EnrollMemberError::Quarantined)));

    assert!(store.release_member(&worker()).await.unwrap().quarantined_at.is_none());
    let again = store.release_member(&worker()).await;
    assert!(matches!(again, Err(ReleaseError::NotQuarantined)));
    let two = store.enroll_member(signed(&ca, &csr(), NOW), profile()).await.unwrap();
    assert_eq!(two.generation.0, 2);
    let nobody = "worker/nobody".parse().unwrap();
    assert!(matches!(store.release_member(&nobody).await, Err(ReleaseError::NotFound)));
    let because = RevokedBecause::Unspecified;
    assert!(store.quarantine_member(&nobody, because, None, NOW).await.unwrap().is_none());
}

pub async fn certificates_are_listed_newest_first_and_forgotten_a_month_after_their_end(
    store: Store,
) {
    let ca = authority();
    let mut serials = Vec::new();
    for _ in 0..3 {
        serials.insert(0, first(&store, &ca).await.serial);
    }
    let page = store.list_certificates(None, 2).await.unwrap();
    let rest = store.list_certificates(Some(page[1].0), 2).await.unwrap();
    let listed: Vec<_> = page.iter().chain(&rest).map(|(_, row)| row.serial).collect();
    assert_eq!(listed, serials);
    let end = page[0].1.expires_at;
    assert_eq!(store.last_end_of_ca(page[0].1.ca_sha256).await.unwrap(), Some(end));
    assert_eq!(store.last_end_of_ca([0; 32]).await.unwrap(), None);
    let month = Duration::from_hours(30 * 24);
    assert_eq!(store.sweep_certificates(end.after(month)).await.unwrap(), 0);
    assert_eq!(store.sweep_certificates(end.after(month + MINUTE)).await.unwrap(), 3);
    assert_eq!(first(&store, &ca).await.generation.0, 4, "generations only grow");
}
