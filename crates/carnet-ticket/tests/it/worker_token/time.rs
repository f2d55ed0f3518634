//! When a token counts, and for whom.

use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, Claims, Format, WorkerTokenError, verify};

use super::{NOW, NOW_S, WAYS, claims, judge_with, keys, mint, missing};

/// Promise: W-9
#[test]
fn a_token_is_over_at_its_last_moment_to_the_millisecond() {
    for (format, profile) in WAYS {
        let token = mint(format, &claims());
        let judge = |now: i64| verify(&token, &keys(), profile, None, Timestamp(now));
        let end = claims().expires_s * 1000;
        assert!(judge(end - 1).is_ok());
        for now in [end, end + 1, end + 29_000, i64::MAX] {
            assert_eq!(judge(now), Err(WorkerTokenError::Expired));
        }
    }
}

/// Promise: W-10
#[test]
fn clocks_may_differ_by_30_s() {
    for (format, profile) in WAYS {
        let starts = |claims: &Claims, now: Timestamp| {
            verify(&mint(format, claims), &keys(), profile, None, now).map(|_| ())
        };
        let late = Claims { not_before_s: NOW_S + 30, ..claims() };
        assert_eq!(starts(&late, NOW), Ok(()));
        assert_eq!(starts(&late, Timestamp(NOW.0 - 1)), Err(WorkerTokenError::NotYetValid));
        let new = Claims { issued_at_s: NOW_S + 30, ..claims() };
        assert_eq!(starts(&new, NOW), Ok(()));
        assert_eq!(starts(&new, Timestamp(NOW.0 - 1)), Err(WorkerTokenError::IssuedInFuture));
    }
}

/// Promise: W-11
#[test]
fn a_life_is_900_s_at_most_and_iat_says_so() {
    for way in WAYS {
        let life = |life_s: i64| {
            let expires = (claims().issued_at_s + life_s).to_string();
            judge_with(way, "exp", Some(&expires)).map(|_| ())
        };
        assert_eq!(life(900), Ok(()));
        assert_eq!(life(901), Err(WorkerTokenError::Lifetime));
        assert_eq!(life(i64::from(u32::MAX)), Err(WorkerTokenError::Lifetime));
        let is_compat = way == (Format::V1, Profile::Compat);
        for absent in [None, Some("0")] {
            let found = judge_with(way, "iat", absent).map(|_| ());
            assert_eq!(found, if is_compat { Ok(()) } else { Err(missing("iat")) });
        }
    }
}

/// Promise: W-12
#[test]
fn compat_alone_does_without_jti_and_aud() {
    for way in WAYS {
        for name in ["jti", "aud"] {
            for absent in [None, Some("\"\""), Some("\" \"")] {
                let found = judge_with(way, name, absent).map(|_| ());
                let is_compat = way == (Format::V1, Profile::Compat);
                assert_eq!(found, if is_compat { Ok(()) } else { Err(missing(name)) });
            }
        }
    }
}

/// Promise: W-13
#[test]
fn a_token_for_one_audience_is_refused_by_the_other() {
    let judge = |(format, profile), audience: Audience, endpoint: Audience| {
        let claims = Claims { audience: audience.as_str().to_owned(), ..claims() };
        verify(&mint(format, &claims), &keys(), profile, Some(endpoint), NOW).map(|_| ())
    };
    for way in WAYS {
        for (one, other) in
            [(Audience::Rpc, Audience::ControlPlane), (Audience::ControlPlane, Audience::Rpc)]
        {
            assert_eq!(judge(way, one, one), Ok(()));
            assert_eq!(judge(way, one, other), Err(WorkerTokenError::Audience));
        }
        let found = judge_with(way, "aud", Some("\"worker:other\""));
        assert_eq!(found.err(), Some(WorkerTokenError::Audience));
    }
}
