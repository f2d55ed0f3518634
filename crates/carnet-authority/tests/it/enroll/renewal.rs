//! The decision table of renewals.

use carnet_authority::enroll::{
    CloneAction, Generation, GenerationRecord, Origin, RenewError, Renewal, Standing,
    decide_renewal, predecessors_end,
};
use carnet_ticket::time::Timestamp;
use proptest::prelude::*;

use crate::ca::support::plain_csr;

use Origin::{Enrollment, Renewal as Renewed};

/// A certificate with the key of this number.
fn record(generation: u64, key: u8, is_used: bool, origin: Origin) -> GenerationRecord {
    GenerationRecord {
        generation: Generation(generation),
        spki_sha256: [key; 32],
        is_used,
        origin,
        standing: Standing::Live,
    }
}

/// What is decided on a request for a new key, or for the key of a certificate in the history.
fn decided(
    presented: u64,
    same_key_as: Option<u64>,
    history: &[GenerationRecord],
) -> Result<Renewal, RenewError> {
    let csr = plain_csr();
    let mut history = history.to_vec();
    for record in history.iter_mut().filter(|record| Some(record.generation.0) == same_key_as) {
        record.spki_sha256 = *csr.spki_sha256();
    }
    decide_renewal(&csr, Generation(presented), &history)
}

fn issue(generation: u64, revoke: Option<u64>) -> Result<Renewal, RenewError> {
    Ok(Renewal::Issue { generation: Generation(generation), revoke: revoke.map(Generation) })
}

/// Promise: K-20
#[test]
fn every_row_of_the_table_is_decided_as_it_says() {
    let first = record(1, 1, true, Enrollment);
    let (unused, used) = (record(2, 2, false, Renewed), record(2, 2, true, Renewed));

    // g = n.
    assert_eq!(decided(1, None, &[first]), issue(2, None));
    assert_eq!(decided(1, None, &[record(1, 1, false, Enrollment)]), issue(2, None));
    assert_eq!(decided(2, None, &[first, used]), issue(3, None));
    assert_eq!(decided(2, None, &[used]), issue(3, None), "older ones may be forgotten");
    // A key that was certified before.
    assert_eq!(decided(1, Some(1), &[first]), Err(RenewError::KeyReused));
    assert_eq!(decided(2, Some(1), &[first, used]), Err(RenewError::KeyReused));
    assert_eq!(decided(1, Some(1), &[first, unused]), Err(RenewError::KeyReused));
    // A lost answer, and a lost key.
    assert_eq!(decided(1, Some(2), &[first, unused]), Ok(Renewal::Again(Generation(2))));
    assert_eq!(decided(1, None, &[first, unused]), issue(3, Some(2)));
    // A copy.
    assert_eq!(decided(1, None, &[first, used]), Err(RenewError::CloneDetected));
    assert_eq!(decided(1, Some(2), &[first, used]), Err(RenewError::CloneDetected));
    assert_eq!(decided(1, Some(1), &[first, used]), Err(RenewError::CloneDetected));
    let third = record(3, 3, false, Renewed);
    assert_eq!(decided(1, Some(3), &[first, unused, third]), Err(RenewError::CloneDetected));
    // The name was moved: whatever else holds.
    for moved in [record(2, 2, false, Enrollment), record(2, 2, true, Enrollment)] {
        assert_eq!(decided(1, Some(2), &[first, moved]), Err(RenewError::Superseded));
        assert_eq!(decided(1, None, &[first, moved, third]), Err(RenewError::Superseded));
        assert_eq!(decided(2, None, &[first, moved]), issue(3, None));
    }
    // What was presented does not count: before everything else.
    for (standing, fault) in [
        (Standing::Revoked, RenewError::Revoked),
        (Standing::Quarantined, RenewError::Quarantined),
        (Standing::Expired, RenewError::Expired),
    ] {
        let own = GenerationRecord { standing, ..first };
        assert_eq!(decided(1, None, &[own]), Err(fault));
        assert_eq!(decided(1, Some(1), &[own, record(2, 2, true, Enrollment)]), Err(fault));
    }
    assert_eq!(decided(7, None, &[first]), Err(RenewError::Unknown));
    assert_eq!(decided(1, None, &[]), Err(RenewError::Unknown));
}

#[test]
fn an_answer_that_was_revoked_meanwhile_is_not_given_again() {
    let revoked = GenerationRecord { standing: Standing::Revoked, ..record(2, 2, false, Renewed) };
    let history = [record(1, 1, true, Enrollment), revoked];
    assert_eq!(decided(1, Some(2), &history), Err(RenewError::KeyReused));
    assert_eq!(decided(1, None, &history), issue(3, Some(2)));
}

#[test]
fn a_clone_costs_every_live_certificate_or_nothing() {
    let expired =
        GenerationRecord { standing: Standing::Expired, ..record(1, 1, true, Enrollment) };
    let history = [expired, record(2, 2, true, Renewed), record(3, 3, true, Renewed)];
    assert_eq!(CloneAction::default().revokes(&history), [Generation(2), Generation(3)]);
    assert_eq!(CloneAction::Alert.revokes(&history), []);
    assert_eq!(CloneAction::from_name("alert"), Some(CloneAction::Alert));
    assert_eq!(
        CloneAction::from_name(CloneAction::Quarantine.as_str()),
        Some(CloneAction::Quarantine)
    );
    assert_eq!(CloneAction::from_name("ignore"), None);
}

#[test]
fn predecessors_end_at_once_or_after_ten_minutes() {
    let at = Timestamp(1_000);
    assert_eq!(predecessors_end(Enrollment, at), at);
    assert_eq!(predecessors_end(Renewed, at), Timestamp(601_000));
    assert_eq!(Generation::after(&[]), Generation(1));
    assert_eq!(Generation::after(&[record(4, 1, true, Renewed)]), Generation(5));
}

/// The table, row by row as the page has it.
fn by_the_page(
    own_key: Option<u64>,
    g: u64,
    history: &[GenerationRecord],
) -> Result<Renewal, RenewError> {
    let of = |generation: u64| history.iter().find(|record| record.generation.0 == generation);
    let n = history.iter().map(|record| record.generation.0).max().unwrap();
    let is_n_used = of(n).unwrap().is_used;
    if (g + 1..=n).filter_map(of).any(|record| record.origin == Enrollment) {
        Err(RenewError::Superseded)
    } else if g + 1 == n && !is_n_used && own_key == Some(n) {
        Ok(Renewal::Again(Generation(n)))
    } else if g + 1 < n || g + 1 == n && is_n_used {
        Err(RenewError::CloneDetected)
    } else if own_key.is_some() {
        Err(RenewError::KeyReused)
    } else if g == n {
        issue(n + 1, None)
    } else {
        issue(n + 1, Some(n))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    /// Promise: K-20
    #[test]
    fn any_history_is_decided_as_the_page_does(
        certificates in prop::collection::vec((any::<bool>(), any::<bool>()), 1..6),
        presented: prop::sample::Index,
        own: Option<prop::sample::Index>,
    ) {
        let history: Vec<_> = (1..)
            .zip(&certificates)
            .map(|(generation, (is_used, is_renewed))| {
                let origin = if *is_renewed { Renewed } else { Enrollment };
                record(generation, u8::try_from(generation).unwrap(), *is_used, origin)
            })
            .collect();
        let one = |index: prop::sample::Index| index.index(history.len()) as u64 + 1;
        let (g, own_key) = (one(presented), own.map(one));
        prop_assert_eq!(decided(g, own_key, &history), by_the_page(own_key, g, &history));
    }
}
