//! Writing claims. Integers are little-endian, texts have a u16 length.

use super::claims::{TicketClaims, TicketVerb};
use super::{
    FLAG_OPS, FLAG_QUOTAS, FLAG_SCOPES, FLAG_SUBJECT, FLAG_TICKS, FLAG_TTL, SCOPES_MAX,
    TEXT_LEN_MAX, TicketError, VERSION,
};

/// The payload of claims.
pub(super) fn payload(claims: &TicketClaims) -> Result<Vec<u8>, TicketError> {
    let mut out = vec![VERSION, claims.role.code(), flags(claims)];
    let budget = [claims.budget.ticks(), claims.budget.ops(), claims.budget.ttl_s()];
    budget.into_iter().flatten().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
    if let Some(subject) = &claims.subject {
        text(&mut out, subject)?;
    }
    out.extend_from_slice(&claims.issued_at_ms.to_le_bytes());
    text(&mut out, &claims.mounts.service)?;
    text(&mut out, &claims.mounts.at)?;
    if !claims.scopes.is_empty() {
        scopes(&mut out, claims)?;
    }
    if has_quotas(claims) {
        out.extend_from_slice(&claims.quotas.bandwidth_bytes.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&claims.quotas.cursor_resumes.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&claims.quotas.cursor_advances.unwrap_or(0).to_le_bytes());
    }
    Ok(out)
}

fn flags(claims: &TicketClaims) -> u8 {
    let flags = [
        (claims.budget.ticks().is_some(), FLAG_TICKS),
        (claims.budget.ops().is_some(), FLAG_OPS),
        (claims.budget.ttl_s().is_some(), FLAG_TTL),
        (claims.subject.is_some(), FLAG_SUBJECT),
        (!claims.scopes.is_empty(), FLAG_SCOPES),
        (has_quotas(claims), FLAG_QUOTAS),
    ];
    flags.into_iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, flag)| all | flag)
}

fn has_quotas(claims: &TicketClaims) -> bool {
    let quotas = &claims.quotas;
    quotas.bandwidth_bytes.is_some()
        || quotas.cursor_resumes.is_some()
        || quotas.cursor_advances.is_some()
}

fn scopes(out: &mut Vec<u8>, claims: &TicketClaims) -> Result<(), TicketError> {
    let count =
        u8::try_from(claims.scopes.len()).ok().filter(|count| usize::from(*count) <= SCOPES_MAX);
    out.push(count.ok_or(TicketError::ScopeTooMany)?);
    for scope in &claims.scopes {
        text(out, &scope.path)?;
        out.push(match scope.verb {
            TicketVerb::Read => 0,
            TicketVerb::Write => 1,
            TicketVerb::ReadWrite => 2,
        });
        out.extend_from_slice(&scope.rate_per_s.to_le_bytes());
    }
    Ok(())
}

fn text(out: &mut Vec<u8>, text: &str) -> Result<(), TicketError> {
    let len = u16::try_from(text.len()).ok().filter(|len| usize::from(*len) <= TEXT_LEN_MAX);
    out.extend_from_slice(&len.ok_or(TicketError::MountTooLarge)?.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}
