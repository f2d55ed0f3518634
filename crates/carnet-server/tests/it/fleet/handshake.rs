//! Whose certificates are taken, and until when.

use std::time::Duration;

use carnet_authority::ca::{CaSettings, CertificateAuthority, IdentityGrant, Lifetime, parse_csr};
use carnet_gate::Clock;
use carnet_ticket::identity::Kind;
use carnet_ticket::time::Timestamp;
use rustls::HandshakeKind;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::csr::audit;
use super::support::{Fleet, Member, csr, key};

const ASK: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What is read after asking for `/health`; an error when nothing is.
async fn ask(fleet: &Fleet, member: &Member) -> std::io::Result<String> {
    let mut stream = fleet.connect(&fleet.tls(member)).await?;
    stream.write_all(ASK).await?;
    first(&mut stream).await
}

async fn first(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<String> {
    let mut answer = vec![0; 4096];
    let len = stream.read(&mut answer).await?;
    if len == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&answer[..len]).into_owned())
}

/// A certificate of an authority of our own for `worker/hello-world`.
fn foreign(trust_domain: &str, now: Timestamp) -> Member {
    let trust_domain: carnet_ticket::identity::TrustDomain = trust_domain.parse().unwrap();
    let settings = CaSettings::new(trust_domain.clone(), "Other").unwrap();
    let mut authority = CertificateAuthority::new(settings, [], 0).unwrap();
    authority.prepare(now).unwrap();
    let key = key();
    let name = "hello-world".parse().unwrap();
    let grant = IdentityGrant::new(trust_domain, Kind::Worker, name, [], [], Lifetime::DEFAULT);
    let issued = authority.sign(&parse_csr(&csr(&key, None)).unwrap(), &grant, now).unwrap();
    Member { key: key.serialize_pem(), certificate: issued.pem(), answer: json!({}) }
}

/// Promise: K-40
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_count_fails_the_handshake() {
    let fleet = Fleet::start().await;
    let member = fleet.member("hello-world").await;
    assert!(ask(&fleet, &member).await.unwrap().starts_with("HTTP/1.1 200 "));
    let foreign = foreign("carnet.local", Clock::System.now());
    let error = ask(&fleet, &foreign).await.unwrap_err();
    assert!(error.to_string().contains("UnknownCA"), "{error}");
    // Expired, by the server's clock; the other end's does not matter.
    fleet.server.hand.advance(Duration::from_hours(24));
    let error = ask(&fleet, &member).await.unwrap_err();
    assert!(error.to_string().contains("CertificateExpired"), "{error}");
    let reasons: Vec<_> =
        audit(&fleet, "auth.deny").await.iter().map(|event| event["reason"].clone()).collect();
    assert_eq!(reasons, ["expired", "unknown_issuer"]);
}

/// Promise: K-22
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_refused_everywhere_at_once() {
    let fleet = Fleet::start().await;
    let member = fleet.member("hello-world").await;
    let config = fleet.tls(&member);
    let mut open = fleet.connect(&config).await.unwrap();
    open.write_all(ASK).await.unwrap();
    assert!(first(&mut open).await.unwrap().starts_with("HTTP/1.1 200 "));
    let mut resumed = fleet.connect(&config).await.unwrap();
    resumed.write_all(ASK).await.unwrap();
    first(&mut resumed).await.unwrap();
    assert_eq!(resumed.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
    let renewing = fleet.client(Some(&member));

    let revoked = fleet.revoke(member.serial()).await.expect(200).json();
    let expected =
        json!({ "status": "success", "serial_number": member.serial(), "revoked": true });
    assert_eq!(revoked, expected);

    // Those that were open have ended.
    for stream in [&mut open, &mut resumed] {
        assert!(first(stream).await.is_err(), "an open connection");
    }
    // One that goes on with the session before gets nothing.
    let mut again = fleet.connect(&config).await.unwrap();
    let is_resumed = again.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
    assert!(is_resumed, "else this proves nothing");
    let _ = again.write_all(ASK).await;
    assert!(first(&mut again).await.is_err(), "a resumed session");
    // A new one fails.
    let error = ask(&fleet, &member).await.unwrap_err();
    assert!(error.to_string().contains("CertificateRevoked"), "{error}");
    // So does a renewal.
    let renewal = renewing
        .post(format!("{}/certificates/renew", fleet.url))
        .json(&json!({ "csr": csr(&key(), None) }))
        .send();
    assert!(renewal.await.is_err());

    assert_eq!(fleet.revoke(member.serial()).await.expect(200).json(), expected, "again");
    fleet.revoke("40000000000000000000000000000000").await.expect(404);
    fleet.revoke("no-serial").await.expect(404);
}

/// Promise: K-22
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_its_certificate() {
    let fleet = Fleet::start().await;
    let member = fleet.member("hello-world").await;
    let mut open = fleet.connect(&fleet.tls(&member)).await.unwrap();
    open.write_all(ASK).await.unwrap();
    first(&mut open).await.unwrap();
    fleet.server.hand.advance(Duration::from_hours(24));
    assert!(first(&mut open).await.is_err());
}

/// Promise: K-23
#[tokio::test(flavor = "multi_thread")]
async fn openssl_finds_a_revoked_certificate_in_the_list() {
    let fleet = Fleet::start().await;
    let (good, bad) = (fleet.member("good").await, fleet.member("bad").await);
    let number = async || {
        let der = fleet.get("/ca/crl").await.expect(200).bytes;
        let folder = tempfile::tempdir().unwrap();
        let put =
            |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        put("crl.der", &der);
        put("ca.pem", fleet.ca.as_bytes());
        put("good.pem", good.certificate.as_bytes());
        put("bad.pem", bad.certificate.as_bytes());
        let run = |arguments: &str| {
            let mut openssl = std::process::Command::new("openssl");
            let done =
                openssl.args(arguments.split(' ')).current_dir(folder.path()).output().unwrap();
            (
                done.status.success(),
                String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned(),
            )
        };
        let said = run("crl -inform DER -in crl.der -CAfile ca.pem -out crl.pem").1;
        assert!(said.contains("verify OK"), "{said}");
        let said = run("crl -in crl.pem -noout -crlnumber").1;
        let verify = "verify -x509_strict -crl_check -CRLfile crl.pem -CAfile ca.pem";
        let is_good = |file: &str| run(&format!("{verify} {file}"));
        assert!(is_good("good.pem").0);
        (said.trim().trim_start_matches("crlNumber=0x").to_owned(), is_good("bad.pem"))
    };
    let (first, before) = number().await;
    assert!(before.0, "{}", before.1);
    fleet.revoke(bad.serial()).await.expect(200);
    let (second, after) = number().await;
    assert!(!after.0 && after.1.contains("certificate revoked"), "{}", after.1);
    let hex = |number: &str| u64::from_str_radix(number, 16).unwrap();
    assert!(hex(&second) > hex(&first), "{first} {second}");
}
