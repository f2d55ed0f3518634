//! `capability.json`: the bytes of capability tickets.

use carnet_ticket::capability::{
    BudgetSpec, MountSpec, Role, TicketClaims, TicketError, TicketIssuer, TicketKey, TicketQuotas,
    TicketScope, TicketToken, TicketVerb,
};
use carnet_ticket::verify::Profile;
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome, error};

const OPS: &[(&str, runner::Op)] = &[("encode", encode), ("decode", decode), ("inspect", inspect)];

/// Promise: C-2, C-3
#[test]
fn vectors_capability() {
    runner::run("capability.json", OPS);
}

fn encode(input: &mut Input) -> Outcome {
    let secret = input.text("secret");
    let issuer = TicketIssuer::new(&secret);
    let claims = claims(&input.take("claims"));
    let token = issuer.issue(claims.clone()).map_err(fault)?;
    let text = token.encode().map_err(fault)?;
    let (payload, mac) = text["cohesix-ticket-".len()..].split_once('.').unwrap();
    assert_eq!(text, text.to_lowercase());
    let upper = format!("cohesix-ticket-{}.{}", payload.to_uppercase(), mac.to_uppercase());
    for spelling in [&text, &upper] {
        let read = TicketToken::decode(spelling, &issuer.key()).unwrap();
        assert_eq!(read.content_id(), token.content_id(), "every spelling is one ticket");
    }
    Ok(json!({
        "payload_hex": payload,
        "key_hex": blake3::hash(secret.as_bytes()).to_hex().as_str(),
        "mac_hex": mac,
        "token": text,
        "token_len": text.len(),
        "content_id": token.content_id(),
    }))
}

fn decode(input: &mut Input) -> Outcome {
    let secrets = input.take("secrets");
    let keys: Vec<_> = secrets
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| TicketKey::from_secret(secret.as_str().unwrap()))
        .collect();
    let profile = match input.text("profile").as_str() {
        "strict" => Profile::Strict,
        "compat" => Profile::Compat,
        other => panic!("unknown profile {other}"),
    };
    let token = TicketToken::decode_any(&input.text("token"), &keys, profile).map_err(fault)?;
    assert!(keys.iter().any(|key| key.key_id() == token.key_id()));
    Ok(json!({ "claims": shown(token.claims()), "content_id": token.content_id() }))
}

fn inspect(input: &mut Input) -> Outcome {
    let claims = TicketToken::decode_unverified(&input.text("token")).map_err(fault)?;
    Ok(json!({ "claims": shown(&claims), "signature_verified": false }))
}

fn fault(fault: TicketError) -> Value {
    error(&format!("{fault:?}"))
}

fn claims(value: &Value) -> TicketClaims {
    let number = |name: &str| value[name].as_u64();
    let small = |name: &str| number(name).map(|number| u32::try_from(number).unwrap());
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let budget = BudgetSpec::unbounded()
        .with_ticks(number("ticks"))
        .with_ops(number("ops"))
        .with_ttl(number("ttl_s"));
    let mounts =
        MountSpec { service: text("mount_service").unwrap(), at: text("mount_at").unwrap() };
    let role = Role::parse(&text("role").unwrap()).unwrap();
    let scopes = value["scopes"].as_array().unwrap().iter().map(scope).collect();
    let quotas = TicketQuotas {
        bandwidth_bytes: number("bandwidth_bytes"),
        cursor_resumes: small("cursor_resumes"),
        cursor_advances: small("cursor_advances"),
    };
    TicketClaims::new(role, budget, text("subject"), mounts, number("issued_at_ms").unwrap())
        .with_scopes(scopes)
        .with_quotas(quotas)
}

fn scope(value: &Value) -> TicketScope {
    let verb = match value["verb"].as_str().unwrap() {
        "read" => TicketVerb::Read,
        "write" => TicketVerb::Write,
        "read-write" => TicketVerb::ReadWrite,
        other => panic!("unknown verb {other}"),
    };
    let rate = u32::try_from(value["rate_per_s"].as_u64().unwrap()).unwrap();
    TicketScope::new(value["path"].as_str().unwrap(), verb, rate)
}

fn shown(claims: &TicketClaims) -> Value {
    let verb = |verb| match verb {
        TicketVerb::Read => "read",
        TicketVerb::Write => "write",
        TicketVerb::ReadWrite => "read-write",
    };
    let scope = |scope: &TicketScope| json!({ "path": scope.path, "verb": verb(scope.verb), "rate_per_s": scope.rate_per_s });
    json!({
        "role": claims.role.label(),
        "ticks": claims.budget.ticks(),
        "ops": claims.budget.ops(),
        "ttl_s": claims.budget.ttl_s(),
        "subject": claims.subject,
        "issued_at_ms": claims.issued_at_ms,
        "mount_service": claims.mounts.service,
        "mount_at": claims.mounts.at,
        "scopes": claims.scopes.iter().map(scope).collect::<Vec<_>>(),
        "bandwidth_bytes": claims.quotas.bandwidth_bytes,
        "cursor_resumes": claims.quotas.cursor_resumes,
        "cursor_advances": claims.quotas.cursor_advances,
    })
}
