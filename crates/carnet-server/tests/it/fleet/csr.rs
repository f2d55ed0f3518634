//! What may stand in a request for a certificate.

use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, SanType};
use serde_json::{Value, json};

use super::enrollment::enrollment;
use super::support::{Fleet, csr, csr_with, key};
use crate::support::As;

/// What a request asks for beside its key.
type Ask = Box<dyn FnOnce(&mut rcgen::CertificateParams)>;

/// Promise: K-5
#[tokio::test(flavor = "multi_thread")]
async fn a_token_certifies_its_own_name_and_nothing_more() {
    let fleet = Fleet::start().await;
    let (_, token) = enrollment(&fleet, &json!({ "name": "worker-a" })).await;
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let uri = |uri: &str| SanType::URI(uri.try_into().unwrap());
    let san = |san: SanType| -> Ask { Box::new(|params| params.subject_alt_names.push(san)) };
    let usage = |usage| -> Ask { Box::new(move |params| params.key_usages.push(usage)) };
    let asks: Vec<Ask> = vec![
        Box::new(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        usage(KeyUsagePurpose::KeyCertSign),
        usage(KeyUsagePurpose::CrlSign),
        san(dns("*.example")),
        san(dns("evil.example")),
        san(SanType::IpAddress("192.0.2.1".parse().unwrap())),
        san(uri("spiffe://carnet.local/worker/worker-b")),
        san(uri("spiffe://carnet.local/operator/worker-a")),
    ];
    for (index, ask) in asks.into_iter().enumerate() {
        let body = json!({ "csr": csr_with(&key(), None, ask) });
        let answer = fleet.ask(&token, &body).await;
        assert_eq!(answer.status.as_u16(), 403, "{index}");
        assert_eq!(answer.json(), json!({ "detail": "Forbidden" }));
    }
    let other_cn = json!({ "csr": csr(&key(), Some("worker-b")) });
    fleet.ask(&token, &other_cn).await.expect(403);
    let other_service = json!({ "csr": csr(&key(), None), "service_name": "worker-b" });
    fleet.ask(&token, &other_service).await.expect(403);
    let no_name = json!({ "csr": csr(&key(), None), "service_name": 7 });
    fleet.ask(&token, &no_name).await.expect(403);

    let refused = audit(&fleet, "ca.refuse").await;
    assert_eq!(refused.len(), 11);
    assert!(issued(&fleet, "worker-a").await.is_empty(), "nothing was issued");
    // The token is as good as before, for what it grants.
    let own = |params: &mut rcgen::CertificateParams| {
        params.subject_alt_names =
            vec![dns("worker-a"), uri("spiffe://carnet.local/worker/worker-a")];
    };
    let body =
        json!({ "csr": csr_with(&key(), Some("worker-a"), own), "service_name": "worker-a" });
    fleet.ask(&token, &body).await.expect(200);
}

/// Promise: K-6
#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_have_their_status_and_leave_the_token_usable() {
    let fleet = Fleet::start().await;
    let (_, token) = enrollment(&fleet, &json!({ "name": "worker-a" })).await;
    let good = csr(&key(), None);
    let not_valid = [
        "garbage".to_owned(),
        format!("{good}{good}"),
        format!("{good}trailing"),
        good.replace("CERTIFICATE REQUEST", "CERTIFICATE"),
        good.replacen('A', "!", 1),
    ];
    let refused = async |csr: &str, status, detail: &str| {
        let answer = fleet.ask(&token, &json!({ "csr": csr })).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, json!({ "detail": detail })));
    };
    for csr in not_valid {
        refused(&csr, 400, "CSR is not valid").await;
    }
    let signed_by_another = {
        let (mut one, other) = (der(&good), der(&csr(&key(), None)));
        // The signature of another request, as long as the last bytes are.
        let tail = one.len() - 32;
        one[tail..].copy_from_slice(&other[other.len() - 32..]);
        pem(&one)
    };
    refused(&signed_by_another, 400, "CSR signature is not valid").await;
    let weak = |arguments: &str| openssl_csr(arguments);
    refused(&weak("-newkey rsa:1024"), 400, "CSR key is not acceptable").await;
    refused(
        &weak("-newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3"),
        400,
        "CSR key is not acceptable",
    )
    .await;
    for curve in ["secp521r1", "secp256k1"] {
        let arguments = format!("-newkey ec -pkeyopt ec_paramgen_curve:{curve}");
        refused(&weak(&arguments), 400, "CSR key is not acceptable").await;
    }
    let large = format!("{good}{}", " ".repeat(16 << 10));
    refused(&large, 413, "Request body is too large").await;
    fleet.ask(&token, &json!({ "csr": good })).await.expect(200);
}

/// What was written down of this action.
pub async fn audit(fleet: &Fleet, action: &str) -> Vec<Value> {
    let path = format!("/api/v1/admin/audit?action={action}&limit=100");
    let page = fleet.server.get(As::Admin, &path).await.expect(200).json();
    page["events"].as_array().unwrap().clone()
}

/// What was written down of certificates issued to the worker `name`.
pub async fn issued(fleet: &Fleet, name: &str) -> Vec<Value> {
    let mut events = audit(fleet, "ca.issue").await;
    events.retain(|event| event["target"] == format!("worker/{name}"));
    events
}

fn der(csr: &str) -> Vec<u8> {
    use rustls::pki_types::pem::PemObject;
    rustls::pki_types::CertificateSigningRequestDer::from_pem_slice(csr.as_bytes())
        .unwrap()
        .to_vec()
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!(
        "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
        lines.join("\n")
    )
}

fn openssl_csr(arguments: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let done = std::process::Command::new("openssl")
        .args(["req", "-new", "-nodes", "-subj", "/", "-keyout", "key.pem"])
        .args(arguments.split(' '))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
