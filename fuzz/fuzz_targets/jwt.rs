//! JSON Web Tokens, as texts and as headers and payloads that are signed.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::jwt::{Algorithm, Jwt, JwtError, VerifyingKey, inspect, jws};
use carnet_ticket::verify::Bearer;
use fuzz::{NOW, SECRET, forged, signed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = inspect(text);
        for judge in judges() {
            let found = judge.verify_text(text, &Bearer::nobody(), NOW);
            assert!(found.is_err(), "no text has a signature by chance");
        }
    }
    judge(br#"{"alg":"HS256","typ":"JWT"}"#, data);
    if let Some(end) = data.iter().position(|byte| *byte == 0) {
        judge(&data[..end], &data[end + 1..]);
    }
});

fn key() -> VerifyingKey {
    VerifyingKey::hmac(Algorithm::Hs256, SECRET.as_bytes()).expect("a key")
}

fn judges() -> [Jwt; 2] {
    let jwt = || Jwt::with_key(key()).any_subject();
    [jwt().allow_non_expiring(), jwt().strict()]
}

fn judge(header: &[u8], payload: &[u8]) {
    let text = signed(&URL_SAFE_NO_PAD.encode(header), payload);
    let said = inspect(&text);
    for judge in judges() {
        let found = judge.verify_text(&text, &Bearer::nobody(), NOW);
        let until = judge.validate_text(&text, &Bearer::nobody(), NOW);
        assert_eq!(until, found.as_ref().map(|token| token.expires()).map_err(|fault| *fault));
        let Ok(token) = found else { continue };
        assert!(!token.expires().is_expired_at(NOW));
        let said = said.as_ref().expect("what is believed can be read");
        assert_eq!(token.claims(), said.claims(), "a signature changes nothing that is said");
        let held = jws::verify_compact(&text, &[key()]).expect("its signature holds");
        assert_eq!((held.payload(), held.header()), (payload, said.header()));
        let fault = judge.verify_text(&forged(&text), &Bearer::nobody(), NOW);
        assert_eq!(fault, Err(JwtError::Signature));
    }
}
