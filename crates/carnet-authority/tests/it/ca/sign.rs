//! What is signed, for whom, and for how long.

use std::time::Duration;

use carnet_authority::ca::{
    CaKey, CaLoadError, CaSettings, CaSettingsError, CaState, CertificateAuthority, Curve,
    IdentityGrant, Lifetime, Serial, SignError, parse_csr,
};
use carnet_ticket::identity::{Kind, peer_of_leaf};
use carnet_ticket::time::Timestamp;
use proptest::prelude::*;

use super::support::{NOW, OpenSsl, P256, authority, grant, plain_csr, settings, trust_domain};

fn living(life: Duration) -> IdentityGrant {
    let name = "hello-world".parse().unwrap();
    IdentityGrant::new(trust_domain(), Kind::Worker, name, [], [], Lifetime::new(life).unwrap())
}

#[test]
fn who_asks_for_another_name_or_for_too_much_gets_nothing() {
    let (openssl, authority) = (OpenSsl::new(), authority(Curve::P256));
    openssl.request(P256, "-subj /");
    let signed = |options: &str| {
        let csr = parse_csr(&openssl.request_again(options)).unwrap();
        authority.sign(&csr, &grant(), NOW).map(|_| ())
    };
    let asking = |extension: &str| signed(&format!("-subj /CN=hello-world -addext {extension}"));
    for allowed in [
        "subjectAltName=DNS:LOCALHOST,DNS:hello-world,IP:127.0.0.1,IP:::1",
        "subjectAltName=URI:spiffe://carnet.local/worker/hello-world",
        "keyUsage=digitalSignature,keyAgreement",
        "basicConstraints=CA:FALSE",
    ] {
        assert_eq!(asking(allowed), Ok(()), "{allowed}");
    }
    for refused in [
        "basicConstraints=critical,CA:TRUE",
        "basicConstraints=CA:TRUE,pathlen:0",
        "keyUsage=keyCertSign",
        "keyUsage=digitalSignature,cRLSign",
        "subjectAltName=DNS:other",
        "subjectAltName=DNS:*.hello-world",
        "subjectAltName=DNS:*",
        "subjectAltName=DNS:localhost.",
        "subjectAltName=DNS:localhost,IP:10.0.0.1",
        "subjectAltName=IP:::ffff:127.0.0.1",
        "subjectAltName=URI:spiffe://carnet.local/worker/other",
        "subjectAltName=URI:spiffe://carnet.local/control-plane/hello-world",
        "subjectAltName=URI:https://hello-world/",
    ] {
        assert_eq!(asking(refused), Err(SignError::NotAllowed), "{refused}");
    }
    for other in [
        "-subj /CN=other",
        "-subj /CN=Hello-World",
        "-subj /CN=hello-world/CN=other",
        "-subj /CN=other -addext basicConstraints=CA:TRUE",
    ] {
        assert_eq!(signed(other), Err(SignError::NameMismatch), "{other}");
    }
    for (service, expected) in [
        ("hello-world", Ok(())),
        ("other", Err(SignError::NameMismatch)),
        ("", Err(SignError::NameMismatch)),
    ] {
        let csr = plain_csr().for_service(service);
        assert_eq!(authority.sign(&csr, &grant(), NOW).map(|_| ()), expected, "{service}");
    }
}

#[test]
fn a_certificate_lives_as_long_as_granted_and_ends_with_the_ca_at_the_latest() {
    let authority = authority(Curve::P256);
    let issued = authority.sign(&plain_csr(), &grant(), NOW).unwrap();
    let second = Timestamp::from_unix_s(NOW.unix_s());
    assert_eq!(issued.issued_at, second);
    assert_eq!(issued.expires_at, second.after(Duration::from_hours(24)));
    assert_eq!(issued.renew_after, second.after(Duration::from_hours(16)));
    assert_eq!(issued.spiffe_id, *grant().spiffe_id());
    assert_eq!(peer_of_leaf(&issued.certificate, &trust_domain()), Ok(issued.spiffe_id));
    assert_eq!(issued.ca_sha256, authority.bundle().certificates[0].sha256);

    for (life, expected) in [(300, 300), (90 * 86_400, 90 * 86_400)] {
        let issued = authority.sign(&plain_csr(), &living(Duration::from_secs(life)), NOW).unwrap();
        assert_eq!(issued.expires_at.since(issued.issued_at).as_secs(), expected);
    }
    let end = authority.bundle().certificates[0].not_after;
    let late = Timestamp(end.0 - 600_000);
    let issued = authority.sign(&plain_csr(), &grant(), late).unwrap();
    assert_eq!(issued.expires_at, end);
    assert_eq!(issued.renew_after, late.after(Duration::from_secs(400)));
    for outside in
        [Timestamp(end.0 - 299_000), end, end.after(Duration::from_hours(1)), Timestamp(0)]
    {
        let refused = authority.sign(&plain_csr(), &grant(), outside).unwrap_err();
        assert_eq!(refused, SignError::OutsideCaLife, "{outside}");
    }
    assert!(authority.sign(&plain_csr(), &grant(), Timestamp(end.0 - 300_000)).is_ok());
    let empty = CertificateAuthority::new(settings(), [], 0).unwrap();
    assert_eq!(empty.sign(&plain_csr(), &grant(), NOW).unwrap_err(), SignError::NoActive);
}

#[test]
fn an_authority_is_what_its_records_say_and_shows_no_key() {
    let mut first = CertificateAuthority::new(settings(), [], 6).unwrap();
    let record = first.prepare(NOW).unwrap();
    assert_eq!(
        (record.state, record.sequence, record.activated_at),
        (CaState::Active, 7, Some(NOW))
    );
    let pkcs8 = record.key.to_pkcs8().unwrap();
    for shown in [format!("{first:?}"), format!("{record:?}"), format!("{:#?}", record.key)] {
        assert!(shown.contains("CaKey(p256)"), "{shown}");
        let digits = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
        // The private number of a P-256 key is 32 bytes from the 36th on.
        assert!(!shown.contains(&digits(&pkcs8[36..68])));
    }
    let mut read = record.clone();
    read.key = CaKey::from_pkcs8(&pkcs8).unwrap();
    let again = CertificateAuthority::new(settings(), [read], 0).unwrap();
    assert_eq!(again.bundle(), first.bundle());
    let issued = again.sign(&plain_csr(), &grant(), NOW).unwrap();
    let openssl = OpenSsl::new();
    openssl.put("ca.pem", first.bundle().pem()).put("leaf.pem", issued.pem());
    openssl.ok(&format!("verify -x509_strict -attime {} -CAfile ca.pem leaf.pem", NOW.unix_s()));

    let loaded = |records: Vec<_>| CertificateAuthority::new(settings(), records, 0).map(|_| ());
    let mut other = record.clone();
    other.key = CertificateAuthority::new(settings(), [], 0).unwrap().prepare(NOW).unwrap().key;
    assert_eq!(loaded(vec![other]), Err(CaLoadError::KeyMismatch));
    let mut broken = record.clone();
    broken.certificate.push(0);
    assert_eq!(loaded(vec![broken]), Err(CaLoadError::InvalidCertificate));
    let two = loaded(vec![record.clone(), record]);
    assert_eq!(two, Err(CaLoadError::Ambiguous(CaState::Active)));
    assert!(CaKey::from_pkcs8(&pkcs8[1..]).is_err());
}

#[test]
fn settings_and_serials_have_bounds() {
    let of = |organization: &str| CaSettings::new(trust_domain(), organization).map(|_| ());
    assert_eq!(of(&"ü".repeat(64)), Ok(()));
    for bad in ["", "a\nb", &"a".repeat(65)] {
        assert_eq!(of(bad), Err(CaSettingsError::Organization));
    }
    for bad in ["", "ftp://x", "http://a b", "https://ä", &format!("https://{}", "a".repeat(2048))]
    {
        assert_eq!(settings().with_crl_url(bad).unwrap_err(), CaSettingsError::CrlUrl, "{bad}");
    }
    let lifetime = |seconds| settings().with_lifetime(Duration::from_secs(seconds)).map(|_| ());
    assert_eq!((lifetime(300), lifetime(299)), (Ok(()), Err(CaSettingsError::Lifetime)));
    assert_eq!(lifetime(u64::MAX), Err(CaSettingsError::Lifetime));

    assert_eq!(Serial::new([0xff; 16]).to_string(), format!("7f{}", "ff".repeat(15)));
    assert_eq!(Serial::new([0; 16]).to_string(), format!("40{}", "00".repeat(15)));
    for bad in ["", "0123", &"80".repeat(16), &"3f".repeat(16), &"4F".repeat(16), &"40".repeat(17)]
    {
        assert!(bad.parse::<Serial>().is_err(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_granted_is_certified_and_nothing_else(
        name in "[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?",
        dns in prop::collection::vec("[a-z]{1,20}(\\.[a-z]{1,20}){0,3}", 0..6),
        ip: [std::net::IpAddr; 3],
        life in 300_u32..=7_776_000,
        random: [u8; 16],
    ) {
        let serial = Serial::new(random);
        prop_assert_eq!(serial.to_string().parse(), Ok(serial));
        prop_assert_eq!(Serial::from_bytes(serial.as_bytes()), Ok(serial));
        let authority = authority(Curve::P256);
        let life = Lifetime::new(Duration::from_secs(life.into())).unwrap();
        let hosts = dns.iter().map(|host| host.parse().unwrap());
        let grant = IdentityGrant::new(trust_domain(), Kind::Operator, name.parse().unwrap(), hosts, ip, life);
        let issued = authority.sign(&plain_csr(), &grant, NOW).unwrap();
        let peer = peer_of_leaf(&issued.certificate, &trust_domain()).unwrap();
        prop_assert_eq!(&peer, grant.spiffe_id());
        prop_assert_eq!(peer.name(), name);
        let (_, leaf) = x509_parser::parse_x509_certificate(&issued.certificate).unwrap();
        let names = leaf.subject_alternative_name().unwrap().unwrap().value.general_names.len();
        prop_assert_eq!(names, 1 + grant.dns().len() + grant.ip().len());
        prop_assert_eq!(issued.expires_at.since(issued.issued_at), life.duration());
    }
}
