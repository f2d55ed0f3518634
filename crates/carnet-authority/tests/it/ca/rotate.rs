//! Turning the CA over.

use std::time::Duration;

use carnet_authority::ca::{
    ActivateError, CaError, CaRecord, CaState, CertificateAuthority, Curve, Due, RetireError,
};
use carnet_ticket::time::Timestamp;

use super::support::{NOW, OpenSsl, authority, grant, plain_csr, settings};

const DAY: Duration = Duration::from_hours(24);

fn states(authority: &CertificateAuthority) -> Vec<CaState> {
    authority.bundle().certificates.iter().map(|certificate| certificate.state).collect()
}

#[test]
fn every_certificate_verifies_with_every_bundle_that_its_peer_can_have() {
    use CaState::{Active, Next, Removed, Retiring};
    let openssl = OpenSsl::new();
    let mut authority = authority(Curve::P256);
    let (mut bundles, mut leaves) = (vec![authority.bundle().clone()], Vec::new());
    leaves.push(authority.sign(&plain_csr(), &grant(), NOW).unwrap());
    let first = authority.bundle().certificates[0].sha256;

    let next = authority.prepare(NOW).unwrap();
    assert_eq!((next.state, next.sequence), (Next, 2));
    assert_eq!(states(&authority), [Active, Next]);
    assert_eq!(authority.prepare(NOW).unwrap_err(), CaError::AlreadyPrepared);
    bundles.push(authority.bundle().clone());
    leaves.push(authority.sign(&plain_csr(), &grant(), NOW).unwrap());
    assert_eq!(leaves[1].ca_sha256, first, "the next one signs nothing");

    assert_eq!(
        authority.activate(&[2, 1, 2, 0], false, NOW).unwrap_err(),
        ActivateError::BundleNotSpread { behind: 2 }
    );
    let changed = authority.activate(&[2, 7], false, NOW.after(DAY)).unwrap();
    let said: Vec<_> = changed.iter().map(|record| (record.state, record.sequence)).collect();
    assert_eq!(said, [(Retiring, 3), (Active, 3)], "the old one first");
    assert_eq!(states(&authority), [Active, Retiring]);
    assert_eq!(authority.activate(&[], true, NOW).unwrap_err(), ActivateError::NotPrepared);
    bundles.push(authority.bundle().clone());
    leaves.push(authority.sign(&plain_csr(), &grant(), NOW).unwrap());
    assert_ne!(leaves[2].ca_sha256, first);

    // Whoever has the bundle from before the activation or a later one verifies everybody.
    openssl.put("last.pem", leaves[2].pem());
    let verifies = |bundle: &carnet_authority::ca::TrustBundle, file: &str| {
        openssl.put("ca.pem", bundle.pem());
        openssl
            .run(&format!(
                "verify -x509_strict -attime {} -CAfile ca.pem {file}",
                NOW.unix_s() + 60
            ))
            .0
    };
    for leaf in &leaves {
        openssl.put("leaf.pem", leaf.pem());
        assert!(bundles[1..].iter().all(|bundle| verifies(bundle, "leaf.pem")));
    }
    assert!(!verifies(&bundles[0], "last.pem"), "this is why activation waits");

    let end = leaves[1].expires_at;
    let retire = |authority: &mut CertificateAuthority, sha256, now| {
        authority.retire(sha256, Some(end), now)
    };
    let second = authority.bundle().certificates[0].sha256;
    assert_eq!(retire(&mut authority, &[0; 32], end).unwrap_err(), RetireError::NotFound);
    assert_eq!(retire(&mut authority, &second, end).unwrap_err(), RetireError::NotRetiring(Active));
    assert_eq!(retire(&mut authority, &first, end).unwrap_err(), RetireError::InUse { until: end });
    let removed = retire(&mut authority, &first, end.after(Duration::from_secs(1))).unwrap();
    assert_eq!((removed.state, removed.sequence), (Removed, 4));
    assert_eq!(states(&authority), [Active]);
    assert_eq!(authority.bundle().sequence, 4);
    openssl.put("leaf.pem", leaves[0].pem());
    assert!(!verifies(authority.bundle(), "leaf.pem"));
}

#[test]
fn a_forced_activation_waits_for_nobody() {
    let mut authority = authority(Curve::P384);
    authority.prepare(NOW).unwrap();
    assert!(authority.activate(&[0, 1], true, NOW).is_ok());
}

#[test]
fn a_copy_changes_alone_and_what_was_written_makes_it_again() {
    let before = authority(Curve::P256);
    let mut after = before.clone();
    let next = after.prepare(NOW).unwrap();
    assert_eq!(states(&before), [CaState::Active], "nothing was written, so nothing changed");
    let mut written: Vec<CaRecord> = vec![next];
    written.extend(after.activate(&[], false, NOW).unwrap());
    let kept = written.split_off(1);
    let again = CertificateAuthority::new(settings(), kept.clone(), 0).unwrap();
    assert_eq!(again.bundle(), after.bundle());
    let removed = after.retire(&after.bundle().certificates[1].sha256.clone(), None, NOW).unwrap();
    let again =
        CertificateAuthority::new(settings(), [removed.clone(), kept[1].clone()], removed.sequence);
    assert_eq!(again.unwrap().bundle(), after.bundle());
}

#[test]
fn a_ca_is_prepared_at_half_its_life_and_activated_a_day_later() {
    let mut authority = CertificateAuthority::new(settings(), [], 0).unwrap();
    assert_eq!(authority.due(NOW), Some(Due::Prepare));
    authority.prepare(NOW).unwrap();
    assert_eq!(authority.due(NOW), None);
    let half = Timestamp::from_unix_s(NOW.unix_s() - 30).after(DAY * 365 / 2);
    assert_eq!(authority.due(Timestamp(half.0 - 1)), None);
    assert_eq!(authority.due(half), Some(Due::Prepare));
    authority.prepare(half).unwrap();
    assert_eq!(authority.due(Timestamp(half.after(DAY).0 - 1)), None);
    assert_eq!(authority.due(half.after(DAY)), Some(Due::Activate));
    authority.activate(&[], false, half.after(DAY)).unwrap();
    assert_eq!(authority.due(half.after(DAY)), None);
    // Who slept through all of it waits no longer.
    let late = authority.bundle().certificates[0].not_after.after(Duration::from_secs(1));
    assert_eq!(authority.due(late), Some(Due::Prepare));
    authority.prepare(late).unwrap();
    assert_eq!(authority.due(late), Some(Due::Activate));
}

#[test]
fn a_bundle_is_json_as_members_read_it() {
    let mut authority = authority(Curve::P256);
    authority.prepare(NOW).unwrap();
    let json = serde_json::to_value(authority.bundle()).unwrap();
    assert_eq!(json["trust_domain"], "carnet.local");
    assert_eq!(json["sequence"], 2);
    assert_eq!(json["refresh_hint_seconds"], 300);
    let certificates = json["certificates"].as_array().unwrap();
    let states: Vec<_> = certificates.iter().map(|certificate| &certificate["state"]).collect();
    assert_eq!(states, ["active", "next"]);
    assert_eq!(certificates[0]["not_after"], "2027-11-23T05:20:00Z");
    let pem: String = certificates.iter().map(|one| one["certificate"].as_str().unwrap()).collect();
    assert_eq!(pem, authority.bundle().pem());
    let openssl = OpenSsl::new();
    openssl.put("ca.pem", certificates[1]["certificate"].as_str().unwrap());
    let fingerprint = openssl.ok("x509 -in ca.pem -noout -fingerprint -sha256");
    let digits = fingerprint.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
    assert_eq!(certificates[1]["sha256"], digits);
    let found = authority.bundle().find(&hex::decode(digits).unwrap().try_into().unwrap());
    assert_eq!(found.map(|one| one.state), Some(CaState::Next));
}
