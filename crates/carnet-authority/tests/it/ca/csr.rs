//! Signing requests, as `openssl req` makes them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use carnet_authority::ca::{CsrError, parse_csr};
use proptest::prelude::*;

use super::support::{OpenSsl, P256};

const SUBJECT: &str = "-subj /CN=hello-world";

fn parsed(request: &str) -> Result<(), CsrError> {
    parse_csr(request).map(|_| ())
}

#[test]
fn good_keys_of_every_kind_are_taken_with_every_digest() {
    let openssl = OpenSsl::new();
    for (key, digests) in [
        (P256, &["-sha256", "-sha384", "-sha512"][..]),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", &["-sha256", "-sha384", "-sha512"]),
        ("-algorithm ED25519", &[""]),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", &["-sha256", "-sha384", "-sha512"]),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:2049", &["-sha256"]),
    ] {
        openssl.request(key, SUBJECT);
        openssl.ok("pkey -in key.pem -pubout -outform DER -out spki.der");
        let spki_sha256 = openssl.ok("dgst -sha256 -r spki.der");
        for digest in digests {
            let request = openssl.request_again(&format!("{SUBJECT} {digest}"));
            let csr = parse_csr(&request).unwrap_or_else(|error| panic!("{key} {digest}: {error}"));
            assert_eq!(hex::encode(csr.spki_sha256()), spki_sha256[..64], "{key}");
        }
    }
}

#[test]
fn weak_and_foreign_keys_are_refused_for_what_they_are() {
    let openssl = OpenSsl::new();
    for key in [
        "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:512",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:4294967297",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-224",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
        "-algorithm ED448",
    ] {
        let request = openssl.request(key, SUBJECT);
        assert_eq!(parsed(&request), Err(CsrError::CsrKey), "{key}");
    }
    let request =
        openssl.request("-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "-subj /CN=a -sha384");
    assert_eq!(parsed(&request), Err(CsrError::CsrKey));
    openssl.request(P256, SUBJECT);
    openssl.ok("ec -in key.pem -conv_form compressed -out compressed.pem");
    openssl.ok("req -new -key compressed.pem -out csr.pem -subj /CN=a");
    let request = std::fs::read_to_string(openssl.path("csr.pem")).unwrap();
    assert_eq!(parsed(&request), Err(CsrError::CsrKey));
}

#[test]
fn a_weak_digest_another_padding_or_a_changed_request_is_a_bad_signature() {
    let openssl = OpenSsl::new();
    let request = openssl.request(P256, &format!("{SUBJECT} -sha1"));
    assert_eq!(parsed(&request), Err(CsrError::CsrSignature));
    let rsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    let pss = format!("{SUBJECT} -sigopt rsa_padding_mode:pss");
    assert_eq!(parsed(&openssl.request(rsa, &pss)), Err(CsrError::CsrSignature));

    openssl.ok(&format!("req -new -key key.pem -outform DER -out csr.der {SUBJECT}"));
    let mut changed = std::fs::read(openssl.path("csr.der")).unwrap();
    let at = changed.windows(5).position(|bytes| bytes == b"hello").unwrap();
    changed[at] = b'j';
    openssl.put("changed.der", changed);
    // openssl writes even what it does not verify.
    openssl.run("req -in changed.der -inform DER -out changed.pem");
    let changed = std::fs::read_to_string(openssl.path("changed.pem")).unwrap();
    assert_eq!(parsed(&changed), Err(CsrError::CsrSignature));
}

#[test]
fn a_request_is_one_block_and_nothing_else() {
    let openssl = OpenSsl::new();
    let request = openssl.request(P256, SUBJECT);
    for good in [
        request.clone(),
        format!("\n {request}\r\n\n"),
        request.replace('\n', "\r\n"),
        request.trim_end().to_owned(),
    ] {
        assert_eq!(parsed(&good), Ok(()), "{good:?}");
    }
    for bad in [
        String::new(),
        "garbage".to_owned(),
        format!("{request}x"),
        format!("x{request}"),
        format!("{request}{request}"),
        request.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
        request.replace("END CERTIFICATE REQUEST", "END CERTIFICATE"),
        request.replace('M', "*"),
        openssl.ok("req -in csr.pem -text"),
        "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n".to_owned(),
        "-----BEGIN CERTIFICATE REQUEST----------END CERTIFICATE REQUEST-----".to_owned(),
    ] {
        assert_eq!(parsed(&bad), Err(CsrError::CsrInvalid), "{bad}");
    }
    let long = " ".repeat(16 * 1024 + 1 - request.len()) + &request;
    assert_eq!(parsed(&long), Err(CsrError::TooLarge { len: 16_385, max: 16_384 }));
    assert_eq!(parsed(&long[1..]), Ok(()));
}

fn block(bytes: &[u8]) -> String {
    let digits = BASE64_STANDARD.encode(bytes);
    format!("-----BEGIN CERTIFICATE REQUEST-----{digits}-----END CERTIFICATE REQUEST-----")
}

#[test]
fn no_byte_of_a_request_can_be_changed_whether_or_not_it_is_signed() {
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ED25519, &rcgen::PKCS_RSA_SHA256]
    {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap();
        assert_eq!(parsed(&block(request.der())), Ok(()));
        for at in 0..request.der().len() {
            for flip in [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xff] {
                let mut changed = request.der().to_vec();
                changed[at] ^= flip;
                assert!(parsed(&block(&changed)).is_err(), "{algorithm:?} {at} {flip:#x}");
            }
        }
    }
}

proptest! {
    #[test]
    fn noise_is_refused_without_a_panic(noise: String, bytes: Vec<u8>) {
        prop_assert!(parsed(&noise).is_err());
        prop_assert_eq!(parsed(&block(&bytes)), Err(CsrError::CsrInvalid));
    }
}
