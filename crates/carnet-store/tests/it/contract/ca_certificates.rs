//! CA certificates and where they are in their lives.

use carnet_authority::ca::{CaRecord, CaSettings, CaState, CertificateAuthority};
use carnet_store::{CaRow, Store, StoreError};

use super::NOW;
use super::fleet::{event, trust_domain};

fn rows(records: &[CaRecord]) -> Vec<CaRow> {
    records.iter().map(CaRow::from).collect()
}

pub async fn a_ca_turns_over_and_comes_back_as_it_was_written(store: Store) {
    let settings = CaSettings::new(trust_domain(), "Carnet").unwrap();
    let mut authority = CertificateAuthority::new(settings, [], 0).unwrap();
    let first = authority.prepare(NOW).unwrap();
    store.write_ca_certificates(rows(std::slice::from_ref(&first))).await.unwrap();
    let next = authority.prepare(NOW).unwrap();
    store.write_ca_certificates(rows(std::slice::from_ref(&next))).await.unwrap();
    let turned = authority.activate(&[], false, NOW).unwrap();
    store.audited(event("ca.rotate")).write_ca_certificates(rows(&turned)).await.unwrap();
    let known = store.ca_certificates().await.unwrap();
    let states = known.iter().map(|row| (row.sha256, row.state));
    let states: std::collections::BTreeMap<_, _> = states.collect();
    assert_eq!(states[&first.sha256()], CaState::Retiring);
    assert_eq!(states[&next.sha256()], CaState::Active);
    for row in rows(&turned) {
        assert!(known.contains(&row));
    }
    assert_eq!(store.audit_head().await.unwrap().seq, 1);

    let second_active = CaRow { state: CaState::Active, ..CaRow::from(&turned[0]) };
    let refused = store.write_ca_certificates(vec![second_active]).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    let removed = authority.retire(&first.sha256(), None, NOW).unwrap();
    store.write_ca_certificates(rows(std::slice::from_ref(&removed))).await.unwrap();
    let known = store.ca_certificates().await.unwrap();
    assert_eq!(known.len(), 2, "it is remembered");
    let greatest = known.iter().map(|row| row.sequence).max();
    assert_eq!(greatest, Some(authority.bundle().sequence));
}
