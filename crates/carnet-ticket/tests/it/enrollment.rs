//! Enrollment tokens: their text, and how they travel.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use carnet_ticket::enrollment::{EnrollmentId, EnrollmentToken, EnrollmentTokenError, carrier};
use carnet_ticket::time::Timestamp;
use proptest::prelude::*;

fn token() -> EnrollmentToken {
    EnrollmentToken::new(&[7; 32], b"a certificate")
}

#[test]
fn a_token_is_104_characters_and_is_shown_by_nothing_else() {
    let (token, text) = (token(), token().encode());
    assert_eq!(text.len(), 104);
    assert_eq!(format!("{token:?}"), "EnrollmentToken(..)");
    assert_eq!(format!("{:#?}", Some(&token)), "Some(\n    EnrollmentToken(..),\n)");
    let decoded = EnrollmentToken::decode(&text).unwrap();
    assert_eq!(decoded.digest(), token.digest());
    assert_eq!(decoded.ca_sha256(), token.ca_sha256());
    let other = EnrollmentToken::new(&[8; 32], b"a certificate");
    assert_ne!(other.digest(), token.digest());
    assert_eq!(other.ca_sha256(), token.ca_sha256());
}

#[test]
fn each_fault_has_its_error_and_the_first_one_counts() {
    use EnrollmentTokenError::{BadBase64, BadLength, BadPrefix, BadShape};
    let bytes = |len: usize| BASE64_URL_SAFE_NO_PAD.encode(vec![1; len]);
    let good = bytes(32);
    let text = |secret: &str, ca: &str| format!("carnet-enroll-v1.{secret}.{ca}");
    for (text, fault) in [
        (String::new(), BadPrefix),
        (format!(" {}", *token().encode()), BadPrefix),
        ("carnet-enroll-v1".to_owned(), BadPrefix),
        ("carnet-enroll-v1.".to_owned(), BadShape),
        (format!("carnet-enroll-v1.{good}"), BadShape),
        (text(&good, &format!("{good}.")), BadShape),
        (text(&good, "a b"), BadBase64),
        (text(&bytes(31), "=".repeat(43).as_str()), BadBase64),
        (text(&good, &format!("{good}\n")), BadBase64),
        (text("", ""), BadLength),
        (text(&bytes(31), &good), BadLength),
        (text(&good, &bytes(33)), BadLength),
        (text(&good, &bytes(100_000)), BadLength),
    ] {
        assert_eq!(
            EnrollmentToken::decode(&text).unwrap_err(),
            fault,
            "{}",
            &text[..text.len().min(120)]
        );
    }
}

#[test]
fn a_token_travels_as_basic_as_bearer_and_in_front_of_a_path() {
    let token = token().encode();
    let basic = |credentials: &str| format!("Basic {}", BASE64_STANDARD.encode(credentials));
    for value in [
        basic(&format!("enroll:{}", *token)),
        basic(&format!("enroll:{}", *token)).replacen("Basic", "bAsIc", 1),
        format!("Bearer {}", *token),
        format!("bearer  {} ", *token),
    ] {
        let text = carrier::from_authorization(&value).unwrap();
        assert_eq!(*text, *token, "{value}");
    }
    for value in [
        String::new(),
        "Bearer".to_owned(),
        format!("Token {}", *token),
        (*token).clone(),
        basic(&format!("Enroll:{}", *token)),
        basic(&format!(":{}", *token)),
        basic(&token),
        format!("Basic enroll:{}", *token),
        basic(&format!("enroll:{}", "x".repeat(10_000))),
    ] {
        assert!(carrier::from_authorization(&value).is_none(), "{value}");
    }
    let path = format!("/enroll/{}/certificates/csr", *token);
    assert_eq!(carrier::from_path(&path), Some((token.as_str(), "/certificates/csr")));
    for path in ["/enroll/x", "/enroll", "/Enroll/x/y", "enroll/x/y", "/certificates/csr"] {
        assert_eq!(carrier::from_path(path), None, "{path}");
    }
}

#[test]
fn the_url_has_the_token_as_password_and_addresses_in_brackets() {
    let text = token().encode();
    let url = |host| carrier::url(&token(), host, 9090);
    assert_eq!(*url("ca.example"), format!("https://enroll:{}@ca.example:9090", *text));
    assert_eq!(*url("::1"), format!("https://enroll:{}@[::1]:9090", *text));
}

#[test]
fn an_id_reads_its_own_text_alone() {
    let id = EnrollmentId::new(Timestamp(1), [2; 10]);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert!(id.to_string().to_lowercase().parse::<EnrollmentId>().is_err());
    assert!(id.to_string().trim_start_matches("enroll:").parse::<EnrollmentId>().is_err());
}

proptest! {
    #[test]
    fn every_token_reads_back(secret: [u8; 32], ca: Vec<u8>) {
        let token = EnrollmentToken::new(&secret, &ca);
        let decoded = EnrollmentToken::decode(&token.encode()).unwrap();
        prop_assert_eq!(decoded.digest(), token.digest());
        prop_assert_eq!(decoded.encode(), token.encode());
        let basic = BASE64_STANDARD.encode(format!("enroll:{}", *token.encode()));
        let carried = carrier::from_authorization(&format!("Basic {basic}"));
        prop_assert_eq!(carried, Some(token.encode()));
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise: String) {
        prop_assert!(EnrollmentToken::decode(&noise).is_err());
        let prefixed = format!("carnet-enroll-v1.{noise}");
        prop_assert!(EnrollmentToken::decode(&prefixed).is_err());
        let _ = carrier::from_authorization(&noise);
        let _ = carrier::from_authorization(&format!("Basic {noise}"));
        let _ = carrier::from_path(&noise);
    }
}
