//! Who calls, by the headers of a request.

use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, Format, Via, WorkerAuth, WorkerHeaders, WorkerIdentity, WorkerKeys, WorkerScopes,
    WorkerTokenError, authenticate,
};

use super::{NOW, WAYS, claims, keys, mint};

const PROFILES: [Profile; 2] = [Profile::Strict, Profile::Compat];

/// Somebody of this id, with this token in the header made for it.
fn headers<'a>(worker_id: &'a str, token: &'a str) -> WorkerHeaders<'a> {
    WorkerHeaders { worker_id: Some(worker_id), worker_token: Some(token), authorization: None }
}

fn who(
    keys: &WorkerKeys,
    profile: Profile,
    headers: &WorkerHeaders<'_>,
) -> Result<WorkerIdentity, WorkerTokenError> {
    let auth = WorkerAuth { keys: keys.clone(), profile };
    authenticate(&auth, Audience::ControlPlane, headers, NOW)
}

/// Promise: W-14
#[test]
fn the_header_names_the_worker_that_the_token_names() {
    for (format, profile) in WAYS {
        let token = mint(format, &claims());
        let via = match format {
            Format::V1 => Via::SignedV1,
            Format::V2 => Via::SignedV2,
        };
        let identity = who(&keys(), profile, &headers(" worker-a ", &token)).unwrap();
        assert_eq!((identity.worker_id.as_str(), identity.via), ("worker-a", via));
        for other in ["worker-b", "Worker-a", "WORKER-A", "worker-a2", "worker", "wörker-a"] {
            let found = who(&keys(), profile, &headers(other, &token));
            assert_eq!(found, Err(WorkerTokenError::WorkerIdMismatch), "{other}");
        }
    }
}

/// Promise: W-22
#[test]
fn a_workers_own_static_token_overrides_the_shared_one() {
    let keys = keys()
        .with_shared_token(" shared\n")
        .with_worker_tokens([("worker-a", "own"), ("worker-b", " ")]);
    for profile in PROFILES {
        let via = |id, token| who(&keys, profile, &headers(id, token)).map(|found| found.via);
        assert_eq!(via("worker-a", "own"), Ok(Via::WorkerTokens));
        assert_eq!(via("worker-a", "shared"), Err(WorkerTokenError::StaticMismatch));
        for id in ["worker-b", "worker-c", "Worker-a"] {
            assert_eq!(via(id, "shared"), Ok(Via::WorkerToken), "{id}");
            assert_eq!(via(id, "own"), Err(WorkerTokenError::StaticMismatch), "{id}");
        }
    }
}

/// Promise: W-23
#[test]
fn static_tokens_work_beside_signed_ones_and_give_all_eight_scopes() {
    let keys = keys().with_shared_token("shared").with_worker_tokens([("worker-b", "own")]);
    for (format, profile) in WAYS {
        for (id, token) in [("worker-a", "shared"), ("worker-b", "own")] {
            let identity = who(&keys, profile, &headers(id, token)).unwrap();
            assert_eq!(identity.scopes, WorkerScopes::all());
            assert_eq!((identity.expires, identity.content_id), (Expiration::Never, None));
        }
        let token = mint(format, &claims());
        let identity = who(&keys, profile, &headers("worker-a", &token)).unwrap();
        assert_eq!(identity.scopes.as_slice().len(), 1);
    }
}

/// Promise: W-25
#[test]
fn a_header_of_its_own_wins_and_bearer_is_read_in_any_case() {
    for endpoint in Audience::ALL {
        let token = |worker_token, authorization| {
            let auth = WorkerAuth {
                keys: WorkerKeys::new().with_shared_token("good"),
                profile: Profile::Strict,
            };
            let headers = WorkerHeaders { worker_id: Some("w"), worker_token, authorization };
            authenticate(&auth, endpoint, &headers, NOW).map(|identity| identity.worker_id)
        };
        let good = Ok("w".to_owned());
        for bearer in ["Bearer good", "bearer good", "BEARER\tgood", " bEaReR   good "] {
            assert_eq!(token(None, Some(bearer)), good, "{bearer}");
            assert_eq!(token(Some("  "), Some(bearer)), good, "{bearer}");
            assert_eq!(token(Some("bad"), Some(bearer)), Err(WorkerTokenError::StaticMismatch));
        }
        assert_eq!(token(Some("good"), Some("Bearer bad")), good);
        for none in ["good", "Basic good", "Bearer", "Bearer ", "Bearergood", ""] {
            assert_eq!(token(None, Some(none)), Err(WorkerTokenError::NoToken), "{none}");
        }
    }
}

#[test]
fn what_is_missing_is_told_in_order() {
    let long = "x".repeat(4097);
    let nobody = WorkerHeaders::default();
    let unnamed = WorkerHeaders { worker_id: Some(" "), ..headers("", &long) };
    for profile in PROFILES {
        assert_eq!(who(&WorkerKeys::new(), profile, &nobody), Err(WorkerTokenError::Unconfigured));
        let blank = WorkerKeys::new().with_shared_token(" ").with_worker_tokens([("a", "")]);
        assert_eq!(who(&blank, profile, &nobody), Err(WorkerTokenError::Unconfigured));
        assert_eq!(who(&keys(), profile, &nobody), Err(WorkerTokenError::NoToken));
        assert_eq!(who(&keys(), profile, &unnamed), Err(WorkerTokenError::NoWorkerId));
        assert_eq!(who(&keys(), profile, &headers("w", &long)), Err(WorkerTokenError::TooLong));
    }
}

/// By construction: a static token is kept as its digest alone, what is presented is hashed, and digests, which
/// all have 32 bytes, are compared with `subtle`; MACs are compared in constant time too, in their 43
/// characters; a text of another length, which is no secret, is refused before. What can be seen of it is that only equality
/// counts, and that no secret is kept to be compared otherwise.
///
/// Promise: W-43
#[test]
fn secrets_are_compared_whole_and_not_kept() {
    let secret = "sesame-static-token";
    let keys = keys().with_shared_token(secret).with_worker_tokens([("worker-b", secret)]);
    for len in 1..200 {
        let same_start: String = secret.chars().chain("x".repeat(200).chars()).take(len).collect();
        let found = who(&keys, Profile::Strict, &headers("worker-a", &same_start));
        assert_eq!(found.is_ok(), same_start == secret, "{len}");
    }
    let token = mint(Format::V1, &claims());
    for len in 0..43 {
        let cut = &token[..token.len() - 43 + len];
        let found = who(&keys, Profile::Strict, &headers("worker-a", cut));
        assert_eq!(found, Err(WorkerTokenError::Signature), "{len}");
    }
    let shown = format!("{keys:?}");
    assert!(!shown.contains("sesame") && !shown.contains("signing-key"), "{shown}");
}

#[test]
fn a_moment_no_one_stamped_is_after_every_expiry() {
    let auth = WorkerAuth { keys: keys(), profile: Profile::Compat };
    let token = mint(Format::V1, &claims());
    let found =
        authenticate(&auth, Audience::ControlPlane, &headers("worker-a", &token), Timestamp::MAX);
    assert_eq!(found, Err(WorkerTokenError::Expired));
}
