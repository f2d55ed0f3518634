//! `/api/v1/admin/tickets`: minting, and the ledger of everything that was minted.

mod capability;
mod create;
mod jwt;
mod list;
mod revoke;
mod show;

pub(super) use create::create;
pub(crate) use create::mint;
pub(super) use list::list;
pub(crate) use list::page;
pub(crate) use revoke::end;
pub(super) use revoke::revoke;
pub(super) use show::show;

use carnet_authority::audit::{Details, Event, Kind};
use carnet_authority::ledger::LedgerEntry;
use carnet_authority::mint::{Issue, Minted};
use carnet_gate::Selector;
use carnet_store::StoreError;
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Limits, Verified};
use serde_json::{Map, Value, json};

use crate::audit::Trail;
use crate::problem::Problem;
use crate::random;
use crate::state::App;

/// An entry as it is shown.
pub(crate) async fn shown(app: &App, entry: &LedgerEntry) -> Result<Value, StoreError> {
    let status = entry.status(app.clock().now(), is_revoked(app, entry).await?);
    Ok(json!({
        "id": entry.id.to_string(),
        "class": entry.class.as_str(),
        "content_id": entry.content_id.to_string(),
        "token_id": entry.token_id,
        "subject": entry.subject,
        "audience": entry.audience,
        "scopes": entry.scopes,
        "key_id": entry.key_id.to_string(),
        "parent_id": entry.parent_id.map(|id| id.to_string()),
        "tenant_id": entry.tenant_id,
        "issued_by": entry.issued_by,
        "issued_at": entry.issued_at.to_string(),
        "not_before": entry.not_before.map(|moment| moment.to_string()),
        "expires_at": entry.expires_at.moment().map(|moment| moment.to_string()),
        "request_id": entry.request_id,
        "status": status.as_str(),
    }))
}

/// Whether some revocation in force ends what the entry describes.
async fn is_revoked(app: &App, entry: &LedgerEntry) -> Result<bool, StoreError> {
    let credential = credential(app, entry).await?;
    Ok(app.gate().revocations().judge(&credential, app.clock().now()).is_some())
}

/// What the entry describes, as the gate would take it.
pub(super) async fn credential(app: &App, entry: &LedgerEntry) -> Result<Verified, StoreError> {
    let ancestors = match entry.parent_id {
        Some(_) => app.store().ancestors(&entry.content_id).await?,
        None => Vec::new(),
    };
    // The id of a certificate is its serial, and the CA has other keys than those that revocations name.
    let is_certificate = entry.class == Class::Certificate;
    let id = entry.token_id.clone();
    let (token_id, certificate) = if is_certificate { (None, id) } else { (id, None) };
    Ok(Verified {
        class: entry.class,
        content_id: entry.content_id,
        subject: Some(entry.subject.clone()),
        token_id,
        key_id: (!is_certificate).then_some(entry.key_id),
        issued_at: Some(entry.issued_at),
        expires: entry.expires_at,
        rights: None,
        limits: Limits::none(),
        certificate,
        ancestors,
        claims: Map::new(),
    })
}

/// Who mints now, by which request.
pub(super) fn issue<'a>(
    trail: &'a Trail,
    tenant_id: Option<&'a str>,
    now: Timestamp,
) -> Result<Issue<'a>, Problem> {
    Ok(Issue {
        id: Ulid::new(now, random::bytes()?),
        issued_by: &trail.actor.id,
        tenant_id,
        request_id: &trail.request_id,
        now,
    })
}

/// Writes ledger and audit. Only when that has succeeded may the token leave.
pub(super) async fn record(app: &App, trail: &Trail, minted: &Minted) -> Result<(), Problem> {
    let entry = minted.entry.clone();
    let event = mint_event(trail, &entry);
    app.store().insert_ledger_entry(entry, event).await?;
    let class = minted.entry.class.as_str();
    metrics::counter!("carnet_tickets_minted_total", "class" => class).increment(1);
    Ok(())
}

fn mint_event(trail: &Trail, entry: &LedgerEntry) -> Event {
    let mut event = trail.event(Kind::Ticket, "ticket.mint", &entry.content_id.to_string());
    let details = [
        ("class", Value::from(entry.class.as_str())),
        ("subject", entry.subject.as_str().into()),
        ("token_id", entry.token_id.as_deref().into()),
        ("audience", entry.audience.as_deref().into()),
        ("scopes", entry.scopes.join(" ").into()),
        ("key_id", entry.key_id.to_string().into()),
        ("expires_at", entry.expires_at.moment().map(|moment| moment.0).into()),
    ];
    let details = details.into_iter().filter(|(_, value)| !value.is_null());
    event.details = Details::new(details.map(|(name, value)| (name.to_owned(), value)).collect());
    event
}

/// The entry that a path names: by its id in the ledger.
pub(crate) async fn entry(app: &App, id: &str) -> Result<LedgerEntry, Problem> {
    let id: Ulid = id.parse().map_err(|_| Problem::not_found())?;
    app.store().ledger_entry(id).await?.ok_or(Problem::not_found())
}

/// What a revocation of the entry names, and until when it has to be remembered.
pub(crate) fn selector(entry: &LedgerEntry) -> (Selector, Option<Timestamp>) {
    let end = match entry.expires_at {
        Expiration::At(end) => Some(end),
        Expiration::Never => None,
    };
    (Selector::ContentId(entry.content_id), end)
}
