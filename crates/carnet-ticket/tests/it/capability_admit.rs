//! Admission of capability tickets, beyond what vectors show.

use std::collections::HashMap;
use std::time::Duration;

use carnet_ticket::capability::{
    AttachRequest, BudgetSpec, Capability, CapabilityError, LimitFault, MountSpec, Role,
    TicketClaims, TicketIssuer, TicketLimits, TicketQuotas, TicketScope, TicketVerb,
};
use carnet_ticket::rights::{PathVerb, Rights};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{Bearer, Class, Facts, Presented, Profile, Reason, Verify};

const SECRET: &str = "an-operational-secret-of-at-least-32-bytes";
const NOW: Timestamp = Timestamp(1_735_689_600_000);

fn judge(limits: TicketLimits) -> Capability {
    let key = TicketIssuer::new(SECRET).key();
    let keys = Role::ALL.into_iter().map(|role| (role, vec![key.clone()]));
    Capability::new(keys.collect::<HashMap<_, _>>(), limits, Profile::Strict)
}

fn claims() -> TicketClaims {
    let issued_at = u64::try_from(NOW.0).unwrap();
    TicketClaims::new(
        Role::WorkerGpu,
        BudgetSpec::default_gpu(),
        Some("gpu-1".to_owned()),
        MountSpec::empty(),
        issued_at,
    )
}

fn token(claims: TicketClaims) -> String {
    TicketIssuer::new(SECRET).issue(claims).unwrap().encode().unwrap()
}

fn attach(
    limits: TicketLimits,
    role: Role,
    claims: TicketClaims,
) -> Result<Option<String>, CapabilityError> {
    let token = token(claims);
    let request = AttachRequest { role, identity: None, token: Some(&token) };
    judge(limits).admit(&request, NOW).map(|admitted| admitted.subject)
}

/// Promise: C-11
#[test]
fn a_queen_may_come_without_a_ticket_and_nobody_else() {
    for role in Role::ALL {
        for token in [None, Some(""), Some(" \n")] {
            let request = AttachRequest { role, identity: Some("me"), token };
            let admitted = judge(TicketLimits::default()).admit(&request, NOW);
            if role == Role::Queen {
                assert_eq!(admitted.unwrap().subject.as_deref(), Some("me"));
            } else {
                assert_eq!(admitted.unwrap_err(), CapabilityError::TicketRequired);
            }
        }
    }
}

/// Promise: C-14
#[test]
fn a_ticket_attaches_as_its_own_role_alone_also_when_every_role_has_one_secret() {
    for role in Role::ALL {
        let attached = attach(TicketLimits::default(), role, claims());
        if role == Role::WorkerGpu {
            assert_eq!(attached, Ok(Some("gpu-1".to_owned())), "the subject is the identity");
        } else {
            assert_eq!(attached, Err(CapabilityError::RoleMismatch));
        }
    }
}

/// Promise: C-18
#[test]
fn limits_say_what_is_over_and_by_how_much() {
    let scope = |path: &str, rate| TicketScope::new(path, TicketVerb::Read, rate);
    let quotas = |bandwidth_bytes, cursor_resumes, cursor_advances| {
        claims().with_quotas(TicketQuotas { bandwidth_bytes, cursor_resumes, cursor_advances })
    };
    let long = format!("/{}", "p".repeat(128));
    let max_ttl = TicketLimits { max_ttl_s: 60, ..TicketLimits::default() };
    let defaults = TicketLimits::default();
    let table = [
        (defaults, claims().with_scopes(vec![scope("/", 0); 9]), "scope count 9 exceeds 8"),
        (
            defaults,
            claims().with_scopes(vec![scope("/a/../b", 0)]),
            "scope path '/a/../b' exceeds 128 bytes",
        ),
        (
            defaults,
            claims().with_scopes(vec![scope("relative", 0)]),
            "scope path 'relative' exceeds 128 bytes",
        ),
        (defaults, claims().with_scopes(vec![scope("/", 65)]), "scope rate 65 exceeds 64"),
        (defaults, quotas(Some(131_073), None, None), "bandwidth quota 131073 exceeds 131072"),
        (defaults, quotas(None, Some(17), None), "cursor resume quota 17 exceeds 16"),
        (defaults, quotas(None, None, Some(257)), "cursor advance quota 257 exceeds 256"),
        (max_ttl, claims(), "ttl 120 exceeds 60"),
    ];
    for (limits, claims, text) in table {
        let error = attach(limits, Role::WorkerGpu, claims).unwrap_err();
        assert_eq!(error.to_string(), format!("ticket invalid: {text}"));
    }
    let error = attach(defaults, Role::WorkerGpu, claims().with_scopes(vec![scope(&long, 0)]));
    let Err(CapabilityError::Limit(LimitFault::ScopePath { path, max: 128 })) = error else {
        panic!("{error:?}")
    };
    assert_eq!(path.as_str().len(), 64, "no more of it than an error may carry");
}

/// Promise: C-17
#[test]
fn what_strict_refuses_compat_takes() {
    let admit = |profile, token: &str| {
        let keys = HashMap::from([(Role::WorkerGpu, vec![TicketIssuer::new(SECRET).key()])]);
        let judge = Capability::new(keys, TicketLimits::default(), profile);
        let request = AttachRequest { role: Role::WorkerGpu, identity: None, token: Some(token) };
        judge
            .admit(&request, NOW)
            .map(|admitted| admitted.subject)
            .map_err(|error| format!("{error:?}"))
    };
    let issued =
        |after_ms: u64| TicketClaims { issued_at_ms: claims().issued_at_ms + after_ms, ..claims() };
    let forever = TicketClaims { budget: claims().budget.with_ttl(None), ..claims() };
    for (token, fault) in [
        (resealed(|payload| payload[FLAGS] |= 0x80), "UnknownFlags(128)"),
        (resealed(|payload| payload[FLAGS] |= 0x40), "UnknownFlags(64)"),
        (resealed(without_scopes), "EmptyScopes"),
        (token(forever), "TtlRequired"),
        (token(issued(30_001)), "IssuedInFuture"),
    ] {
        let refused = admit(Profile::Strict, &token).unwrap_err();
        assert!(refused.contains(fault), "{fault}: {refused}");
        assert_eq!(admit(Profile::Compat, &token), Ok(Some("gpu-1".to_owned())), "{fault}");
    }
    assert!(admit(Profile::Strict, &token(issued(30_000))).is_ok(), "clocks differ");
}

/// Where a payload has its flags; one of them says that scopes follow.
const FLAGS: usize = 2;
const HAS_SCOPES: u8 = 0x10;

/// A list of scopes, with none in it.
fn without_scopes(payload: &mut Vec<u8>) {
    payload[FLAGS] |= HAS_SCOPES;
    payload.push(0);
}

/// A ticket whose payload was changed by somebody who has the secret.
fn resealed(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let token = token(claims());
    let (payload, _) = token["cohesix-ticket-".len()..].split_once('.').unwrap();
    let mut payload = hex::decode(payload).unwrap();
    change(&mut payload);
    let mac = blake3::keyed_hash(blake3::hash(SECRET.as_bytes()).as_bytes(), &payload);
    format!("cohesix-ticket-{}.{}", hex::encode(&payload), mac.to_hex())
}

/// What the gate asks: the bearer's role picks the keys, and the scopes become rights with their rates.
#[test]
fn the_gate_gets_rights_limits_and_the_content() {
    let scopes = vec![TicketScope::new("/telemetry", TicketVerb::Write, 0)];
    let text = token(claims().with_scopes(scopes));
    let bearer = |role, subject| Bearer { role, subject, ..Bearer::nobody() };
    let present = |bearer| Presented { bearer, ..Presented::text(&text) };
    let judge = judge(TicketLimits::default());
    let verify = |bearer| judge.verify(&present(bearer), &Facts::none(), NOW);

    let verified = verify(bearer(Some("worker-gpu"), None)).unwrap();
    assert_eq!((verified.class, verified.subject.as_deref()), (Class::Capability, Some("gpu-1")));
    assert_eq!(verified.expires.moment(), Some(NOW.after(Duration::from_mins(2))));
    assert_eq!(verified.limits.ops, Some(64));
    let Some(Rights::Paths(paths)) = &verified.rights else { panic!("{:?}", verified.rights) };
    let permit = paths.permits(PathVerb::Write, "/telemetry/now").unwrap();
    assert_eq!(permit.rate.map(u32::from), Some(64), "strict: a rate of 0 is the manifest's");

    assert_eq!(verify(Bearer::nobody()).unwrap_err(), Reason::Role);
    let other = verify(bearer(Some("worker-gpu"), Some("gpu-2"))).unwrap_err();
    assert_eq!(other, Reason::Capability(CapabilityError::SubjectMismatch));
}
