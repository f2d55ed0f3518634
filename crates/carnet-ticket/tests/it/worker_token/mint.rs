//! What is minted, what is not, and that what is minted is believed.

use std::time::Duration;

use carnet_ticket::claim::ClaimName;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, Claims, Format, LIFETIME_MAX, MintError, WorkerScope, inspect, mint_v1, mint_v2,
    verify,
};
use proptest::prelude::*;

use super::{NOW, NOW_S, SECRET, WAYS, claims, hmac_key, keys, mint, signing_key};

/// Makes claims wrong.
type Change = fn(&mut Claims);

/// A token as StacyVM writes it.
const OF_STACYVM: &str = "stacyvm-worker-v1.eyJ3b3JrZXJfaWQiOiJ3b3JrZXItYSIsImp0aSI6IjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmIiwiYXVkIjoid29ya2VyOmNvbnRyb2wtcGxhbmUiLCJzY29wZXMiOlsid29ya2VyOmhlYXJ0YmVhdCJdLCJleHAiOjE3NzgzMjExMDAsImlhdCI6MTc3ODMyMDgwMH0.1UduUECQmcBzJmNg6UWAhgzA7_5qt1PfHC7UNwc6t_w";

/// Promise: W-4
#[test]
fn our_v1_tokens_are_those_of_stacyvm_and_theirs_are_believed_here() {
    let claims = Claims { token_id: "0123456789abcdef0123456789abcdef".to_owned(), ..claims() };
    for profile in [Profile::Strict, Profile::Compat] {
        assert_eq!(claims.check(Format::V1, profile, LIFETIME_MAX), Ok(()));
        assert_eq!(mint(Format::V1, &claims), OF_STACYVM);
        let token = verify(OF_STACYVM, &keys(), profile, Some(Audience::ControlPlane), NOW);
        assert_eq!(token.unwrap().worker_id, "worker-a");
    }
}

#[test]
fn an_authority_refuses_what_no_token_may_say() {
    let fault = |format, profile, change: Change| {
        let mut claims = claims();
        change(&mut claims);
        claims.check(format, profile, LIFETIME_MAX).err()
    };
    let everywhere: [(MintError, Change); 12] = [
        (MintError::WorkerId, |claims| claims.worker_id = " ".into()),
        (MintError::TokenId, |claims| claims.token_id = String::new()),
        (MintError::Audience, |claims| claims.audience = "worker:RPC".into()),
        (MintError::Audience, |claims| claims.audience = String::new()),
        (MintError::UnknownScope(ClaimName::new("worker:*")), |claims| {
            claims.scopes.push("worker:*".into());
        }),
        (MintError::UnknownScope(ClaimName::new(" worker:lease")), |claims| {
            claims.scopes.push(" worker:lease".into());
        }),
        (MintError::Lifetime, |claims| claims.expires_s = claims.issued_at_s),
        (MintError::Lifetime, |claims| claims.expires_s = claims.issued_at_s + 901),
        (MintError::Lifetime, |claims| claims.issued_at_s = 0),
        (MintError::Lifetime, |claims| claims.issued_at_s = i64::MIN),
        (MintError::NotBefore, |claims| claims.not_before_s = claims.expires_s),
        (MintError::NotBefore, |claims| claims.not_before_s = -1),
    ];
    for (format, profile) in WAYS {
        for (error, change) in everywhere {
            assert_eq!(fault(format, profile, change), Some(error), "{format:?} {profile:?}");
        }
        let ids: [(MintError, Change); 5] = [
            (MintError::WorkerId, |claims| claims.worker_id = "a/b".into()),
            (MintError::WorkerId, |claims| claims.worker_id = "..".into()),
            (MintError::WorkerId, |claims| claims.worker_id = "a".repeat(129)),
            (MintError::TokenId, |claims| claims.token_id = "a\"b".into()),
            (MintError::TokenId, |claims| claims.token_id = "é".into()),
        ];
        for (error, change) in ids {
            let is_free = (format, profile) == (Format::V1, Profile::Compat);
            assert_eq!(fault(format, profile, change), (!is_free).then_some(error));
        }
    }
    let minute = Duration::from_mins(1);
    assert_eq!(claims().check(Format::V1, Profile::Strict, minute), Err(MintError::Lifetime));
    assert_eq!(claims().check(Format::V1, Profile::Strict, minute * 5), Ok(()));
    assert_eq!(claims().check(Format::V1, Profile::Strict, Duration::MAX), Ok(()));
}

#[test]
fn the_v1_signer_refuses_three_things_and_v2_all_that_it_may_not_say() {
    let key = hmac_key(SECRET);
    let odd = Claims {
        worker_id: " w ".into(),
        audience: "x".into(),
        scopes: vec!["x".into()],
        expires_s: 1,
        ..Claims::default()
    };
    assert!(mint_v1(&key, &odd).is_ok());
    let blank = Claims { worker_id: "\u{2003}".into(), ..odd.clone() };
    assert_eq!(mint_v1(&key, &blank), Err(MintError::WorkerId));
    assert_eq!(mint_v1(&key, &Claims { expires_s: 0, ..odd.clone() }), Err(MintError::Lifetime));
    assert_eq!(super::HmacKey::from_text("\u{2003}\n").err(), Some(MintError::NoKey));
    assert_eq!(mint_v2(&signing_key(1), &odd), Err(MintError::WorkerId));
    let twice = Claims { scopes: vec!["worker:lease".into(); 2], ..claims() };
    assert_eq!(inspect(&mint(Format::V2, &twice)).unwrap().scopes, ["worker:lease"]);
}

prop_compose! {
    fn any_claims()(
        worker_id in "[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}",
        token_id in "[A-Za-z0-9._:-]{1,128}",
        audience in prop::sample::select(&Audience::ALL),
        scopes in prop::sample::subsequence(&WorkerScope::ALL, 0..=8).prop_shuffle(),
        life_s in 1..=900_i64,
        age_s in -30..900_i64,
        is_late: bool,
    ) -> Claims {
        let issued_at_s = NOW_S - age_s.min(life_s - 1);
        Claims {
            worker_id,
            token_id,
            audience: audience.as_str().to_owned(),
            scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            expires_s: issued_at_s + life_s,
            issued_at_s,
            not_before_s: if is_late { issued_at_s } else { 0 },
        }
    }
}

proptest! {
    #[test]
    fn what_is_minted_is_believed_and_inspected(claims in any_claims()) {
        for (format, profile) in WAYS {
            prop_assert_eq!(claims.check(format, profile, LIFETIME_MAX), Ok(()));
            let token = mint(format, &claims);
            let audience = Audience::parse(&claims.audience);
            let read = verify(&token, &keys(), profile, audience, NOW).unwrap();
            prop_assert_eq!(&read.worker_id, &claims.worker_id);
            prop_assert_eq!(read.token_id.as_ref(), Some(&claims.token_id));
            let expires = Timestamp::from_unix_s(claims.expires_s);
            prop_assert_eq!(read.expires, Expiration::At(expires));
            prop_assert_eq!(read.issued_at, Some(Timestamp::from_unix_s(claims.issued_at_s)));
            prop_assert_eq!(read.not_before.is_some(), claims.not_before_s > 0);
            let scopes: Vec<_> = read.scopes.as_slice().iter().map(|scope| scope.as_str()).collect();
            let has_all = claims.scopes.is_empty() && (format, profile) == (Format::V1, Profile::Compat);
            let is_same = if has_all { scopes.len() == 8 } else { scopes == claims.scopes };
            prop_assert!(is_same);
            let shown = inspect(&token).unwrap();
            prop_assert_eq!(shown.key_id.is_some(), format == Format::V2);
            prop_assert_eq!(shown.worker_id.as_ref(), Some(&claims.worker_id));
            prop_assert_eq!(shown.audience.as_ref(), Some(&claims.audience));
            prop_assert_eq!((shown.expires, shown.scopes), (Some(expires), claims.scopes.clone()));
        }
    }
}
