//! Signing requests: as they come, and signed here with attributes that come.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use carnet_authority::ca::{
    CaSettings, CertificateAuthority, IdentityGrant, Lifetime, SignError, parse_csr,
};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::identity::{Kind, TrustDomain, peer_of_leaf};
use fuzz::NOW;
use libfuzzer_sys::fuzz_target;

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const ED25519: [u8; 7] = *b"\x30\x05\x06\x03\x2b\x65\x70";

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_seed(&[7; 32]).expect("a key"));

static AUTHORITY: LazyLock<CertificateAuthority> = LazyLock::new(|| {
    let settings = CaSettings::new(trust_domain(), "Fuzz").expect("settings");
    let mut authority = CertificateAuthority::new(settings, [], 0).expect("an authority");
    authority.prepare(NOW).expect("a CA certificate");
    authority
});

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        issued(text);
    }
    issued(&pem(data));
    issued(&pem(&signed(data)));
});

/// What comes of a request is what is granted, or nothing.
fn issued(text: &str) {
    let Ok(csr) = parse_csr(text) else { return };
    let name = "hello-world".parse().expect("a name");
    let dns = ["localhost".parse().expect("a host")];
    let grant = IdentityGrant::new(trust_domain(), Kind::Worker, name, dns, [], Lifetime::DEFAULT);
    match AUTHORITY.sign(&csr, &grant, NOW) {
        Ok(issued) => {
            let peer = peer_of_leaf(&issued.certificate, &trust_domain());
            assert_eq!(peer.as_ref(), Ok(grant.spiffe_id()));
            assert_eq!(issued.spki_sha256, *csr.spki_sha256());
        }
        Err(error) => assert!(matches!(error, SignError::NameMismatch | SignError::NotAllowed)),
    }
}

fn trust_domain() -> TrustDomain {
    "carnet.local".parse().expect("a trust domain")
}

/// A request with these attributes, signed.
fn signed(attributes: &[u8]) -> Vec<u8> {
    let point = [&[0][..], KEY.verifying_key().as_bytes()].concat();
    let spki = der(SEQUENCE, &[&ED25519[..], &der(BIT_STRING, &point)].concat());
    let version_and_subject = [2, 1, 0, SEQUENCE, 0];
    let info = [&version_and_subject[..], &spki, &der(0xa0, attributes)].concat();
    let info = der(SEQUENCE, &info);
    let signature = der(BIT_STRING, &[&[0][..], &KEY.sign(&info)].concat());
    der(SEQUENCE, &[&info[..], &ED25519, &signature].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head: &[u8] = match len {
        [0, low @ 0..=0x7f] => &[tag, low],
        [0, low] => &[tag, 0x81, low],
        [high, low] => &[tag, 0x82, high, low],
    };
    [head, content].concat()
}

fn pem(der: &[u8]) -> String {
    let digits = BASE64_STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{digits}\n-----END CERTIFICATE REQUEST-----\n")
}
