//! Minting worker tokens.

use std::time::Duration;

use carnet_authority::mint::{Issue, Minted, WorkerSigner, WorkerTokenRequest, worker_token};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, HmacKey, MintError, WorkerKeys, WorkerScopes, verify};
use secrecy::ExposeSecret;

const NOW: Timestamp = Timestamp(1_735_689_600_500);
const MAX: Duration = Duration::from_mins(15);

fn request() -> WorkerTokenRequest {
    WorkerTokenRequest {
        worker_id: "worker-a".to_owned(),
        token_id: "token-1".to_owned(),
        audience: "worker:control-plane".to_owned(),
        scopes: Vec::new(),
        ttl: Duration::from_mins(5),
        not_before: Duration::ZERO,
    }
}

fn keys() -> (HmacKey, SigningKey) {
    let hmac = HmacKey::from_text("a-signing-key-of-at-least-32-bytes").unwrap();
    (hmac, SigningKey::from_seed(&[1; 32]).unwrap())
}

fn mint(request: WorkerTokenRequest, version: u8) -> Result<Minted, MintError> {
    let (hmac, ed25519) = keys();
    let signer = if version == 1 { WorkerSigner::V1(&hmac) } else { WorkerSigner::V2(&ed25519) };
    let id = Ulid::new(NOW, [1; 10]);
    let issue =
        Issue { id, issued_by: "key:admin", tenant_id: None, request_id: "request-1", now: NOW };
    worker_token(request, signer, Profile::Strict, MAX, &issue)
}

#[test]
fn what_is_minted_verifies_and_the_ledger_knows_it_without_its_text() {
    let (hmac, ed25519) = keys();
    let ring = WorkerKeys::new().with_hmac([hmac]).unwrap();
    let ring = ring.with_public([ed25519.verifying_key().clone()]).unwrap();
    for version in [1, 2] {
        let minted = mint(request(), version).unwrap();
        let (text, entry) = (minted.token.expose_secret(), &minted.entry);
        let token =
            verify(text, &ring, Profile::Strict, Some(Audience::ControlPlane), NOW).unwrap();
        assert_eq!((token.content_id, token.key_id), (entry.content_id, entry.key_id));
        assert_eq!(token.worker_id, entry.subject);
        assert_eq!(token.token_id.as_deref(), Some("token-1"));
        assert_eq!(token.scopes, WorkerScopes::all(), "no scope asks for all of them");
        assert_eq!(token.expires, entry.expires_at);
        let payload = text.rsplit('.').nth(1).unwrap();
        assert!(!format!("{entry:?}{minted:?}").contains(payload));
    }
}

#[test]
fn policy_bounds_life_audience_and_scopes() {
    for version in [1, 2] {
        let refused = |request| mint(request, version).unwrap_err();
        for ttl in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(901)] {
            assert_eq!(refused(WorkerTokenRequest { ttl, ..request() }), MintError::Lifetime);
        }
        let late = WorkerTokenRequest { not_before: Duration::from_mins(5), ..request() };
        assert_eq!(refused(late), MintError::NotBefore);
        let audience = "worker:rpcx".to_owned();
        assert_eq!(refused(WorkerTokenRequest { audience, ..request() }), MintError::Audience);
        let scopes = vec!["worker:spawn".to_owned(), "worker:*".to_owned()];
        let error = refused(WorkerTokenRequest { scopes, ..request() });
        assert!(matches!(error, MintError::UnknownScope(name) if name.as_str() == "worker:*"));
    }
    let early = WorkerTokenRequest { not_before: Duration::from_secs(299), ..request() };
    assert_eq!(
        mint(early, 2).unwrap().entry.not_before,
        Some(Timestamp::from_unix_s(1_735_689_899))
    );
}
