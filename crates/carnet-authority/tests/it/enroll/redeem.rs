//! What enrollments say, and what their tokens are good for.

use std::time::Duration;

use carnet_authority::ca::{CertificateAuthority, Curve, Lifetime, Serial};
use carnet_authority::enroll::{
    EnrollError, Enrollment, EnrollmentRequest, MintedEnrollment, RedeemError, Redemption, Use,
    mint,
};
use carnet_authority::mint::Issue;
use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::Kind;
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Timestamp;

use crate::ca::support::{NOW, authority, grant, plain_csr, trust_domain};

const SECRET: [u8; 32] = [9; 32];
const KEY: [u8; 32] = [1; 32];

fn request() -> EnrollmentRequest {
    EnrollmentRequest::worker("hello-world".parse().unwrap())
}

fn minted(request: EnrollmentRequest, ca: &[u8]) -> Result<MintedEnrollment, EnrollError> {
    let id = Ulid::new(NOW, [3; 10]);
    let issue = Issue { id, issued_by: "key:admin", tenant_id: None, request_id: "r", now: NOW };
    mint(request, ca, &SECRET, &issue)
}

fn enrolled() -> (CertificateAuthority, EnrollmentToken, Enrollment) {
    let authority = authority(Curve::P256);
    let MintedEnrollment { token, enrollment } =
        minted(request(), &authority.bundle().certificates[0].certificate).unwrap();
    (authority, token, enrollment)
}

fn used(enrollment: &Enrollment, at: Timestamp) -> Enrollment {
    let used =
        Use { at, by: "127.0.0.1".to_owned(), serial: Serial::new([5; 16]), spki_sha256: KEY };
    Enrollment { used: Some(used), ..enrollment.clone() }
}

#[test]
fn an_enrollment_has_the_usual_names_and_everything_else_unless_told() {
    let (authority, token, enrollment) = enrolled();
    assert_eq!(enrollment.grant(trust_domain()), grant());
    assert_eq!(enrollment.id.to_string(), format!("enroll:{}", Ulid::new(NOW, [3; 10])));
    assert_eq!((enrollment.kind, enrollment.cert_ttl), (Kind::Worker, Lifetime::DEFAULT));
    assert_eq!(enrollment.expires_at, NOW.after(Duration::from_mins(10)));
    assert_eq!((enrollment.created_at, &*enrollment.created_by), (NOW, "key:admin"));
    assert!(enrollment.allows(&"any.capability".parse().unwrap()));
    assert_eq!(token.ca_sha256(), &authority.bundle().certificates[0].sha256);
    assert_eq!(token.digest(), enrollment.secret);
    let shown = format!("{enrollment:?} {token:?}");
    assert!(!shown.contains(&token.encode()[17..60]) && !shown.contains(&format!("{SECRET:?}")));

    let mut asked = request();
    asked.name = "x_y".parse().unwrap();
    asked.dns = ["a.example", "localhost", "a.example"].map(|host| host.parse().unwrap()).into();
    asked.ip = ["10.0.0.1", "127.0.0.1"].map(|ip| ip.parse().unwrap()).into();
    asked.capabilities = vec!["image.*".parse().unwrap()];
    let names = |asked: &EnrollmentRequest| {
        let enrollment = minted(asked.clone(), b"ca").unwrap().enrollment;
        let dns = enrollment.dns.iter().map(ToString::to_string);
        (dns.chain(enrollment.ip.iter().map(ToString::to_string)).collect::<Vec<_>>(), enrollment)
    };
    let (all, enrollment) = names(&asked);
    assert_eq!(all, ["localhost", "a.example", "127.0.0.1", "::1", "10.0.0.1"]);
    assert!(enrollment.allows(&"image.a".parse().unwrap()));
    assert!(!enrollment.allows(&"mail.a".parse().unwrap()));
    asked.is_on_localhost = false;
    asked.dns.remove(1);
    asked.ip.remove(1);
    assert_eq!(names(&asked).0, ["a.example", "10.0.0.1"]);
}

#[test]
fn what_is_out_of_bounds_is_not_minted() {
    type Change = fn(&mut EnrollmentRequest);
    let labels = |count: usize, len: usize| {
        (0..count).map(move |n| (format!("{n}{}", "k".repeat(60)), "v".repeat(len)))
    };
    let cases: [(Change, Option<EnrollError>); 7] = [
        (|request| request.ttl = Duration::from_secs(59), Some(EnrollError::Ttl)),
        (|request| request.ttl = Duration::from_mins(1), None),
        (|request| request.ttl = Duration::from_hours(24), None),
        (|request| request.ttl = Duration::from_secs(86_401), Some(EnrollError::Ttl)),
        (
            |request| request.ip = vec!["10.0.0.1".parse().unwrap(); 65],
            Some(EnrollError::TooManyNames),
        ),
        (
            |request| request.capabilities = vec!["a".parse().unwrap(); 65],
            Some(EnrollError::TooManyCapabilities),
        ),
        (
            |request| _ = request.labels.insert(String::new(), String::new()),
            Some(EnrollError::Labels),
        ),
    ];
    for (at, (change, expected)) in cases.into_iter().enumerate() {
        let mut request = request();
        change(&mut request);
        assert_eq!(minted(request, b"ca").err(), expected, "case {at}");
    }
    for (count, len, is_good) in [(64, 63, true), (65, 1, false), (1, 64, false)] {
        let request = EnrollmentRequest { labels: labels(count, len).collect(), ..request() };
        assert_eq!(minted(request, b"ca").is_ok(), is_good, "{count} labels of {len}");
    }
}

#[test]
fn a_token_is_used_once_and_once_more_where_the_answer_was_lost() {
    let (authority, token, fresh) = enrolled();
    let bundle = authority.bundle();
    let redeem =
        |enrollment: &Enrollment, key: &[u8; 32], now| enrollment.redeem(&token, bundle, key, now);
    assert_eq!(redeem(&fresh, &KEY, NOW), Ok(Redemption::Issue));
    let last = Timestamp(fresh.expires_at.0 - 1);
    assert_eq!(redeem(&fresh, &KEY, last), Ok(Redemption::Issue));
    assert_eq!(redeem(&fresh, &KEY, fresh.expires_at), Err(RedeemError::Expired));

    // For 10 minutes after the use, also where the token has expired meanwhile.
    let spent = used(&fresh, last);
    let again = Ok(Redemption::Again(Serial::new([5; 16])));
    let over = last.after(Duration::from_mins(10));
    for now in [last, fresh.expires_at, Timestamp(over.0 - 1)] {
        assert_eq!(redeem(&spent, &KEY, now), again, "{now}");
        assert_eq!(redeem(&spent, &[2; 32], now), Err(RedeemError::Used), "{now}");
        assert_eq!(spent.check(&token, bundle, now), Ok(()), "its key will decide");
    }
    assert_eq!(redeem(&spent, &KEY, over), Err(RedeemError::Used));
    assert_eq!(spent.check(&token, bundle, over), Err(RedeemError::Used));
}

#[test]
fn a_token_is_good_with_its_secret_and_one_of_our_cas_until_it_is_revoked() {
    let (mut authority, token, fresh) = enrolled();
    let first = authority.bundle().certificates[0].clone();
    let check =
        |enrollment: &Enrollment, token: &EnrollmentToken, authority: &CertificateAuthority| {
            enrollment.check(token, authority.bundle(), NOW)
        };
    let guessed = EnrollmentToken::new(&[8; 32], &first.certificate);
    assert_eq!(check(&fresh, &guessed, &authority), Err(RedeemError::WrongSecret));
    let foreign = EnrollmentToken::new(&SECRET, b"another CA");
    assert_eq!(check(&fresh, &foreign, &authority), Err(RedeemError::ForeignCa));
    let revoked = Enrollment { revoked_at: Some(NOW), ..fresh.clone() };
    assert_eq!(check(&revoked, &token, &authority), Err(RedeemError::Revoked));
    let revoked = Enrollment { revoked_at: Some(NOW), ..used(&fresh, NOW) };
    assert_eq!(check(&revoked, &token, &authority), Err(RedeemError::Revoked));

    // The CA turns over: the token counts as long as its CA is in the bundle.
    authority.prepare(NOW).unwrap();
    authority.activate(&[], false, NOW).unwrap();
    assert_eq!(check(&fresh, &token, &authority), Ok(()));
    authority.retire(&first.sha256, None, NOW).unwrap();
    assert_eq!(check(&fresh, &token, &authority), Err(RedeemError::ForeignCa));
}

#[test]
fn a_failed_signing_leaves_the_enrollment_as_it_was() {
    let (authority, token, enrollment) = enrolled();
    let before = enrollment.clone();
    let csr = plain_csr().for_service("other");
    assert!(authority.sign(&csr, &enrollment.grant(trust_domain()), NOW).is_err());
    assert_eq!(enrollment, before);
    let redeemed = enrollment.redeem(&token, authority.bundle(), csr.spki_sha256(), NOW);
    assert_eq!(redeemed, Ok(Redemption::Issue));
}
