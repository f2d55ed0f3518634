//! Public keys in DER and PEM.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carnet_ticket::jwt::{Algorithm, KeyError, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = VerifyingKey::from_pem(None, data);
    let any = VerifyingKey::from_der(None, data);
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(data)
    );
    let in_pem = VerifyingKey::from_pem(None, pem.as_bytes());
    if let (Ok(in_pem), Ok(any)) = (&in_pem, &any) {
        assert_eq!(in_pem.key_id(), any.key_id(), "a text changes no key");
    }
    for algorithm in Algorithm::ALL {
        let one = VerifyingKey::from_der(algorithm, data);
        match &any {
            Ok(any) if any.serves(algorithm) => {
                let one = one.expect("what serves all serves one");
                assert_eq!(one.key_id(), any.key_id());
                assert!(one.algorithms().eq([algorithm]));
                assert!(!one.verifies(algorithm, b"", b""));
            }
            Ok(_) => assert_eq!(one.err(), Some(KeyError::AlgNotAllowed)),
            Err(_) => assert!(one.is_err()),
        }
    }
});
