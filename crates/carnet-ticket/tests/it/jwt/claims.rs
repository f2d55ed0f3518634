//! What claims have to say, and when.

use std::time::Duration;

use carnet_ticket::jwt::{Jwt, JwtError};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Bearer;
use serde_json::{Value, json};

use super::{NOW, NOW_S, judge, judge_at, jwt, name, signed, token};

fn verdict(jwt: &Jwt, claims: &Value) -> Result<(), JwtError> {
    judge(jwt, &token(claims)).map(|_| ())
}

fn verdict_at(jwt: &Jwt, claims: &Value, now_s: i64) -> Result<(), JwtError> {
    judge_at(jwt, &token(claims), now_s).map(|_| ())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Promise: V-12
#[test]
fn issuers_and_audiences_are_sets_of_which_one_has_to_be_there() {
    let jwt = jwt().allow_issuer("a").allow_issuer("b").allow_audience("x").allow_audience("y");
    for (iss, aud) in
        [("a", json!("x")), ("b", json!("y")), ("b", json!(["z", "y"])), ("a", json!(["x"]))]
    {
        assert_eq!(verdict(&jwt, &json!({ "iss": iss, "aud": aud })), Ok(()));
    }
    for iss in [json!("c"), json!("A"), json!(""), json!(null)] {
        assert_eq!(verdict(&jwt, &json!({ "iss": iss, "aud": "x" })), Err(JwtError::Issuer));
    }
    for aud in
        [json!("z"), json!("X"), json!(""), json!([]), json!(["z"]), json!([""]), json!(null)]
    {
        assert_eq!(
            verdict(&jwt, &json!({ "iss": "a", "aud": aud })),
            Err(JwtError::Audience),
            "{aud}"
        );
    }
    for aud in
        [json!(1), json!({ "x": 1 }), json!(["x", 1]), json!([["x"]]), json!([null]), json!(true)]
    {
        assert_eq!(
            verdict(&jwt, &json!({ "iss": "a", "aud": aud })),
            Err(JwtError::WrongType(name("aud")))
        );
    }
    let null = signed(r#"{"alg":"HS256"}"#, r#"{"aud":null}"#);
    assert_eq!(judge(&jwt, &null).unwrap_err(), JwtError::WrongType(name("aud")));
}

/// Promise: V-13
#[test]
fn the_subject_is_the_bearers_unless_another_is_required() {
    let verdict = |jwt: Jwt, sub: Value, subject: Option<&str>| {
        let bearer = Bearer { subject, ..Bearer::nobody() };
        jwt.verify_text(&token(&json!({ "sub": sub })), &bearer, NOW).map(|_| ())
    };
    let refused = Err(JwtError::Subject);
    assert_eq!(verdict(jwt(), json!("peer"), Some("peer")), Ok(()));
    assert_eq!(verdict(jwt(), json!("Peer"), Some("peer")), refused);
    assert_eq!(verdict(jwt(), json!("peer "), Some("peer")), refused);
    assert_eq!(verdict(jwt(), json!(null), Some("peer")), refused, "no subject");
    assert_eq!(verdict(jwt(), json!("peer"), None), refused, "nobody bears it");
    assert_eq!(verdict(jwt(), json!(null), None), refused, "neither");
    assert_eq!(verdict(jwt().require_subject("svc"), json!("svc"), Some("peer")), Ok(()));
    assert_eq!(verdict(jwt().require_subject("svc"), json!("svc"), None), Ok(()));
    assert_eq!(verdict(jwt().require_subject("svc"), json!("peer"), Some("peer")), refused);
    assert_eq!(verdict(jwt().require_subject(""), json!(null), None), refused);
    assert_eq!(verdict(jwt().require_subject(""), json!(""), None), Ok(()));
    assert_eq!(verdict(jwt().any_subject(), json!("anybody"), None), Ok(()));
    assert_eq!(verdict(jwt().any_subject(), json!(null), Some("peer")), Ok(()));
}

/// Promise: V-14
#[test]
fn a_time_of_the_wrong_type_is_a_fault_and_not_an_absent_time() {
    let wrong = [
        "\"1700000060\"",
        "1700000060.0",
        "1.70000006e9",
        "17e8",
        "1700000060E0",
        "null",
        "true",
        "{}",
        "[1700000060]",
        "100000000000000000000",
        "-9223372036854775809",
        "18446744073709551616",
    ];
    for claim in ["exp", "nbf", "iat"] {
        for value in wrong {
            let others =
                if claim == "exp" { String::new() } else { format!(r#","exp":{}"#, NOW_S + 60) };
            let text = signed(
                r#"{"alg":"HS256"}"#,
                &format!(r#"{{"sub":"peer","{claim}":{value}{others}}}"#),
            );
            for jwt in [jwt(), jwt().allow_non_expiring()] {
                assert_eq!(
                    judge(&jwt, &text).unwrap_err(),
                    JwtError::WrongType(name(claim)),
                    "{claim}: {value}"
                );
            }
        }
    }
    for claim in ["iss", "sub", "jti"] {
        let fault = verdict(&jwt().any_subject(), &json!({ claim: 1 }));
        assert_eq!(fault, Err(JwtError::WrongType(name(claim))));
    }
}

/// Promise: V-15
#[test]
fn an_end_that_has_no_date_is_refused_and_not_taken_for_none() {
    for exp in [
        "253402300800",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "-1",
        "-9223372036854775808",
    ] {
        let text = signed(r#"{"alg":"HS256"}"#, &format!(r#"{{"sub":"peer","exp":{exp}}}"#));
        for jwt in [jwt(), jwt().allow_non_expiring(), jwt().leeway(seconds(300))] {
            assert_eq!(judge(&jwt, &text).unwrap_err(), JwtError::OutOfRange(name("exp")), "{exp}");
        }
    }
    let last =
        judge(&jwt().leeway(seconds(300)), &token(&json!({ "exp": 253_402_300_799_i64 }))).unwrap();
    assert_eq!(last.expires(), Expiration::At(Timestamp::from_unix_s(253_402_301_099)));
    for claim in ["nbf", "iat"] {
        let fault = verdict(&jwt(), &json!({ claim: 253_402_300_800_i64 }));
        assert_eq!(fault, Err(JwtError::OutOfRange(name(claim))));
    }
}

/// Promise: V-16
#[test]
fn times_count_to_the_second_and_leeway_widens_them_by_as_much() {
    let both = json!({ "nbf": NOW_S, "exp": NOW_S + 10 });
    for (leeway, first, last) in [(0, 0, 9), (7, -7, 16), (300, -300, 309), (301, -300, 309)] {
        let jwt = jwt().leeway(Duration::from_millis(1000 * leeway + 999));
        assert_eq!(verdict_at(&jwt, &both, NOW_S + first - 1), Err(JwtError::NotYetValid));
        assert_eq!(verdict_at(&jwt, &both, NOW_S + first), Ok(()));
        assert_eq!(verdict_at(&jwt, &both, NOW_S + last), Ok(()));
        assert_eq!(verdict_at(&jwt, &both, NOW_S + last + 1), Err(JwtError::Expired));
        let expires = judge(&jwt, &token(&both)).unwrap().expires();
        assert_eq!(expires, Expiration::At(Timestamp::from_unix_s(NOW_S + last + 1)));
    }
    assert_eq!(verdict_at(&jwt(), &both, NOW_S), Ok(()), "none by default");
    assert_eq!(verdict_at(&jwt(), &both, NOW_S + 10), Err(JwtError::Expired));
    let late = Timestamp(1000 * (NOW_S + 9) + 999);
    let bearer = Bearer { subject: Some("peer"), ..Bearer::nobody() };
    assert!(jwt().verify_text(&token(&both), &bearer, late).is_ok());
    assert_eq!(
        jwt().verify_text(&token(&both), &bearer, Timestamp::MAX).unwrap_err(),
        JwtError::Expired
    );
}

/// Promise: V-17
#[test]
fn a_token_without_an_end_is_refused_unless_allowed() {
    let endless = json!({ "exp": null });
    assert_eq!(verdict(&jwt(), &endless), Err(JwtError::MissingClaim(name("exp"))));
    let allowing = jwt().allow_non_expiring();
    assert_eq!(judge(&allowing, &token(&endless)).unwrap().expires(), Expiration::Never);
    assert_eq!(verdict(&allowing, &json!({ "exp": NOW_S })), Err(JwtError::Expired));
}

/// Promise: V-18
#[test]
fn age_and_lifetime_are_limited() {
    let aging = jwt().max_age(seconds(60));
    let at = |iat: i64| json!({ "iat": iat, "exp": NOW_S + 1000 });
    assert_eq!(verdict(&aging, &at(NOW_S - 59)), Ok(()));
    assert_eq!(verdict(&aging, &at(NOW_S - 60)), Err(JwtError::TooOld));
    assert_eq!(verdict(&aging.clone().leeway(seconds(5)), &at(NOW_S - 64)), Ok(()));
    assert_eq!(verdict(&aging.clone().leeway(seconds(5)), &at(NOW_S - 65)), Err(JwtError::TooOld));
    assert_eq!(verdict(&aging, &json!({})), Err(JwtError::MissingClaim(name("iat"))));
    assert_eq!(
        judge(&aging, &token(&at(NOW_S))).unwrap().expires(),
        Expiration::At(Timestamp::from_unix_s(NOW_S + 60))
    );
    let endless = json!({ "iat": NOW_S, "exp": null });
    let expires = judge(&aging.clone().allow_non_expiring().leeway(seconds(5)), &token(&endless))
        .unwrap()
        .expires();
    assert_eq!(expires, Expiration::At(Timestamp::from_unix_s(NOW_S + 65)));
    let whole = json!({ "iat": NOW_S, "jti": "a", "aud": "x", "exp": NOW_S + 1000 });
    for (jwt, ahead) in
        [(aging.clone(), 1), (jwt().strict(), 1), (jwt().strict().leeway(seconds(5)), 6)]
    {
        assert_eq!(verdict_at(&jwt, &whole, NOW_S - ahead), Err(JwtError::IssuedInFuture));
        assert_eq!(verdict_at(&jwt, &whole, NOW_S - ahead + 1), Ok(()));
    }
    assert_eq!(verdict_at(&jwt(), &whole, NOW_S - 500), Ok(()), "only then");
    let short = jwt().max_lifetime(seconds(100));
    let lives =
        |iat: Option<i64>, exp: Option<i64>| verdict(&short, &json!({ "iat": iat, "exp": exp }));
    assert_eq!(lives(Some(NOW_S), Some(NOW_S + 100)), Ok(()));
    assert_eq!(lives(None, Some(NOW_S + 100)), Ok(()));
    assert_eq!(lives(None, Some(NOW_S + 101)), Err(JwtError::Lifetime), "from now");
    assert_eq!(
        lives(Some(NOW_S - 1), Some(NOW_S + 100)),
        Err(JwtError::Lifetime),
        "from its issue"
    );
    let endless = verdict(&short.clone().allow_non_expiring(), &json!({ "exp": null }));
    assert_eq!(endless, Err(JwtError::Lifetime));
    let longest = jwt().max_lifetime(Duration::MAX).max_age(Duration::MAX);
    assert_eq!(verdict(&longest, &whole), Ok(()));
}

/// Promise: V-19
#[test]
fn required_claims_have_to_be_equal_as_json_all_of_them() {
    let object = json!({ "a": [1, 2], "b": { "c": null } });
    let requiring = jwt()
        .require_claim("role", "admin")
        .require_claim("n", 5)
        .require_claim("o", object.clone());
    let with = |role: Value, n: Value, o: &Value| {
        verdict(&requiring, &json!({ "role": role, "n": n, "o": o }))
    };
    assert_eq!(with(json!("admin"), json!(5), &object), Ok(()));
    assert_eq!(with(json!("user"), json!(5), &object), Err(JwtError::Claim(name("role"))));
    for n in [json!(6), json!("5"), json!(5.0), json!([5]), json!(true), json!(null)] {
        assert_eq!(with(json!("admin"), n, &object), Err(JwtError::Claim(name("n"))));
    }
    for o in
        [json!({ "a": [2, 1], "b": { "c": null } }), json!({ "a": [1, 2], "b": {} }), json!({})]
    {
        assert_eq!(with(json!("admin"), json!(5), &o), Err(JwtError::Claim(name("o"))));
    }
    let order =
        r#"{"sub":"peer","exp":1700000060,"o":{"b":{"c":null},"a":[1,2]},"n":5,"role":"admin"}"#;
    assert!(
        judge(&requiring, &signed(r#"{"alg":"HS256"}"#, order)).is_ok(),
        "members in any order"
    );
    let last = jwt().require_claim("n", 1).require_claim("n", 2);
    assert_eq!(verdict(&last, &json!({ "n": 2 })), Ok(()), "the last one of a name");
    let registered = jwt().require_claim("iss", "i").require_claim("exp", NOW_S + 60);
    assert_eq!(verdict(&registered, &json!({ "iss": "i" })), Ok(()));
    assert_eq!(verdict(&registered, &json!({ "iss": "j" })), Err(JwtError::Claim(name("iss"))));
    let null = jwt().require_claim("x", Value::Null);
    assert_eq!(verdict(&null, &json!({})), Err(JwtError::Claim(name("x"))), "absent is not null");
}

/// Promise: V-20
#[test]
fn strict_demands_an_issue_time_an_id_and_an_audience() {
    let whole = json!({ "iat": NOW_S, "jti": "a", "aud": "x" });
    assert_eq!(verdict(&jwt().strict(), &whole), Ok(()));
    let without = [
        ("iat", json!(null)),
        ("jti", json!(null)),
        ("jti", json!("")),
        ("aud", json!(null)),
        ("aud", json!("")),
        ("aud", json!([])),
    ];
    for (claim, value) in without {
        let mut claims = whole.clone();
        claims[claim] = value;
        assert_eq!(verdict(&jwt().strict(), &claims), Err(JwtError::MissingClaim(name(claim))));
        assert_eq!(verdict(&jwt(), &claims), Ok(()), "the plain one takes it");
    }
}
