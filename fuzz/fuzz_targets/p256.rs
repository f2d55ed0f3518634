//! Signed requests, as their heads say and as the gate is shown them.

#![no_main]

use carnet_ticket::realm::p256::{Body, Head, P256Error, SignedRequest};
use carnet_ticket::verify::Profile;
use fuzz::NOW;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(request) = SignedRequest::decode(text) {
        judge(request);
        assert_eq!(SignedRequest::decode(&request.encode()), Some(request), "one text, one request");
    }
    let mut fields = text.splitn(8, '\0');
    let mut field = || fields.next().unwrap_or_default();
    let (public_key, timestamp, nonce, signature) = (field(), field(), field(), field());
    let (method, host, target) = (field(), field(), field());
    let nonce = (!nonce.is_empty()).then_some(nonce);
    let head = Head { public_key, timestamp, nonce, signature, method, host, target };
    judge(SignedRequest { head, body: Body::of(field().as_bytes()) });
});

/// Nobody's signature is found by chance, and whatever `strict` takes, `compat` takes.
fn judge(request: SignedRequest<'_>) {
    let [strict, compat] =
        [Profile::Strict, Profile::Compat].map(|profile| request.verify(profile, NOW));
    assert!(strict.is_err() || strict == compat);
    if let Err(fault) = request.head.check(Profile::Compat, NOW) {
        assert_eq!(compat, Err(fault), "what the head says comes first");
    }
    if request.head.nonce.is_none() && strict.is_err() {
        assert_ne!(strict, Err(P256Error::BadSignature), "version 1 gets no further");
    }
    assert_eq!(request.once(), request.once());
}
