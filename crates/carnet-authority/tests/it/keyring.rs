//! The keys that sign and verify.

use carnet_authority::keyring::{
    Key, KeyInfo, KeyState, Keyring, PromoteError, Purpose, RetireError, RotateError, SealKey,
    UnsealError,
};
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::time::{Expiration, Timestamp};
use secrecy::ExposeSecret;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn key(purpose: Purpose, seed: u8) -> Key {
    Keyring::default().rotate(purpose, &[seed; 32], NOW).unwrap()
}

/// The ring after these keys were written.
fn written(ring: &Keyring, changed: &[KeyInfo]) -> Keyring {
    Keyring::new(ring.keys().iter().cloned().map(|mut key| {
        if let Some(info) = changed.iter().find(|info| info.id == key.info.id) {
            key.info = info.clone();
        }
        key
    }))
}

fn states(ring: &Keyring) -> Vec<KeyState> {
    ring.keys().iter().map(|key| key.info.state).collect()
}

#[test]
fn a_key_is_staged_promoted_and_retired_and_one_signs_at_any_moment() {
    use KeyState::{Active, Retired, Staged, Verifying};
    for purpose in Purpose::ALL {
        let first = key(purpose, 1);
        assert_eq!(first.info.state, Active, "the first has nobody to wait for");
        let ring = Keyring::new([first.clone()]);
        let second = ring.rotate(purpose, &[2; 32], NOW).unwrap();
        let ring = Keyring::new([first.clone(), second.clone()]);
        assert_eq!(states(&ring), [Active, Staged]);
        assert_eq!(
            ring.rotate(purpose, &[3; 32], NOW).unwrap_err(),
            RotateError::AlreadyStaged(second.info.id)
        );

        let ring = written(&ring, &ring.promote(second.info.id, NOW).unwrap());
        assert_eq!(states(&ring), [Verifying, Active]);
        assert_eq!(ring.active(purpose).unwrap().info.id, second.info.id);
        assert_eq!(ring.verifying(purpose).count(), 2, "tokens of both are good");
        assert_eq!(
            ring.promote(first.info.id, NOW).unwrap_err(),
            PromoteError::NotStaged(Verifying)
        );

        let earliest = Expiration::At(Timestamp(NOW.0 + 1));
        let retire = |id, forced, now| ring.retire(id, earliest, forced, now);
        let (early, late) = (NOW, Timestamp(NOW.0 + 1));
        assert_eq!(
            retire(first.info.id, false, early).unwrap_err(),
            RetireError::InUse { earliest }
        );
        assert_eq!(retire(second.info.id, true, late).unwrap_err(), RetireError::Active);
        assert!(retire(first.info.id, true, early).is_ok(), "forced");
        let ring = written(&ring, &[retire(first.info.id, false, late).unwrap()]);
        assert_eq!(states(&ring), [Retired, Active]);
        assert_eq!(ring.verifying(purpose).count(), 1);
    }
}

#[test]
fn keys_of_the_configuration_are_changed_there() {
    let text = "a-configured-key-of-at-least-32-bytes";
    let configured = Key::configured(text.to_owned().into(), KeyState::Active);
    let id = configured.info.id;
    let ring = Keyring::new([configured]);
    let rotated = ring.rotate(Purpose::WorkerHmac, &[1; 32], NOW);
    assert_eq!(rotated.unwrap_err(), RotateError::ConfigManaged);
    assert_eq!(ring.promote(id, NOW).unwrap_err(), PromoteError::ConfigManaged);
    let retired = ring.retire(id, Expiration::At(NOW), true, NOW);
    assert_eq!(retired.unwrap_err(), RetireError::ConfigManaged);
    assert!(ring.rotate(Purpose::Jwt, &[1; 32], NOW).is_ok(), "other purposes are free");

    // A managed key that signed before the configuration got one goes on verifying.
    let managed = key(Purpose::WorkerHmac, 8);
    let both = Keyring::new([ring.keys()[0].clone(), managed.clone()]);
    assert_eq!(both.active(Purpose::WorkerHmac).unwrap().info.id, id);
    assert_eq!(both.verifying(Purpose::WorkerHmac).count(), 2);
    assert_eq!(both.promote(managed.info.id, NOW).unwrap_err(), PromoteError::ConfigManaged);
}

#[test]
fn a_jwks_has_every_public_key_that_is_not_retired_and_no_secret() {
    let retired = {
        let mut key = key(Purpose::Jwt, 4);
        key.info.state = KeyState::Retired;
        key
    };
    let keys: Vec<_> = Purpose::ALL.into_iter().map(|purpose| key(purpose, 5)).collect();
    let ring = Keyring::new(keys.iter().cloned().chain([retired]));
    let jwks = ring.jwks();
    let uses: Vec<_> = jwks["keys"].as_array().unwrap().iter().map(|key| &key["use"]).collect();
    assert_eq!(uses, ["worker-token"], "keys of one seed are one key, which serves one purpose");

    let distinct = [Purpose::WorkerHmac, Purpose::WorkerEd25519, Purpose::Jwt];
    let ring = Keyring::new((1..).zip(distinct).map(|(seed, purpose)| key(purpose, seed)));
    let text = ring.jwks().to_string();
    for key in ring.keys() {
        let is_public = key.info.purpose.jwk_use().is_some();
        assert_eq!(text.contains(&key.info.id.to_string()), is_public);
        let read = key.info.purpose.keys_in(&ring.jwks()).unwrap();
        let ids: Vec<_> = read.iter().map(VerifyingKey::key_id).collect();
        assert_eq!(ids, if is_public { vec![key.info.id] } else { Vec::new() });
        let secret = [key.shared().map(ExposeSecret::expose_secret), Some(&hex::encode([1; 32]))];
        assert!(secret.into_iter().flatten().all(|secret| !text.contains(secret)));
    }
}

#[test]
fn what_is_no_key_of_the_purpose_is_passed_over() {
    let ring = Keyring::new([key(Purpose::AuditCheckpoint, 1)]);
    let with = |name: &str, value: &str| {
        let mut jwks = ring.jwks();
        jwks["keys"][0][name] = value.into();
        Purpose::AuditCheckpoint.keys_in(&jwks).map(|keys| keys.len())
    };
    assert_eq!(with("alg", "EdDSA"), Some(1));
    for (name, value) in [
        ("kty", "EC"),
        ("crv", "X25519"),
        ("use", "revocation-feed"),
        ("kid", "7b51cb7896ace11d"),
        ("x", "AA"),
        ("x", "?"),
    ] {
        assert_eq!(with(name, value), Some(0), "{name} {value}");
    }
    assert!(Purpose::AuditCheckpoint.keys_in(&serde_json::json!({})).is_none());
}

#[test]
fn a_sealed_key_opens_under_its_own_row_and_seal_key_alone() {
    let seal = |byte: u8| SealKey::new(&[byte; 32]).unwrap();
    for purpose in [Purpose::WorkerHmac, Purpose::Jwt] {
        let key = key(purpose, 9);
        let sealed = seal(1).seal(&key, [7; 12]).unwrap();
        let opened = seal(1).open(key.info.clone(), &sealed).unwrap();
        assert_eq!(opened.info, key.info);
        assert_eq!(
            opened.signing_key().map(|key| key.verifying_key().key_id()),
            key.signing_key().map(|key| key.verifying_key().key_id())
        );
        assert_eq!(
            opened.shared().map(ExposeSecret::expose_secret),
            key.shared().map(ExposeSecret::expose_secret)
        );

        let open =
            |seal: SealKey, info: KeyInfo, sealed: &[u8]| seal.open(info, sealed).map(|_| ());
        assert_eq!(open(seal(2), key.info.clone(), &sealed), Err(UnsealError));
        let other = KeyInfo { purpose: Purpose::AuditCheckpoint, ..key.info.clone() };
        assert_eq!(open(seal(1), other, &sealed), Err(UnsealError));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(open(seal(1), key.info.clone(), &changed), Err(UnsealError));
            assert_eq!(open(seal(1), key.info.clone(), &sealed[..index]), Err(UnsealError));
        }
    }
}

#[test]
fn nothing_of_a_secret_is_shown() {
    let seed = hex::encode([6; 32]);
    for purpose in Purpose::ALL {
        let key = key(purpose, 6);
        assert!(!format!("{key:?}").contains(&seed));
    }
    let seal = SealKey::new(&[6; 32]).unwrap();
    assert!(!format!("{seal:?}").contains(&seed));
}
