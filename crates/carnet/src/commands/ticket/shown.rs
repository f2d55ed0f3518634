//! Tickets as they are shown. The order of the members is that of the documentation.

use carnet_ticket::capability::{TicketClaims, TicketVerb};
use carnet_ticket::id::UniqueId;
use carnet_ticket::time::{Expiration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::output;

/// A capability ticket. What is absent is null.
#[derive(Debug, Serialize)]
pub struct Capability<'a> {
    class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    id: String,
    fingerprint: String,
    role: &'static str,
    subject: Option<&'a str>,
    issued_at: String,
    expires_at: Option<String>,
    budget: Budget,
    mount: Mount<'a>,
    scopes: Vec<Scope<'a>>,
    quotas: Quotas,
    length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_verified: Option<bool>,
    /// What the ledger holds of it, when a server minted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a Value>,
}

#[derive(Debug, Serialize)]
struct Budget {
    ticks: Option<u64>,
    ops: Option<u64>,
    ttl_s: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Mount<'a> {
    service: Option<&'a str>,
    at: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Scope<'a> {
    path: &'a str,
    verb: &'static str,
    rate_per_s: u32,
}

#[derive(Debug, Serialize)]
struct Quotas {
    bandwidth_bytes: Option<u64>,
    cursor_resumes: Option<u32>,
    cursor_advances: Option<u32>,
}

/// A JSON Web Token.
#[derive(Debug, Serialize)]
pub struct Jwt<'a> {
    class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_verified: Option<bool>,
    content_id: String,
    fingerprint: String,
    header: &'a Map<String, Value>,
    claims: &'a Map<String, Value>,
    expires_at: Option<String>,
}

impl<'a> Capability<'a> {
    /// A ticket that was just minted: with its text.
    pub fn minted(token: &'a str, id: UniqueId, claims: &'a TicketClaims) -> Self {
        Self { token: Some(token), ..Self::of(id, claims, token.len()) }
    }

    /// A ticket that was read: without its text.
    pub fn read(token: &str, id: UniqueId, claims: &'a TicketClaims, is_verified: bool) -> Self {
        Self { signature_verified: Some(is_verified), ..Self::of(id, claims, token.len()) }
    }

    /// With what the ledger holds of it.
    pub fn with_entry(self, entry: Option<&'a Value>) -> Self {
        Self { entry, ..self }
    }

    fn of(id: UniqueId, claims: &'a TicketClaims, length: usize) -> Self {
        let said = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        let issued_at = i64::try_from(claims.issued_at_ms).unwrap_or(i64::MAX);
        Self {
            class: "capability",
            token: None,
            id: id.to_string(),
            fingerprint: id.fingerprint().to_string(),
            role: claims.role.label(),
            subject: claims.subject.as_deref(),
            issued_at: Timestamp(issued_at).to_string(),
            expires_at: moment(claims.expires()),
            budget: Budget {
                ticks: claims.budget.ticks(),
                ops: claims.budget.ops(),
                ttl_s: claims.budget.ttl_s(),
            },
            mount: Mount { service: said(&claims.mounts.service), at: said(&claims.mounts.at) },
            scopes: claims
                .scopes
                .iter()
                .map(|scope| Scope {
                    path: &scope.path,
                    verb: verb(scope.verb),
                    rate_per_s: scope.rate_per_s,
                })
                .collect(),
            quotas: Quotas {
                bandwidth_bytes: claims.quotas.bandwidth_bytes,
                cursor_resumes: claims.quotas.cursor_resumes,
                cursor_advances: claims.quotas.cursor_advances,
            },
            length,
            signature_verified: None,
            entry: None,
        }
    }
}

impl<'a> Jwt<'a> {
    /// A token that was read: without its text.
    pub fn read(
        id: UniqueId,
        header: &'a Map<String, Value>,
        claims: &'a Map<String, Value>,
        expires: Expiration,
        is_verified: bool,
    ) -> Self {
        let signature_verified = Some(is_verified);
        Self { signature_verified, ..Self::of(id, header, claims, expires) }
    }

    /// A token that was just signed: with its text.
    pub fn minted(
        token: &'a str,
        id: UniqueId,
        header: &'a Map<String, Value>,
        claims: &'a Map<String, Value>,
        expires: Expiration,
    ) -> Self {
        Self { token: Some(token), ..Self::of(id, header, claims, expires) }
    }

    fn of(
        id: UniqueId,
        header: &'a Map<String, Value>,
        claims: &'a Map<String, Value>,
        expires: Expiration,
    ) -> Self {
        Self {
            class: "jwt",
            token: None,
            signature_verified: None,
            content_id: id.to_string(),
            fingerprint: id.fingerprint().to_string(),
            header,
            claims,
            expires_at: moment(expires),
        }
    }
}

/// A document with documents in it, a line for each value: `budget.ops  64`.
pub fn text(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    let mut rows = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Object(members) => rows.extend(
                members
                    .iter()
                    .map(|(member, value)| (format!("{name}.{member}"), output::text(value))),
            ),
            value => rows.push((name.clone(), output::text(value))),
        }
    }
    output::fields(
        &rows.iter().map(|(name, value)| (name.as_str(), value.clone())).collect::<Vec<_>>(),
    )
}

/// The word of a verb.
pub fn verb(verb: TicketVerb) -> &'static str {
    match verb {
        TicketVerb::Read => "read",
        TicketVerb::Write => "write",
        TicketVerb::ReadWrite => "read-write",
    }
}

fn moment(expires: Expiration) -> Option<String> {
    expires.moment().map(|moment| moment.to_string())
}
