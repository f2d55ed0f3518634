//! What tells validators apart.

use std::time::Duration;

use carnet_ticket::jwt::{Hs256, Hs384, Jwt, KeyRing, VerifyingKey};
use proptest::prelude::*;
use serde_json::json;

use super::SECRET;

/// The settings of a validator that its signature has to tell.
#[derive(Debug, Clone, PartialEq)]
struct Settings {
    issuers: Vec<String>,
    audiences: Vec<String>,
    subject: Option<String>,
    claims: Vec<(String, u8)>,
    max_lifetime_s: Option<u64>,
    max_age_s: Option<u64>,
    leeway_s: u64,
    typ: Option<String>,
    flags: [bool; 3],
}

impl Settings {
    fn jwt(&self) -> Jwt {
        let mut jwt = Jwt::with_key(SECRET).leeway(Duration::from_secs(self.leeway_s));
        jwt = self.issuers.iter().fold(jwt, Jwt::allow_issuer);
        jwt = self.audiences.iter().fold(jwt, Jwt::allow_audience);
        jwt = self.subject.iter().fold(jwt, Jwt::require_subject);
        jwt = self.typ.iter().fold(jwt, Jwt::require_typ);
        jwt = self.claims.iter().fold(jwt, |jwt, (name, value)| jwt.require_claim(name, *value));
        if let Some(lifetime_s) = self.max_lifetime_s {
            jwt = jwt.max_lifetime(Duration::from_secs(lifetime_s));
        }
        if let Some(age_s) = self.max_age_s {
            jwt = jwt.max_age(Duration::from_secs(age_s));
        }
        let [strict, any_subject, non_expiring] = self.flags;
        jwt = if strict { jwt.strict() } else { jwt };
        jwt = if any_subject { jwt.any_subject() } else { jwt };
        if non_expiring { jwt.allow_non_expiring() } else { jwt }
    }
}

prop_compose! {
    // Few values of each, so that two validators are often almost equal.
    fn settings()(
        issuers in prop::collection::vec("[a,]{0,2}", 0..3),
        audiences in prop::collection::vec("[a,]{0,2}", 0..3),
        subject in prop::option::of("[a,]{0,1}"),
        claims in prop::collection::btree_map("[ab]", 0_u8..2, 0..3),
        max_lifetime_s in prop::option::of(0_u64..2),
        max_age_s in prop::option::of(0_u64..2),
        leeway_s in 0_u64..2,
        typ in prop::option::of("[a]{0,1}"),
        flags: [bool; 3],
    ) -> Settings {
        let claims = claims.into_iter().collect();
        Settings { issuers, audiences, subject, claims, max_lifetime_s, max_age_s, leeway_s, typ, flags }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    // Not all of V-26: keys that headers call differently (`kid`) are one key to the formula.
    #[test]
    fn two_validators_share_a_signature_only_when_they_judge_alike(one in settings(), other in settings(), which in 0..9) {
        // As well with two that differ in one setting at most.
        let mut near = one.clone();
        match which {
            0 => near.issuers.clone_from(&other.issuers),
            1 => near.audiences.clone_from(&other.audiences),
            2 => near.subject.clone_from(&other.subject),
            3 => near.claims.clone_from(&other.claims),
            4 => near.max_lifetime_s = other.max_lifetime_s,
            5 => near.max_age_s = other.max_age_s,
            6 => near.leeway_s = other.leeway_s,
            7 => near.typ.clone_from(&other.typ),
            _ => near.flags = other.flags,
        }
        for another in [near, other] {
            let is_same = one.jwt().signature() == another.jwt().signature();
            prop_assert_eq!(is_same, one == another, "{:?} {:?}", one, another);
        }
    }
}

#[test]
fn keys_count_in_their_order_and_with_every_algorithm_that_they_serve() {
    let (a, b) = (Hs256::new([1; 32]), Hs384::new([2; 48]));
    let any = VerifyingKey::from_jwk(
        &json!({ "kty": "oct", "k": super::base64url([2; 48]) }).to_string(),
    );
    let signatures = [
        Jwt::with_key(a.clone()),
        Jwt::with_key(b.clone()),
        Jwt::with_key(a.clone()).add_key(b.clone()),
        Jwt::with_key(b).add_key(a),
        Jwt::with_key(any.unwrap()),
    ]
    .map(|jwt| jwt.signature());
    for (at, signature) in signatures.iter().enumerate() {
        assert!(!signatures[..at].contains(signature), "{at}");
    }
}

#[test]
fn a_required_claim_does_not_pass_for_an_extension() {
    let lenient = Jwt::with_key(SECRET).leeway(Duration::from_secs(5));
    let extension = json!({
        "any_sub": false, "aud": [], "iss": [], "leeway_s": 5, "max_age_s": null, "max_lifetime_s": null,
        "strict": false, "sub": null, "typ": null,
    });
    let posing = Jwt::with_key(SECRET).require_claim("carnet.jwt.ext.v1", extension);
    assert_ne!(lenient.signature(), posing.signature());
}

/// Promise: V-27
#[test]
fn a_ring_is_told_by_its_name_and_not_by_its_keys() {
    let ring = KeyRing::named("issuer-a");
    let jwt = Jwt::with_ring(ring.clone()).allow_issuer("my-app");
    let (signature, generation) = (jwt.signature(), jwt.generation());
    ring.replace(vec![SECRET.into()]).unwrap();
    assert_eq!(jwt.signature(), signature);
    assert_eq!(jwt.generation(), generation + 1);
    ring.replace(vec![SECRET.into(), Hs256::new([8; 32]).into()]).unwrap();
    assert_eq!(
        (jwt.signature(), jwt.generation(), ring.generation()),
        (signature, generation + 2, generation + 2)
    );
    let other = Jwt::with_ring(KeyRing::named("issuer-b")).allow_issuer("my-app");
    assert_ne!(other.signature(), signature);
    let direct = Jwt::with_key(SECRET).allow_issuer("my-app");
    assert_ne!(direct.signature(), signature);
    assert_ne!(
        direct.signature(),
        Jwt::with_key(Hs256::new([8; 32])).allow_issuer("my-app").signature()
    );
    assert_eq!(direct.generation(), 0);
}
