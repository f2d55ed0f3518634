//! Properties of capability tickets that vectors cannot show.

use carnet_ticket::capability::{
    BudgetSpec, MountSpec, Role, TicketClaims, TicketError, TicketIssuer, TicketKey, TicketQuotas,
    TicketScope, TicketToken, TicketVerb,
};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Profile;
use proptest::prelude::*;

const SECRET: &str = "an-operational-secret-of-at-least-32-bytes";

fn claims() -> TicketClaims {
    TicketClaims::new(
        Role::WorkerHeartbeat,
        BudgetSpec::default_heartbeat(),
        Some("worker-1".into()),
        MountSpec::empty(),
        1,
    )
}

/// Promise: C-1
#[test]
fn the_example_of_the_format_makes_a_ticket_that_verifies() -> Result<(), TicketError> {
    let claims = claims();
    let token = TicketIssuer::new(SECRET).issue(claims.clone())?.encode()?;
    let verified = TicketToken::decode(&token, &TicketKey::from_secret(SECRET))?;
    assert_eq!(verified.claims(), &claims);
    Ok(())
}

/// Every payload there is, under a wrong MAC, is refused for its MAC alone; inspecting alone reads it.
///
/// Promise: C-6
#[test]
fn nothing_of_a_payload_is_looked_at_before_its_mac_holds() {
    let key = TicketKey::from_secret(SECRET);
    let mac = "0".repeat(64);
    for payload in ["", "02", "0109", "010040", "01000000", "ffffffff", "0100100000000000000000"] {
        let token = format!("cohesix-ticket-{payload}.{mac}");
        assert_eq!(TicketToken::decode(&token, &key), Err(TicketError::MacMismatch), "{payload}");
        let read = TicketToken::decode_unverified(&token);
        assert!(!matches!(read, Err(TicketError::MacMismatch)), "{payload}: {read:?}");
    }
}

/// Promise: C-5
#[test]
fn every_error_reads_as_specified() {
    let table = [
        (TicketError::TooLong(10_111), "ticket of 10111 characters is too long"),
        (TicketError::MissingPrefix, "ticket missing prefix"),
        (TicketError::MalformedToken, "ticket malformed"),
        (TicketError::InvalidMacLength(31), "ticket MAC length 31 is invalid"),
        (TicketError::MacMismatch, "ticket MAC validation failed"),
        (TicketError::UnsupportedVersion(2), "claims version 2 is unsupported"),
        (TicketError::UnsupportedRole(9), "claims role 9 is unsupported"),
        (TicketError::UnknownFlags(64), "claims flags 64 are unknown"),
        (TicketError::MountTooLarge, "mount data exceeds allowed length"),
        (TicketError::ScopeTooMany, "scope count exceeds allowed maximum"),
        (TicketError::EmptyScopes, "scope list is present but empty"),
        (TicketError::InvalidScopeVerb(3), "scope verb 3 is invalid"),
        (TicketError::Truncated, "claims payload truncated"),
        (TicketError::TrailingData, "claims payload contains trailing data"),
    ];
    for (error, text) in table {
        assert_eq!(error.to_string(), text);
    }
}

/// Promise: C-9
#[test]
fn sixteen_scopes_and_255_bytes_encode_and_one_more_does_not() {
    let issuer = TicketIssuer::new(SECRET);
    let long = |len: usize| "s".repeat(len);
    let scopes = |count: usize, len: usize| {
        vec![TicketScope::new(long(len), TicketVerb::ReadWrite, u32::MAX); count]
    };
    let mounts = MountSpec { service: long(255), at: long(255) };
    let quotas = TicketQuotas {
        bandwidth_bytes: Some(1),
        cursor_resumes: Some(1),
        cursor_advances: Some(1),
    };
    let full = TicketClaims::new(
        Role::WorkerGpu,
        BudgetSpec::default_heartbeat(),
        Some(long(255)),
        mounts,
        u64::MAX,
    )
    .with_scopes(scopes(16, 255))
    .with_quotas(quotas);
    let text = issuer.issue(full.clone()).unwrap().encode().unwrap();
    assert_eq!(text.len(), 10_110, "the longest ticket");
    assert_eq!(TicketToken::decode(&text, &issuer.key()).unwrap().claims(), &full);
    let over = |claims: TicketClaims| issuer.issue(claims).unwrap_err();
    assert_eq!(over(claims().with_scopes(scopes(17, 1))), TicketError::ScopeTooMany);
    assert_eq!(over(claims().with_scopes(scopes(1, 256))), TicketError::MountTooLarge);
    assert_eq!(
        over(TicketClaims { subject: Some(long(256)), ..claims() }),
        TicketError::MountTooLarge
    );
    assert_eq!(
        TicketToken::decode_unverified(&format!("{text}0")),
        Err(TicketError::TooLong(10_111))
    );
}

/// Promise: C-10
#[test]
fn each_role_has_its_default_budget_and_label() {
    let heartbeat =
        BudgetSpec::unbounded().with_ticks(Some(1000)).with_ops(Some(10_000)).with_ttl(Some(300));
    let gpu = BudgetSpec::unbounded().with_ops(Some(64)).with_ttl(Some(120));
    let expected = [BudgetSpec::unbounded(), heartbeat, gpu, heartbeat, heartbeat];
    for (role, budget) in Role::ALL.into_iter().zip(expected) {
        assert_eq!(BudgetSpec::default_of(role), budget, "{}", role.label());
        assert_eq!(Role::parse(&role.label().to_uppercase()), Some(role));
    }
    assert_eq!(
        (Role::parse("worker"), Role::parse_with_alias("Worker")),
        (None, Some(Role::WorkerHeartbeat))
    );
}

#[test]
fn a_ticket_ends_with_its_ttl_and_what_does_not_fit_into_a_date_never_ends() {
    let at = |issued_at_ms: u64, ttl_s| {
        let budget = BudgetSpec::unbounded().with_ttl(ttl_s);
        TicketClaims { issued_at_ms, budget, ..claims() }.expires()
    };
    assert_eq!(at(1000, Some(2)), Expiration::At(Timestamp(3000)));
    assert_eq!(at(1000, None), Expiration::Never);
    assert_eq!(at(1000, Some(u64::MAX)), Expiration::Never);
    assert_eq!(at(253_402_300_799_999, Some(0)), Expiration::At(Timestamp(253_402_300_799_999)));
    assert_eq!(at(253_402_300_799_999, Some(1)), Expiration::Never);
}

/// Promise: C-7
#[test]
fn another_key_a_flipped_bit_or_a_short_mac_is_refused_and_debug_shows_no_key() {
    let issuer = TicketIssuer::new(SECRET);
    let text = issuer.issue(claims()).unwrap().encode().unwrap();
    let keys = [TicketKey::from_secret("another-secret-that-is-long-enough"), issuer.key()];
    assert!(TicketToken::decode_any(&text, &keys, Profile::Strict).is_ok());
    assert_eq!(
        TicketToken::decode_any(&text, &keys[..1], Profile::Strict),
        Err(TicketError::MacMismatch)
    );
    assert_eq!(TicketToken::decode_any(&text, &[], Profile::Strict), Err(TicketError::MacMismatch));
    for at in 15..text.len() {
        let mut flipped = text.clone().into_bytes();
        flipped[at] = if flipped[at] == b'0' { b'1' } else { b'0' };
        let flipped = String::from_utf8(flipped).unwrap();
        let refused = TicketToken::decode(&flipped, &issuer.key());
        assert!(flipped == text || refused.is_err(), "character {at}");
    }
    let shown = format!("{:?} {:?}", issuer, issuer.issue(claims()).unwrap());
    let key = blake3::hash(SECRET.as_bytes()).to_hex();
    assert!(!shown.contains(key.as_str()) && !shown.contains("cohesix"), "{shown}");
}

proptest! {
    /// Promise: C-8
    #[test]
    fn no_input_makes_decoding_panic(noise: Vec<u8>, text in "\\PC{0,200}") {
        let issuer = TicketIssuer::new(SECRET);
        let _ = TicketToken::decode(&text, &issuer.key());
        let _ = TicketToken::decode_unverified(&format!("cohesix-ticket-{text}"));
        // With a MAC that holds, so that the payload is read.
        let mac = blake3::keyed_hash(blake3::hash(SECRET.as_bytes()).as_bytes(), &noise);
        let signed = format!("cohesix-ticket-{}.{}", hex::encode(&noise), mac.to_hex());
        let _ = TicketToken::decode(&signed, &issuer.key());
    }

    #[test]
    fn tickets_round_trip(subject in "\\PC{0,60}", path in "/[a-z/]{0,40}", rate: u32, issued_at_ms: u64, ops: Option<u64>) {
        let issuer = TicketIssuer::new(SECRET);
        let claims = TicketClaims { subject: Some(subject), issued_at_ms, budget: BudgetSpec::unbounded().with_ops(ops), ..claims() }
            .with_scopes(vec![TicketScope::new(path, TicketVerb::Write, rate)]);
        let text = issuer.issue(claims.clone()).unwrap().encode().unwrap();
        let read = TicketToken::decode_any(&text, &[issuer.key()], Profile::Strict).unwrap();
        prop_assert_eq!(read.claims(), &claims);
    }
}
