//! How tokens are written, and how they are not.

use carnet_ticket::jwt::{Jwt, JwtError, inspect};
use serde_json::json;

use super::{NOW_S, base64url, judge, jwt, name, signed, token};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn with_header(header: &str) -> String {
    signed(header, &json!({ "sub": "peer", "exp": NOW_S + 60 }).to_string())
}

fn fault(text: &str) -> JwtError {
    judge(&jwt(), text).unwrap_err()
}

/// Promise: V-21
#[test]
fn repeated_members_are_refused_in_header_and_payload_at_any_depth() {
    let headers = [
        (r#"{"alg":"HS256","alg":"HS256"}"#, "alg"),
        (r#"{"alg":"HS256","x":{"y":[{"z":1,"z":1}]}}"#, "z"),
        (r#"{"alg":"HS256","\u0061lg":"none"}"#, "alg"),
    ];
    for (header, member) in headers {
        assert_eq!(fault(&with_header(header)), JwtError::Duplicate(name(member)), "{header}");
    }
    let payloads = [
        (r#"{"sub":"peer","exp":1700000060,"exp":1800000000}"#, "exp"),
        (r#"{"sub":"peer","exp":1700000060,"x":[[{"y":{"a":1,"b":2,"a":3}}]]}"#, "a"),
    ];
    for (payload, member) in payloads {
        assert_eq!(fault(&signed(HEADER, payload)), JwtError::Duplicate(name(member)), "{payload}");
    }
}

/// Promise: V-22
#[test]
fn nothing_critical_is_understood_and_the_type_is_compared_loosely() {
    for member in [
        r#""crit":[]"#,
        r#""crit":["exp"]"#,
        r#""crit":null"#,
        r#""b64":true"#,
        r#""b64":false"#,
        r#""b64":0"#,
    ] {
        let text = with_header(&format!(r#"{{"alg":"HS256",{member}}}"#));
        assert_eq!(fault(&text), JwtError::Critical, "{member}");
    }
    let verdict = |required: &str, typ: &str| {
        let text = with_header(&format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#));
        judge(&jwt().require_typ(required), &text).map(|_| ())
    };
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert_eq!(verdict("at+jwt", typ), Ok(()));
        assert_eq!(verdict("application/AT+jwt", typ), Ok(()));
    }
    for typ in ["JWT", "", "at+jwt ", "text/at+jwt", "application/application/at+jwt"] {
        assert_eq!(verdict("at+jwt", typ), Err(JwtError::Typ), "{typ}");
    }
    assert_eq!(judge(&jwt().require_typ("JWT"), &with_header(HEADER)).unwrap_err(), JwtError::Typ);
    assert!(judge(&jwt(), &with_header(r#"{"alg":"HS256","typ":"anything"}"#)).is_ok());
    assert_eq!(fault(&with_header(r#"{"alg":"HS256","typ":1}"#)), JwtError::WrongType(name("typ")));
}

/// Promise: V-23
#[test]
fn a_token_has_one_spelling() {
    let text = token(&json!({ "n": 1 }));
    let parts: Vec<_> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    assert!(judge(&jwt(), &text).is_ok());
    for at in 0..3 {
        for wrong in ["=", "==", " ", "\n", "\r\n", "\t", "+", "/", "A=", "\u{e9}"] {
            for changed in [format!("{}{wrong}", parts[at]), format!("{wrong}{}", parts[at])] {
                let mut spelt = parts.clone();
                spelt[at] = &changed;
                assert_eq!(fault(&spelt.join(".")), JwtError::Malformed, "{at} {wrong:?}");
            }
        }
    }
    let (rest, last) = signature.split_at(signature.len() - 1);
    let spare = [
        "ABCD", "EFGH", "IJKL", "MNOP", "QRST", "UVWX", "YZab", "cdef", "ghij", "klmn", "opqr",
        "stuv", "wxyz", "0123", "4567", "89-_",
    ];
    let same = spare.iter().find(|four| four.contains(last)).unwrap();
    for other in same.chars().filter(|other| !last.contains(*other)) {
        assert_eq!(
            fault(&format!("{header}.{payload}.{rest}{other}")),
            JwtError::Malformed,
            "unused bits"
        );
    }
    for wrong in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        header.into(),
        format!("{header}.{payload}"),
        format!("{text}."),
        format!(".{text}"),
        format!("{text}.{signature}"),
        format!("{header}..{payload}.{signature}"),
        format!(" {text}"),
        format!("{text}\n"),
        format!("Bearer {text}"),
    ] {
        assert_eq!(fault(&wrong), JwtError::Malformed, "{wrong}");
    }
    let flat = json!({ "protected": header, "payload": payload, "signature": signature });
    let general = json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] });
    for json in [flat.to_string(), general.to_string()] {
        assert_eq!(fault(&json), JwtError::Malformed, "JSON serialization");
        assert_eq!(inspect(&json).unwrap_err(), JwtError::Malformed);
    }
}

/// Promise: V-30
#[test]
fn long_texts_and_deep_json_are_refused_before_anything_else_is_looked_at() {
    let fits = |len: usize| {
        // Grows by four characters for three bytes; the header takes up what does not divide.
        (0..8).find_map(|pad| {
            let header = format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(pad));
            let payload = |fill: usize| {
                format!(r#"{{"sub":"peer","exp":1700000060,"x":"{}"}}"#, "x".repeat(fill))
            };
            let rest = len.checked_sub(signed(&header, &payload(0)).len())?;
            let fills = rest * 3 / 4..rest * 3 / 4 + 4;
            fills.map(|fill| signed(&header, &payload(fill))).find(|text| text.len() == len)
        })
    };
    let longest = fits(16_384).unwrap();
    assert!(judge(&jwt(), &longest).is_ok());
    assert_eq!(fault(&fits(16_385).unwrap()), JwtError::TooLarge, "though its signature holds");
    for wrong in
        ["x".repeat(16_385), ".".repeat(16_385), "é".repeat(16_385), format!("{longest}\n")]
    {
        assert_eq!(fault(&wrong), JwtError::TooLarge);
        assert_eq!(inspect(&wrong).unwrap_err(), JwtError::TooLarge);
    }
    let nested = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    let header = |deep: usize| with_header(&format!(r#"{{"alg":"HS256","x":{}}}"#, nested(deep)));
    let payload = |deep: usize| {
        signed(HEADER, &format!(r#"{{"sub":"peer","exp":1700000060,"x":{}}}"#, nested(deep)))
    };
    for text in [header(31), payload(31)] {
        assert!(judge(&jwt(), &text).is_ok(), "32 with the object around");
    }
    for text in [header(32), payload(32), header(5000), payload(5000)] {
        assert_eq!(fault(&text), JwtError::Malformed);
    }
    let objects = format!("{}1{}", r#"{"a":"#.repeat(33), "}".repeat(33));
    assert_eq!(fault(&signed(HEADER, &objects)), JwtError::Malformed);
}

#[test]
fn faults_are_found_in_the_order_of_the_steps() {
    let payload = json!({ "sub": "peer", "exp": "soon" }).to_string();
    let unsigned = |header: &str| format!("{}.{}.AAAA", base64url(header), base64url(&payload));
    let jwt = Jwt::with_key(carnet_ticket::jwt::VerifyingKey::from(super::SECRET).with_kid("k"))
        .require_typ("JWT");
    let table = [
        (
            r#"{"alg":"X","kid":"z","typ":"Y","crit":[],"crit":1}"#,
            JwtError::Duplicate(name("crit")),
        ),
        (r#"{"alg":"X","kid":1,"typ":"Y","crit":[]}"#, JwtError::WrongType(name("kid"))),
        (r#"{"kid":1,"typ":"Y","crit":[]}"#, JwtError::Malformed),
        (r#"{"alg":"X","kid":"z","typ":"Y","crit":[]}"#, JwtError::Critical),
        (r#"{"alg":"X","kid":"z","typ":"Y"}"#, JwtError::Typ),
        (r#"{"alg":"X","kid":"z","typ":"JWT"}"#, JwtError::AlgNotAllowed),
        (r#"{"alg":"HS256","kid":"z","typ":"JWT"}"#, JwtError::UnknownKey),
        (r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#, JwtError::Signature),
    ];
    for (header, expected) in table {
        assert_eq!(judge(&jwt, &unsigned(header)).unwrap_err(), expected, "{header}");
    }
    let signed = signed(r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#, &payload);
    assert_eq!(judge(&jwt, &signed).unwrap_err(), JwtError::WrongType(name("exp")));
}
