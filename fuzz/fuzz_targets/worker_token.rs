//! Worker tokens, as texts and as payloads that are signed.

#![no_main]

use carnet_ticket::time::Expiration;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, Claims, Format, HmacKey, LIFETIME_MAX, WorkerAuth, WorkerHeaders, WorkerKeys,
    WorkerScope, WorkerToken, WorkerTokenError, authenticate, inspect, mint_v1, verify,
};
use fuzz::{NOW, SECRET, forged, signed};
use libfuzzer_sys::fuzz_target;

const PROFILES: [Profile; 2] = [Profile::Strict, Profile::Compat];

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        unsigned(text);
    }
    payload(data);
});

fn keys() -> WorkerKeys {
    let key = HmacKey::from_text(SECRET).expect("a key");
    WorkerKeys::new().with_hmac([key]).expect("one key")
}

fn unsigned(text: &str) {
    let _ = inspect(text);
    for profile in PROFILES {
        let auth = WorkerAuth { keys: keys(), profile };
        for endpoint in Audience::ALL {
            let headers = [
                WorkerHeaders {
                    worker_id: Some("worker-a"),
                    worker_token: Some(text),
                    authorization: None,
                },
                WorkerHeaders {
                    worker_id: Some(text),
                    worker_token: None,
                    authorization: Some(text),
                },
            ];
            for headers in headers {
                let found = authenticate(&auth, endpoint, &headers, NOW);
                assert!(found.is_err(), "no text has a signature by chance");
            }
        }
    }
}

fn payload(payload: &[u8]) {
    let text = signed(Format::V1.as_str(), payload);
    let said = inspect(&text);
    for profile in PROFILES {
        let audience = Audience::ControlPlane;
        let found = verify(&text, &keys(), profile, Some(audience), NOW);
        let any = verify(&text, &keys(), profile, None, NOW);
        let Ok(token) = found else { continue };
        assert_eq!(any.as_ref(), Ok(&token), "whom it is for changes nothing that it says");
        lives(&token);
        let fault = verify(&forged(&text), &keys(), profile, Some(audience), NOW);
        assert_eq!(fault, Err(WorkerTokenError::Signature));
        match profile {
            Profile::Strict => mints_again(&token),
            Profile::Compat => {
                let said = said.as_ref().expect("what compat believes can be read");
                assert_eq!(said.worker_id.as_ref(), Some(&token.worker_id));
                assert_eq!(said.token_id, token.token_id);
                assert_eq!(said.issued_at, token.issued_at);
                assert_eq!(said.expires, token.expires.moment());
            }
        }
    }
}

fn lives(token: &WorkerToken) {
    assert!(!token.worker_id.trim().is_empty());
    let Expiration::At(end) = token.expires else { panic!("a token without an end") };
    assert!(end > NOW);
    if let Some(issued_at) = token.issued_at {
        assert!(end.since(issued_at) <= LIFETIME_MAX);
    }
}

/// What a strict token says can be said again, and is believed again.
fn mints_again(token: &WorkerToken) {
    let scopes = token.scopes.as_slice().iter().map(|scope| WorkerScope::as_str(*scope).to_owned());
    let claims = Claims {
        worker_id: token.worker_id.clone(),
        token_id: token.token_id.clone().expect("strict demands one"),
        audience: Audience::ControlPlane.as_str().to_owned(),
        scopes: scopes.collect(),
        expires_s: token.expires.moment().expect("an end").unix_s(),
        issued_at_s: token.issued_at.expect("strict demands one").unix_s(),
        not_before_s: token.not_before.map_or(0, |moment| moment.unix_s()),
    };
    let key = HmacKey::from_text(SECRET).expect("a key");
    let again = mint_v1(&key, &claims).expect("what was read can be minted");
    // Escapes may make it longer than a token may be.
    match verify(&again, &keys(), Profile::Strict, Some(Audience::ControlPlane), NOW) {
        Err(WorkerTokenError::TooLong) => {}
        Err(fault) => panic!("minted again: {fault}"),
        Ok(again) => {
            assert_eq!((&again.worker_id, &again.token_id), (&token.worker_id, &token.token_id));
            assert_eq!((&again.scopes, again.expires), (&token.scopes, token.expires));
            assert_eq!((again.issued_at, again.not_before), (token.issued_at, token.not_before));
        }
    }
}
