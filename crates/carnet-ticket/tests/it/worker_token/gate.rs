//! Worker tokens as the gate sees them.

use carnet_ticket::id;
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::{
    Bearer, Class, Facts, Limits, Presented, Profile, Reason, Verified, Verify,
};
use carnet_ticket::worker_token::{
    Audience, CLASS, Claims, Format, WorkerKeys, WorkerScope, WorkerTokenError, WorkerTokenVerifier,
};

use super::{NOW, WAYS, claims, keys, mint, payload, sign};

fn present(class: Class, text: &str, endpoint: Audience) -> Presented<'_> {
    let bearer =
        Bearer { subject: Some("worker-a"), audience: Some(endpoint.as_str()), ..Bearer::nobody() };
    Presented { bearer, ..Presented::of(class, text) }
}

fn judge(
    verifier: &WorkerTokenVerifier,
    class: Class,
    text: &str,
    endpoint: Audience,
) -> Result<Verified, Reason> {
    verifier.verify(&present(class, text, endpoint), &Facts::none(), NOW)
}

fn routes(verified: Verified) -> RouteScopes {
    match verified.rights {
        Some(Rights::Routes(routes)) => routes,
        other => panic!("other rights: {other:?}"),
    }
}

#[test]
fn a_token_becomes_what_it_says() {
    for (format, profile) in WAYS {
        let verifier = WorkerTokenVerifier::new(keys(), profile);
        let token = mint(format, &claims());
        let found = judge(&verifier, Class::WorkerToken, &token, Audience::ControlPlane).unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert_eq!(found.class, Class::WorkerToken);
        assert_eq!(found.content_id, CLASS.derive(signed));
        assert_eq!(found.content_id, id!("carnet.ticket.worker-token").derive(signed));
        assert_eq!(found.subject.as_deref(), Some("worker-a"));
        assert_eq!(found.token_id.as_deref(), Some("token-1"));
        assert_eq!(found.issued_at.unwrap().unix_s(), claims().issued_at_s);
        assert_eq!(found.expires.moment().unwrap().unix_s(), claims().expires_s);
        assert_eq!(found.limits, Limits::none());
        let routes = routes(found);
        assert!(routes.permits_worker("worker:heartbeat", "worker-a").is_ok());
        assert_eq!(routes.permits_worker("worker:heartbeat", "worker-b"), Err(Reason::Scope));
        assert_eq!(routes.permits_worker("worker:lease", "worker-a"), Err(Reason::Role));
    }
}

#[test]
fn a_static_token_has_all_scopes_and_no_end() {
    let verifier = WorkerTokenVerifier::new(keys().with_shared_token("shared"), Profile::Strict);
    let found = judge(&verifier, Class::StaticToken, "shared", Audience::Rpc).unwrap();
    let key_id = found.key_id.unwrap().to_string();
    assert_eq!(found.content_id, id!("carnet.credential.static-token").derive(key_id));
    assert_eq!((found.class, found.expires), (Class::StaticToken, Expiration::Never));
    let routes = routes(found);
    assert!(WorkerScope::ALL.into_iter().all(|scope| routes.permits(scope.as_str()).is_ok()));
}

#[test]
fn the_class_told_and_the_text_agree_and_an_audience_is_demanded() {
    let verifier = WorkerTokenVerifier::new(keys().with_shared_token("shared"), Profile::Compat);
    let token = mint(Format::V1, &claims());
    let endpoint = Audience::ControlPlane;
    let refused = |class, text| judge(&verifier, class, text, endpoint).unwrap_err();
    assert_eq!(refused(Class::StaticToken, &token), Reason::Malformed);
    assert_eq!(refused(Class::WorkerToken, "shared"), Reason::Malformed);
    for audience in [None, Some(""), Some("worker:*")] {
        let mut presented = present(Class::WorkerToken, &token, endpoint);
        presented.bearer.audience = audience;
        let found = verifier.verify(&presented, &Facts::none(), NOW);
        assert_eq!(found, Err(Reason::WorkerToken(WorkerTokenError::Audience)));
    }
    let fault = Reason::WorkerToken(WorkerTokenError::Signature);
    assert_eq!(fault.code(), "signature");
}

/// Promise: W-18
#[test]
fn scopes_outside_the_eight_give_no_right() {
    let foreign =
        ["admin:*", "api:*", "worker:*", "read:*", "operator:*", "tenant:admin", "worker:mint"];
    for (format, profile) in WAYS {
        let verifier = WorkerTokenVerifier::new(keys(), profile);
        for scopes in
            [r#"["admin:*","api:*","worker:*"]"#, r#"["worker:lease","admin:*","worker:mint"]"#]
        {
            let token = sign(format, payload(&[("scopes", Some(scopes))]));
            let found = judge(&verifier, Class::WorkerToken, &token, Audience::ControlPlane);
            let routes = routes(found.unwrap());
            for scope in foreign {
                assert_eq!(routes.permits(scope), Err(Reason::Role), "{scope}");
            }
            let is_known = |scope: &&str| WorkerScope::parse(scope).is_some();
            assert!(routes.scopes.iter().all(is_known) && routes.role.is_empty());
        }
    }
}

/// Promise: W-20
#[test]
fn a_revoked_id_is_refused_at_once_and_falls_back_to_nothing() {
    for (format, profile) in WAYS {
        let verifier = WorkerTokenVerifier::new(keys(), profile);
        for endpoint in Audience::ALL {
            let claims = Claims { audience: endpoint.as_str().to_owned(), ..claims() };
            let token = mint(format, &claims);
            let with_static = || {
                let keys = keys().with_shared_token(&token);
                keys.with_worker_tokens([("worker-a", token.as_str())])
            };
            let judge = || judge(&verifier, Class::WorkerToken, &token, endpoint);
            verifier.swap(with_static(), profile);
            assert!(judge().is_ok());
            verifier.swap(with_static().with_revoked_ids(["other", " token-1 ", ""]), profile);
            assert_eq!(judge(), Err(Reason::WorkerToken(WorkerTokenError::Revoked)));
            let told_static = present(Class::StaticToken, &token, endpoint);
            let found = verifier.verify(&told_static, &Facts::none(), NOW);
            assert_eq!(found, Err(Reason::Malformed));
            verifier.swap(WorkerKeys::new(), profile);
            assert_eq!(judge(), Err(Reason::WorkerToken(WorkerTokenError::Unconfigured)));
        }
    }
}
