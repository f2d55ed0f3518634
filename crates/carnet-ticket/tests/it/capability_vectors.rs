//! `capability.json`: the bytes of capability tickets.

use carnet_ticket::capability::{
    AttachRequest, BudgetSpec, Capability, CapabilityError, MountSpec, Role, TicketClaims,
    TicketError, TicketIssuer, TicketKey, TicketLimits, TicketQuotas, TicketScope, TicketToken,
    TicketVerb,
};
use carnet_ticket::rights::{PathScopes, PathVerb};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Profile;
use serde_json::{Value, json};

use crate::runner::{self, Input, Outcome, error, variant};

const OPS: &[(&str, runner::Op)] = &[
    ("encode", encode),
    ("decode", decode),
    ("inspect", inspect),
    ("admit", admit),
    ("permits", permits),
];

/// Promise: C-2, C-3, C-11, C-14, C-15, C-17, C-19, C-32
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
    let keys = keys(&input.take("secrets"));
    let profile = profile(input);
    let token = TicketToken::decode_any(&input.text("token"), &keys, profile).map_err(fault)?;
    assert!(keys.iter().any(|key| key.key_id() == token.key_id()));
    Ok(json!({ "claims": shown(token.claims()), "content_id": token.content_id() }))
}

fn inspect(input: &mut Input) -> Outcome {
    let claims = TicketToken::decode_unverified(&input.text("token")).map_err(fault)?;
    Ok(json!({ "claims": shown(&claims), "signature_verified": false }))
}

fn admit(input: &mut Input) -> Outcome {
    let by_role = input.take("keys");
    let by_role = by_role.as_object().unwrap();
    let keys = by_role.iter().map(|(role, secrets)| (Role::parse(role).unwrap(), keys(secrets)));
    let limits = limits(&input.take("limits"));
    let judge = Capability::new(keys.collect(), limits, profile(input));
    let now = Timestamp(i64::try_from(input.number("now_ms")).unwrap());
    let role = Role::parse(&input.text("role")).unwrap();
    let (identity, token) = (input.maybe("identity"), input.maybe("token"));
    let request = AttachRequest {
        role,
        identity: identity.as_ref().and_then(Value::as_str),
        token: token.as_ref().and_then(Value::as_str),
    };
    let admitted = judge.admit(&request, now).map_err(|refusal| error(&refused(&refusal)))?;
    let expires_at = match admitted.expires {
        Expiration::At(Timestamp(ms)) => Some(ms),
        Expiration::Never => None,
    };
    let limits = admitted.limits;
    Ok(json!({
        "role": admitted.role.label(),
        "subject": admitted.subject,
        "expires_at_ms": expires_at,
        "content_id": admitted.ticket.map(|ticket| ticket.content_id),
        "limits": {
            "ops": limits.ops,
            "ticks": limits.ticks,
            "bandwidth_bytes": limits.bandwidth_bytes,
            "cursor_resumes": limits.cursor_resumes,
            "cursor_advances": limits.cursor_advances,
        },
    }))
}

fn permits(input: &mut Input) -> Outcome {
    let scopes: Vec<_> = input.take("scopes").as_array().unwrap().iter().map(scope).collect();
    let has_scopes = !scopes.is_empty();
    let verb = match input.text("action").as_str() {
        "walk" => PathVerb::Walk,
        "read" => PathVerb::Read,
        "write" => PathVerb::Write,
        "read-write" => PathVerb::ReadWrite,
        other => panic!("unknown action {other}"),
    };
    let rights = PathScopes { role: Role::Queen, scopes };
    let permit = rights.permits(verb, &input.text("path")).map_err(|why| error(&variant(&why)))?;
    Ok(json!({ "scope": has_scopes.then_some(permit.rule.index) }))
}

fn profile(input: &mut Input) -> Profile {
    match input.text("profile").as_str() {
        "strict" => Profile::Strict,
        "compat" => Profile::Compat,
        other => panic!("unknown profile {other}"),
    }
}

fn keys(secrets: &Value) -> Vec<TicketKey> {
    let secrets = secrets.as_array().unwrap().iter();
    secrets.map(|secret| TicketKey::from_secret(secret.as_str().unwrap())).collect()
}

fn limits(value: &Value) -> TicketLimits {
    let number = |name: &str| value[name].as_u64().unwrap();
    let small = |name: &str| u32::try_from(number(name)).unwrap();
    let size = |name: &str| usize::try_from(number(name)).unwrap();
    TicketLimits {
        max_scopes: size("max_scopes"),
        max_scope_path_len: size("max_scope_path_len"),
        max_scope_rate_per_s: small("max_scope_rate_per_s"),
        bandwidth_bytes: number("bandwidth_bytes"),
        cursor_resumes: small("cursor_resumes"),
        cursor_advances: small("cursor_advances"),
        max_ttl_s: number("max_ttl_s"),
        ..TicketLimits::default()
    }
}

/// A ticket's own fault by its name; a limit's payload is not compared.
fn refused(refusal: &CapabilityError) -> String {
    match refusal {
        CapabilityError::Ticket(fault) => format!("{fault:?}"),
        CapabilityError::Limit(fault) => format!("Limit({})", variant(fault)),
        other => variant(other),
    }
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
