//! Minting and attenuating capability tickets.

use carnet_authority::mint::{
    AttenuateError, CapabilityMintError, CapabilityRequest, Issue, Minted, Narrowing, Policy,
    attenuate, capability,
};
use carnet_ticket::capability::{
    AttachRequest, BudgetSpec, Capability, CapabilityError, MountSpec, Role, TicketClaims,
    TicketIssuer, TicketLimits, TicketQuotas, TicketScope, TicketToken, TicketVerb,
};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{Limits, Profile};
use proptest::prelude::*;
use secrecy::ExposeSecret;

const SECRET: &str = "an-operational-secret-of-at-least-32-bytes";
const NOW: Timestamp = Timestamp(1_735_689_600_000);

const STRICT: Policy = Policy {
    limits: TicketLimits {
        max_scopes: 8,
        max_scope_path_len: 128,
        max_scope_rate_per_s: 64,
        bandwidth_bytes: 131_072,
        cursor_resumes: 16,
        cursor_advances: 256,
        max_ttl_s: 0,
        max_token_chars: 10_110,
    },
    profile: Profile::Strict,
};

fn issue() -> Issue<'static> {
    let id = Ulid::new(NOW, [1; 10]);
    Issue { id, issued_by: "key:admin", tenant_id: None, request_id: "request-1", now: NOW }
}

fn request(role: Role) -> CapabilityRequest {
    CapabilityRequest {
        role,
        subject: Some("worker-1".to_owned()),
        budget: None,
        mount: MountSpec::empty(),
        scopes: Vec::new(),
        quotas: TicketQuotas::unbounded(),
        issued_at: None,
    }
}

fn mint(request: CapabilityRequest) -> Result<Minted, CapabilityMintError> {
    let issuer = TicketIssuer::new(SECRET);
    capability(request, &issuer, &STRICT, &issue())
}

fn decode(minted: &Minted) -> TicketToken {
    let key = TicketIssuer::new(SECRET).key();
    TicketToken::decode(minted.token.expose_secret(), &key).unwrap()
}

fn scope(path: &str, verb: TicketVerb, rate: u32) -> TicketScope {
    TicketScope::new(path, verb, rate)
}

#[test]
fn what_is_minted_attaches_and_the_ledger_knows_it_without_its_text() {
    let key = TicketIssuer::new(SECRET).key();
    for role in Role::ALL {
        let minted = mint(request(role)).unwrap();
        let text = minted.token.expose_secret();
        let keys = [(role, vec![key.clone()])].into();
        let judge = Capability::new(keys, TicketLimits::default(), Profile::Strict);
        let attach = AttachRequest { role, identity: Some("worker-1"), token: Some(text) };
        let admitted = judge.admit(&attach, NOW).unwrap();
        assert_eq!(admitted.ticket.unwrap().content_id, minted.entry.content_id);
        assert_eq!(admitted.expires, minted.entry.expires_at);
        assert_eq!(minted.entry.key_id, key.key_id());
        let shown = format!("{:?}", minted.entry);
        assert!(!shown.contains(&text[15..60]) && !format!("{minted:?}").contains(&text[15..60]));
    }
}

#[test]
fn policy_refuses_what_would_never_attach() {
    let without_subject = CapabilityRequest { subject: None, ..request(Role::WorkerGpu) };
    let error = mint(without_subject).unwrap_err();
    assert_eq!(error, CapabilityMintError::SubjectRequired);
    assert_eq!(error.to_string(), "worker roles require a subject identity");
    assert!(mint(CapabilityRequest { subject: None, ..request(Role::Queen) }).is_ok());

    let for_ever =
        CapabilityRequest { budget: Some(BudgetSpec::unbounded()), ..request(Role::WorkerGpu) };
    assert_eq!(mint(for_ever).unwrap_err(), CapabilityMintError::TtlRequired);
    for (service, at) in
        [("", "/a"), ("s", ""), ("s", "a"), ("s", "/"), ("s", "//"), ("s", "/a/..")]
    {
        let mount = MountSpec { service: service.to_owned(), at: at.to_owned() };
        let error = mint(CapabilityRequest { mount, ..request(Role::Queen) }).unwrap_err();
        assert_eq!(error, CapabilityMintError::Mount, "{service} {at}");
    }
    let scopes = vec![scope("/a/../b", TicketVerb::Read, 0)];
    let error = mint(CapabilityRequest { scopes, ..request(Role::Queen) }).unwrap_err();
    assert_eq!(error.to_string(), "scope path '/a/../b' exceeds 128 bytes");
}

/// Promise: C-12
#[test]
fn a_worker_without_a_subject_gets_no_ticket_and_attaches_with_none_in_either_profile() {
    let issuer = TicketIssuer::new(SECRET);
    for profile in [Profile::Strict, Profile::Compat] {
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Queen) {
            for subject in [None, Some(String::new())] {
                let asked = CapabilityRequest { subject: subject.clone(), ..request(role) };
                let limits = TicketLimits::default();
                let refused =
                    capability(asked, &issuer, &Policy { limits, profile }, &issue()).unwrap_err();
                assert_eq!(refused, CapabilityMintError::SubjectRequired);

                // One that somebody else has made all the same.
                let budget = BudgetSpec::default_of(role);
                let issued_at = u64::try_from(NOW.0).unwrap();
                let claims =
                    TicketClaims::new(role, budget, subject, MountSpec::empty(), issued_at);
                let text = issuer.issue(claims).unwrap().encode().unwrap();
                let judge = Capability::new([(role, vec![issuer.key()])].into(), limits, profile);
                let attach = AttachRequest { role, identity: None, token: Some(&text) };
                let refused = judge.admit(&attach, NOW).unwrap_err();
                assert_eq!(refused, CapabilityError::SubjectRequired);
            }
        }
    }
}

fn parent() -> TicketToken {
    let scopes =
        vec![scope("/proc", TicketVerb::Read, 10), scope("/shard/1", TicketVerb::ReadWrite, 0)];
    let quotas = TicketQuotas { bandwidth_bytes: Some(1000), ..TicketQuotas::unbounded() };
    decode(&mint(CapabilityRequest { scopes, quotas, ..request(Role::WorkerGpu) }).unwrap())
}

const LEFT: Limits = Limits {
    ops: Some(50),
    bandwidth_bytes: Some(900),
    cursor_resumes: Some(16),
    cursor_advances: Some(256),
    ..Limits::none()
};

fn narrow(narrowing: Narrowing) -> Result<Minted, AttenuateError> {
    let issuer = TicketIssuer::new(SECRET);
    attenuate(&parent(), &LEFT, 0, narrowing, &issuer, &STRICT, &issue())
}

#[test]
fn a_child_that_names_nothing_has_what_its_parent_has_left() {
    let minted = narrow(Narrowing::default()).unwrap();
    let (parent, child) = (parent(), decode(&minted));
    assert_eq!(minted.entry.parent_id, Some(parent.content_id()));
    assert_ne!(child.content_id(), parent.content_id());
    assert_eq!(child.claims().scopes, parent.claims().scopes);
    assert_eq!(child.claims().budget.ops(), Some(50));
    assert_eq!(child.claims().quotas.bandwidth_bytes, Some(900));
    assert_eq!(child.claims().expires(), parent.claims().expires());
}

#[test]
fn whatever_is_wider_is_refused_by_its_name() {
    let scopes = |path, verb, rate| Narrowing {
        scopes: vec![scope(path, verb, rate)],
        ..Narrowing::default()
    };
    let quotas = TicketQuotas { bandwidth_bytes: Some(901), ..TicketQuotas::unbounded() };
    let mount = MountSpec { service: "s".to_owned(), at: "/s".to_owned() };
    let table = [
        (scopes("/proc", TicketVerb::Read, 11), AttenuateError::Scope),
        (scopes("/proc", TicketVerb::Read, 0), AttenuateError::Scope),
        (scopes("/proc", TicketVerb::ReadWrite, 1), AttenuateError::Scope),
        (scopes("/procx", TicketVerb::Read, 1), AttenuateError::Scope),
        (scopes("/", TicketVerb::Read, 1), AttenuateError::Scope),
        (scopes("/shard/1/../2", TicketVerb::Read, 1), AttenuateError::Scope),
        (Narrowing { ops: Some(51), ..Narrowing::default() }, AttenuateError::Budget),
        (Narrowing { quotas, ..Narrowing::default() }, AttenuateError::Quota),
        (
            Narrowing {
                quotas: TicketQuotas { bandwidth_bytes: Some(0), ..TicketQuotas::unbounded() },
                ..Narrowing::default()
            },
            AttenuateError::Quota,
        ),
        (Narrowing { ttl_s: Some(121), ..Narrowing::default() }, AttenuateError::Expiry),
        (Narrowing { role: Some(Role::Queen), ..Narrowing::default() }, AttenuateError::Role),
        (
            Narrowing { subject: Some("other".to_owned()), ..Narrowing::default() },
            AttenuateError::Subject,
        ),
        (Narrowing { mount: Some(mount), ..Narrowing::default() }, AttenuateError::Mount),
    ];
    for (narrowing, error) in table {
        assert_eq!(narrow(narrowing.clone()).unwrap_err(), error, "{narrowing:?}");
    }
    assert!(narrow(scopes("/shard/1/telemetry", TicketVerb::Write, 64)).is_ok());
    let issuer = TicketIssuer::new(SECRET);
    let at_depth = |ancestors| {
        attenuate(&parent(), &LEFT, ancestors, Narrowing::default(), &issuer, &STRICT, &issue())
    };
    assert!(at_depth(15).is_ok(), "the 16th below the first");
    assert_eq!(at_depth(16).unwrap_err(), AttenuateError::Depth);
}

proptest! {
    /// Whatever is asked for, a child that is minted allows nothing that its parent does not.
    #[test]
    fn a_child_is_never_wider(
        path in "/(proc|shard/1|shard|procx)(/[a-c]{1,2})?", verb in 0_u8..3, rate in 0_u32..80,
        ops in proptest::option::of(0_u64..100), ttl_s in proptest::option::of(0_u64..200),
        bandwidth_bytes in proptest::option::of(0_u64..2000),
    ) {
        let verb = [TicketVerb::Read, TicketVerb::Write, TicketVerb::ReadWrite][usize::from(verb)];
        let quotas = TicketQuotas { bandwidth_bytes, ..TicketQuotas::unbounded() };
        let narrowing = Narrowing { scopes: vec![scope(&path, verb, rate)], ops, ttl_s, quotas, ..Narrowing::default() };
        if let Ok(minted) = narrow(narrowing) {
            let (parent, child) = (parent(), decode(&minted));
            prop_assert!(child.claims().expires() <= parent.claims().expires());
            prop_assert!(child.claims().budget.ops().unwrap() <= 50);
            prop_assert!(child.claims().quotas.bandwidth_bytes.is_some_and(|quota| quota <= 900));
            let reads_proc = path.starts_with("/proc/") || path == "/proc";
            let in_shard = path.starts_with("/shard/1");
            prop_assert!(in_shard || (reads_proc && verb == TicketVerb::Read && (1..=10).contains(&rate)));
        }
    }
}
