//! Project Wycheproof's cases of the primitives that tokens use: every verdict is met through our keys.

use carnet_ticket::jwt::{Algorithm, KeyError, VerifyingKey};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::{Sha256, Sha384, Sha512};
use wycheproof::{
    EllipticCurve, HashFunction, TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify,
};

/// Whether a verdict is met: what is acceptable may go either way.
fn is_met(result: TestResult, holds: bool) -> bool {
    match result {
        TestResult::Valid => holds,
        TestResult::Invalid => !holds,
        TestResult::Acceptable => true,
    }
}

#[test]
fn hmac_verdicts_are_met() {
    let sets = [
        (Algorithm::Hs256, mac::TestName::HmacSha256, 256),
        (Algorithm::Hs384, mac::TestName::HmacSha384, 384),
        (Algorithm::Hs512, mac::TestName::HmacSha512, 512),
    ];
    for (algorithm, name, bits) in sets {
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for case in group.tests {
                // The object takes keys of every length, the bytes alone only those that are long enough.
                let object: VerifyingKey = match algorithm {
                    Algorithm::Hs256 => Hmac::<Sha256>::new_from_slice(&case.key).unwrap().into(),
                    Algorithm::Hs384 => Hmac::<Sha384>::new_from_slice(&case.key).unwrap().into(),
                    _ => Hmac::<Sha512>::new_from_slice(&case.key).unwrap().into(),
                };
                let mut keys = vec![object];
                match VerifyingKey::hmac(algorithm, &case.key) {
                    Ok(key) => keys.push(key),
                    Err(fault) => assert!(fault == KeyError::WeakKey && 8 * case.key.len() < bits),
                }
                for key in keys {
                    let holds = key.verifies(algorithm, &case.msg, &case.tag);
                    // Tokens carry the whole tag.
                    let is_whole = group.tag_size == bits;
                    assert!(
                        if is_whole { is_met(case.result, holds) } else { !holds },
                        "{algorithm} {}",
                        case.tc_id
                    );
                }
            }
        }
    }
}

#[test]
fn ecdsa_verdicts_are_met_however_the_key_is_given() {
    let sets = [
        (Algorithm::Es256, "P-256", ecdsa::TestName::EcdsaSecp256r1Sha256P1363),
        (Algorithm::Es384, "P-384", ecdsa::TestName::EcdsaSecp384r1Sha384P1363),
        (Algorithm::Es512, "P-521", ecdsa::TestName::EcdsaSecp521r1Sha512P1363),
    ];
    for (algorithm, curve, name) in sets {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let (x, y) = group.key.key[1..].split_at((group.key.key.len() - 1) / 2);
            let jwk = json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) });
            let keys = [
                VerifyingKey::from_jwk(&jwk.to_string()).unwrap(),
                VerifyingKey::from_pem(algorithm, group.pem.as_bytes()).unwrap(),
                VerifyingKey::from_der(None, &group.der).unwrap(),
            ];
            for key in keys {
                for case in &group.tests {
                    let holds = key.verifies(algorithm, &case.msg, &case.sig);
                    assert!(is_met(case.result, holds), "{algorithm} {}", case.tc_id);
                }
            }
        }
    }
}

#[test]
fn keys_on_other_curves_are_unsupported() {
    for name in [
        ecdsa::TestName::EcdsaSecp256k1Sha256P1363,
        ecdsa::TestName::EcdsaBrainpool256r1Sha256P1363,
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            assert!(!matches!(group.key.curve, EllipticCurve::Secp256r1));
            let fault = VerifyingKey::from_pem(Algorithm::Es256, group.pem.as_bytes()).unwrap_err();
            assert_eq!(fault, KeyError::UnsupportedKey);
        }
    }
}

#[test]
fn ed25519_verdicts_are_met_however_the_key_is_given() {
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&group.key.pk) });
        let keys = [
            VerifyingKey::from_jwk(&jwk.to_string()).unwrap(),
            VerifyingKey::from_pem(None, group.pem.as_bytes()).unwrap(),
            VerifyingKey::from_der(Algorithm::EdDsa, &group.der).unwrap(),
        ];
        for key in keys {
            for case in &group.tests {
                let holds = key.verifies(Algorithm::EdDsa, &case.msg, &case.sig);
                assert!(is_met(case.result, holds), "Ed25519 {}", case.tc_id);
            }
        }
    }
}

#[test]
fn rsa_pkcs1_verdicts_are_met_however_the_key_is_given() {
    let mut groups = 0;
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let algorithm = match group.hash {
                HashFunction::Sha2_256 => Algorithm::Rs256,
                HashFunction::Sha2_384 => Algorithm::Rs384,
                HashFunction::Sha2_512 => Algorithm::Rs512,
                _ => continue,
            };
            groups += 1;
            let keys = [
                VerifyingKey::from_pem(algorithm, group.pem.as_bytes()).unwrap(),
                VerifyingKey::from_der(algorithm, &group.asn_key).unwrap(),
                VerifyingKey::from_der(None, &group.der).unwrap(),
            ];
            for key in keys {
                for case in &group.tests {
                    let holds = key.verifies(algorithm, &case.msg, &case.sig);
                    assert!(is_met(case.result, holds), "{name:?} {}", case.tc_id);
                }
            }
        }
    }
    assert!(groups > 10, "{groups} groups");
}

#[test]
fn rsa_pss_verdicts_are_met_and_other_salts_and_hashes_are_refused() {
    let algorithms = [
        (Algorithm::Ps256, HashFunction::Sha2_256, 32),
        (Algorithm::Ps384, HashFunction::Sha2_384, 48),
        (Algorithm::Ps512, HashFunction::Sha2_512, 64),
    ];
    let mut ours = 0;
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            for (algorithm, hash, salt) in algorithms {
                let key = VerifyingKey::from_der(algorithm, &group.asn_key).unwrap();
                let is_ours =
                    group.hash == hash && group.mgf_hash == Some(hash) && group.salt_size == salt;
                ours += usize::from(is_ours);
                for case in &group.tests {
                    let holds = key.verifies(algorithm, &case.msg, &case.sig);
                    // Under other parameters nothing is said about ours, but that what holds there fails here.
                    let is_met = match case.result {
                        result if is_ours => is_met(result, holds),
                        TestResult::Valid => !holds,
                        _ => true,
                    };
                    assert!(is_met, "{name:?} {algorithm} {}", case.tc_id);
                }
            }
        }
    }
    assert!(ours >= 6, "{ours} groups");
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
