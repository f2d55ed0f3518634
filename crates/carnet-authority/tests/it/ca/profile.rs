//! Certificates field by field, and what `openssl verify` says of them.

use carnet_authority::ca::{
    CaSettings, CertificateAuthority, Curve, IssuedCertificate, Serial, parse_csr,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::support::{NOW, OpenSsl, P256, authority, grant, plain_csr, trust_domain};

/// Requests that ask for all kinds of things that are not refused, and are not given either.
const REQUESTS: [(&str, &str); 5] = [
    (P256, "-subj /CN=hello-world"),
    ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "-subj /"),
    ("-algorithm ED25519", "-subj /CN=hello-world/O=Other/OU=Unit/C=DE"),
    (
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "-subj /O=Other -addext keyUsage=critical,nonRepudiation,keyEncipherment \
         -addext extendedKeyUsage=codeSigning -addext subjectAltName=DNS:LocalHost,IP:::1",
    ),
    (
        P256,
        "-subj /CN=hello-world -addext basicConstraints=critical,CA:FALSE \
         -addext subjectAltName=URI:spiffe://carnet.local/worker/hello-world,email:a@b.c \
         -addext nsComment=hello -addext tlsfeature=status_request",
    ),
];

fn lines<'a>(text: &'a str, of: &str) -> Vec<&'a str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with(of)).unwrap_or_else(|| panic!("{of} in {text}"));
    lines.collect()
}

/// The names of extensions and whether they are critical, in the order of the certificate.
fn extensions(certificate: &X509Certificate<'_>) -> Vec<(String, bool)> {
    let one = |extension: &x509_parser::extensions::X509Extension<'_>| {
        (extension.oid.to_id_string(), extension.critical)
    };
    let mut extensions: Vec<_> = certificate.extensions().iter().map(one).collect();
    extensions.sort();
    extensions
}

fn owned<const N: usize>(extensions: [(&str, bool); N]) -> Vec<(String, bool)> {
    extensions.map(|(oid, critical)| (oid.to_owned(), critical)).to_vec()
}

fn verify(openssl: &OpenSsl, authority: &CertificateAuthority, issued: &IssuedCertificate) {
    openssl.put("ca.pem", authority.bundle().pem()).put("leaf.pem", issued.pem());
    let at = NOW.unix_s() + 60;
    for command in [
        format!("verify -x509_strict -check_ss_sig -attime {at} -CAfile ca.pem ca.pem"),
        format!("verify -x509_strict -purpose sslserver -attime {at} -CAfile ca.pem leaf.pem"),
        format!("verify -x509_strict -purpose sslclient -attime {at} -CAfile ca.pem leaf.pem"),
        format!(
            "verify -x509_strict -purpose sslserver -attime {at} -verify_hostname localhost \
             -verify_ip ::1 -CAfile ca.pem leaf.pem"
        ),
    ] {
        openssl.ok(&command);
    }
    for refused in ["-verify_hostname other", "-verify_ip 10.0.0.1"] {
        let command = format!("verify -attime {at} {refused} -CAfile ca.pem leaf.pem");
        assert!(!openssl.run(&command).0, "{command}");
    }
}

/// Promise: K-7
#[test]
fn a_leaf_has_the_fields_of_the_profile_whatever_was_asked_for_and_openssl_takes_it() {
    let openssl = OpenSsl::new();
    for curve in [Curve::P256, Curve::P384] {
        let authority = authority(curve);
        for (key, asked) in REQUESTS {
            let csr = parse_csr(&openssl.request(key, asked)).unwrap();
            let issued = authority.sign(&csr, &grant(), NOW).unwrap();
            verify(&openssl, &authority, &issued);
            check_leaf(&openssl, curve, &authority, &issued);
        }
    }
}

fn check_leaf(
    openssl: &OpenSsl,
    curve: Curve,
    authority: &CertificateAuthority,
    issued: &IssuedCertificate,
) {
    let (_, leaf) = X509Certificate::from_der(&issued.certificate).unwrap();
    let ca = &authority.bundle().certificates[0].certificate;
    let (_, ca) = X509Certificate::from_der(ca).unwrap();
    assert_eq!(leaf.version().0, 2, "v3");
    assert_eq!(leaf.raw_serial(), issued.serial.as_bytes());
    assert_eq!(leaf.raw_serial().len(), 16);
    assert_eq!(leaf.raw_serial()[0] & 0xc0, 0x40);
    assert_eq!(leaf.subject().to_string(), "CN=hello-world");
    assert_eq!(leaf.issuer().as_raw(), ca.subject().as_raw());
    assert_eq!(leaf.validity().not_before.timestamp(), NOW.unix_s() - 60);
    assert_eq!(leaf.validity().not_after.timestamp(), NOW.unix_s() + 86_400);
    let algorithm =
        if curve == Curve::P256 { "1.2.840.10045.4.3.2" } else { "1.2.840.10045.4.3.3" };
    assert_eq!(leaf.signature_algorithm.algorithm.to_id_string(), algorithm);
    assert_eq!(leaf.signature, leaf.signature_algorithm);
    assert_eq!(
        extensions(&leaf),
        owned([
            ("2.5.29.14", false), // subjectKeyIdentifier
            ("2.5.29.15", true),  // keyUsage
            ("2.5.29.17", false), // subjectAltName
            ("2.5.29.19", true),  // basicConstraints
            ("2.5.29.35", false), // authorityKeyIdentifier
            ("2.5.29.37", false), // extKeyUsage
        ]),
    );
    // The key is that of the request.
    openssl.ok("x509 -in leaf.pem -noout -pubkey -out leaf.pub");
    let own = openssl.ok("pkey -in key.pem -pubout");
    assert_eq!(std::fs::read_to_string(openssl.path("leaf.pub")).unwrap(), own);

    let text = openssl.ok("x509 -in leaf.pem -noout -text -certopt ext_parse");
    let value = |of: &str| lines(&text, of)[0].to_owned();
    assert_eq!(value("X509v3 Basic Constraints: critical"), "CA:FALSE");
    assert_eq!(value("X509v3 Key Usage: critical"), "Digital Signature");
    assert_eq!(
        value("X509v3 Extended Key Usage:"),
        "TLS Web Server Authentication, TLS Web Client Authentication"
    );
    assert_eq!(
        value("X509v3 Subject Alternative Name:"),
        "URI:spiffe://carnet.local/worker/hello-world, DNS:hello-world, DNS:localhost, \
         IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"
    );
    let colons = |key: &[u8]| {
        use aws_lc_rs::digest::{SHA256, digest};
        let digest = digest(&SHA256, key);
        digest.as_ref()[..20].iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    };
    let own = colons(&leaf.public_key().subject_public_key.data);
    assert_eq!(value("X509v3 Subject Key Identifier:"), own);
    let signer = colons(&ca.public_key().subject_public_key.data);
    assert_eq!(value("X509v3 Authority Key Identifier:").trim_start_matches("keyid:"), signer);
}

/// Promise: K-7
#[test]
fn a_ca_certificate_has_the_fields_of_the_profile() {
    let openssl = OpenSsl::new();
    for curve in [Curve::P256, Curve::P384] {
        let authority = authority(curve);
        openssl.put("ca.pem", authority.bundle().pem());
        let der = &authority.bundle().certificates[0].certificate;
        let (_, ca) = X509Certificate::from_der(der).unwrap();
        assert!(Serial::from_bytes(ca.raw_serial()).is_ok());
        assert_eq!(ca.validity().not_before.timestamp(), NOW.unix_s() - 60);
        assert_eq!(ca.validity().not_after.timestamp(), NOW.unix_s() + 365 * 86_400);
        assert_eq!(
            extensions(&ca),
            owned([
                ("2.5.29.14", false),
                ("2.5.29.15", true),
                ("2.5.29.17", false),
                ("2.5.29.19", true),
                ("2.5.29.35", false),
            ]),
        );
        let text = openssl.ok("x509 -in ca.pem -noout -text -certopt ext_parse");
        let value = |of: &str| lines(&text, of)[0].to_owned();
        assert_eq!(value("X509v3 Basic Constraints: critical"), "CA:TRUE, pathlen:0");
        assert_eq!(value("X509v3 Key Usage: critical"), "Certificate Sign, CRL Sign");
        assert_eq!(value("X509v3 Subject Alternative Name:"), "URI:spiffe://carnet.local");
        let identifier = value("X509v3 Subject Key Identifier:");
        let issuer = value("X509v3 Authority Key Identifier:");
        assert_eq!(issuer.trim_start_matches("keyid:"), identifier);
        let start = identifier[..11].replace(':', "").to_lowercase();
        assert_eq!(ca.subject().to_string(), format!("CN=Carnet CA {start}, O=Carnet"));
        assert_eq!(ca.issuer().as_raw(), ca.subject().as_raw());
    }
}

#[test]
fn a_certificate_says_where_the_crl_is_when_that_is_known() {
    let settings = CaSettings::new(trust_domain(), "Ümlaut & Söhne").unwrap();
    let settings = settings.with_crl_url("https://ca.example/ca/crl").unwrap();
    let mut authority = CertificateAuthority::new(settings, [], 0).unwrap();
    authority.prepare(NOW).unwrap();
    let issued = authority.sign(&plain_csr(), &grant(), NOW).unwrap();
    let openssl = OpenSsl::new();
    verify(&openssl, &authority, &issued);
    let text = openssl.ok("x509 -in leaf.pem -noout -text");
    let said = lines(&text, "X509v3 CRL Distribution Points:");
    assert_eq!(said[..2], ["Full Name:", "URI:https://ca.example/ca/crl"]);
    let subject = openssl.ok("x509 -in ca.pem -noout -subject -nameopt RFC2253,utf8,-esc_msb");
    assert!(subject.contains("O=Ümlaut & Söhne,CN=Carnet CA "), "{subject}");
    let text = openssl.ok("x509 -in ca.pem -noout -text");
    assert!(!text.contains("CRL Distribution"), "only leaves say so");
}
