//! How payloads are read: each dialect to the letter.

use carnet_ticket::claim::ClaimName;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Format, WorkerScope, WorkerScopes, WorkerTokenError, inspect};

use super::{WAYS, base64, judge, judge_with, missing, payload, repeated, sign, sign_text, wrong};

const COMPAT: (Format, Profile) = (Format::V1, Profile::Compat);

/// Promise: W-15
#[test]
fn times_are_integers_of_years_before_10000() {
    let refused = [
        "\"1778321100\"",
        "1778321100.0",
        "1778321100.5",
        "1.7783211e9",
        "17783211e2",
        "1e999",
        "true",
        "[]",
        "{}",
        "[1778321100]",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999",
    ];
    for way in WAYS {
        for name in ["exp", "iat", "nbf"] {
            let fault = if way == COMPAT { WorkerTokenError::Payload } else { wrong(name) };
            for value in refused {
                assert_eq!(judge_with(way, name, Some(value)).err(), Some(fault), "{name} {value}");
            }
            let null = judge_with(way, name, Some("null")).err();
            let in_compat = (name == "exp").then(|| missing("exp"));
            assert_eq!(null, if way == COMPAT { in_compat } else { Some(wrong(name)) });
            let zero = judge_with(way, name, Some("-0")).err();
            let is_needed = name == "exp" || (name == "iat" && way != COMPAT);
            assert_eq!(zero, is_needed.then(|| missing(name)), "{name} -0");
            for value in ["-1", "253402300800", "9223372036854775807"] {
                let found = judge_with(way, name, Some(value)).err();
                assert!(way == COMPAT || found == Some(wrong(name)), "{name} {value}");
            }
        }
    }
}

/// Promise: W-16
#[test]
fn a_member_is_there_once_but_in_compat() {
    for way in WAYS {
        let (format, profile) = way;
        for name in ["worker_id", "jti", "aud", "scopes", "exp", "iat"] {
            let twice = payload(&[]).replacen('{', &format!("{{\"{name}\":true,"), 1);
            let fault = if way == COMPAT { WorkerTokenError::Payload } else { repeated(name) };
            assert_eq!(judge(profile, &sign(format, twice)).err(), Some(fault));
        }
        let last = payload(&[("worker_id", None)]).replacen(
            '{',
            "{\"worker_id\":\"a\",\"worker_id\":\"b\",",
            1,
        );
        let found = judge(profile, &sign(format, last)).map(|token| token.worker_id);
        let expected = if way == COMPAT { Ok("b".to_owned()) } else { Err(repeated("worker_id")) };
        assert_eq!(found, expected);
    }
    let unknown = sign(Format::V1, payload(&[("x", Some("1")), ("x", Some("2"))]));
    assert_eq!(judge(Profile::Strict, &unknown).err(), Some(repeated("x")));
    assert!(judge(Profile::Compat, &unknown).is_ok());
    let escaped = payload(&[]).replacen('{', "{\"\\u0065xp\":1,", 1);
    assert_eq!(judge(Profile::Strict, &sign(Format::V1, escaped)).err(), Some(repeated("exp")));
}

/// Promise: W-17
#[test]
fn v2_has_no_other_members_and_v1_does_not_look_at_them() {
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    for way in WAYS {
        for (name, value) in
            [("role", "\"admin\""), ("EXP2", "1e999"), ("", "{\"a\":[null]}"), ("x", &deep)]
        {
            let found = judge_with(way, name, Some(value)).map(|_| ());
            let fault = WorkerTokenError::UnknownClaim(ClaimName::new(name));
            assert_eq!(found, if way.0 == Format::V2 { Err(fault) } else { Ok(()) }, "{name}");
        }
    }
    // Names are exact in strict: this is another member, and the one it looks like is missing.
    let upper = sign(Format::V1, payload(&[("exp", None), ("Exp", Some("1778321100"))]));
    assert_eq!(judge(Profile::Strict, &upper).err(), Some(missing("exp")));
    assert!(judge(Profile::Compat, &upper).is_ok());
}

/// Promise: W-19
#[test]
fn no_scopes_are_nothing_or_in_compat_everything() {
    for way in WAYS {
        let scopes = |json: &str| judge_with(way, "scopes", Some(json)).unwrap().scopes;
        let of_nothing = if way == COMPAT { WorkerScopes::all() } else { WorkerScopes::default() };
        for json in ["[]", "[\"\"]", "[\"admin:*\",\"worker:*\"]", "[\"worker:LEASE\"]"] {
            assert_eq!(scopes(json), of_nothing, "{json}");
        }
        let trimmed: WorkerScopes = [WorkerScope::Lease].into_iter().collect();
        let is_v2 = way.0 == Format::V2;
        let expected = if is_v2 { WorkerScopes::default() } else { trimmed };
        assert_eq!(scopes("[\" worker:lease\\n\"]"), expected);
        let lease = [WorkerScope::Lease, WorkerScope::Logs, WorkerScope::Lease];
        let kept = scopes("[\"worker:lease\",\"x\",\"worker:logs\",\"worker:lease\"]");
        assert_eq!(kept.as_slice(), if way == COMPAT { &lease[..] } else { &lease[..2] });
    }
    let absent = |way| judge_with(way, "scopes", None).map(|token| token.scopes);
    assert_eq!(absent((Format::V1, Profile::Strict)), Ok(WorkerScopes::default()));
    assert_eq!(absent(COMPAT), Ok(WorkerScopes::all()));
    assert_eq!(absent((Format::V2, Profile::Strict)), Err(missing("scopes")));
}

#[test]
fn compat_reads_what_old_fleets_read() {
    let read = |json: &str| judge(Profile::Compat, &sign(Format::V1, json));
    let names = r#"{"Worker_ID":"a","EXP":1,"exp":1778321100,"ſcopes":["worker:logs",null],"worKer_id":"b"}"#;
    let token = read(names).unwrap();
    assert_eq!(token.worker_id, "b");
    assert_eq!(token.scopes.as_slice(), [WorkerScope::Logs]);
    let nulls = r#"{"worker_id":"a","exp":1778321100,"jti":null,"aud":null,"scopes":null,"iat":null,"nbf":null}"#;
    let token = read(nulls).unwrap();
    assert_eq!((token.token_id, token.issued_at, token.not_before), (None, None, None));
    let halves = r#"{"worker_id":"a\ud800b\\ud800","exp":1778321100,"\udc00":"\ud83d\ude00"}"#;
    assert_eq!(read(halves).unwrap().worker_id, "a\u{fffd}b\\ud800");
    assert_eq!(judge(Profile::Strict, &sign(Format::V1, halves)), Err(WorkerTokenError::Payload));
    for wrong in [r#"{"worker_id":1,"exp":1}"#, r#"{"scopes":"worker:logs"}"#, r#"{"scopes":[1]}"#]
    {
        assert_eq!(read(wrong), Err(WorkerTokenError::Payload));
    }
}

#[test]
fn compat_reads_base64_with_line_ends_and_stray_bits() {
    let text = base64(r#"{"worker_id":"a","exp":1778321100}"#);
    // One byte more than threes: four bits of the last character say nothing.
    let stray = format!("{}R", text.strip_suffix('Q').unwrap());
    let broken = format!("{}\r\n{}\n", &text[..9], &text[9..]);
    for odd in [&stray, &broken] {
        let token = sign_text(Format::V1, odd);
        assert!(judge(Profile::Compat, &token).is_ok());
        assert_eq!(inspect(&token).unwrap().worker_id.as_deref(), Some("a"));
        assert_eq!(judge(Profile::Strict, &token), Err(WorkerTokenError::Payload));
    }
    for odd in
        [format!("{text}=="), format!("{text} "), text.replace('J', "+"), text[1..].to_owned()]
    {
        assert_eq!(
            judge(Profile::Compat, &sign_text(Format::V1, &odd)),
            Err(WorkerTokenError::Payload)
        );
    }
}

#[test]
fn scopes_are_a_list_of_texts() {
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    for way in WAYS {
        let fault = if way == COMPAT { WorkerTokenError::Payload } else { wrong("scopes") };
        for scopes in ["\"worker:lease\"", "{}", "[1]", "[\"worker:lease\",[]]", "true", &deep] {
            assert_eq!(judge_with(way, "scopes", Some(scopes)).err(), Some(fault), "{scopes}");
        }
        for null in ["null", "[null]"] {
            let found = judge_with(way, "scopes", Some(null)).err();
            assert_eq!(found, (way != COMPAT).then(|| wrong("scopes")));
        }
    }
}

#[test]
fn a_text_that_is_no_json_counts_before_what_is_wrong_in_it() {
    for (format, profile) in WAYS {
        for json in [
            "",
            "7",
            "[1]",
            "{\"exp\":1,\"exp\":2",
            "{\"exp\":\"\"}{}",
            "{\"role\":1,}",
            "\u{feff}{}",
        ] {
            assert_eq!(
                judge(profile, &sign(format, json)),
                Err(WorkerTokenError::Payload),
                "{json}"
            );
        }
    }
    // A wrong name anywhere counts before a wrong type.
    let both = r#"{"exp":"","role":1}"#;
    let fault = judge(Profile::Strict, &sign(Format::V2, both)).unwrap_err();
    assert_eq!(fault, WorkerTokenError::UnknownClaim(ClaimName::new("role")));
}
