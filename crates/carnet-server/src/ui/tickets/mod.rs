//! `/ui/tickets`: the ledger of everything that was minted.

mod form;
mod list;
mod mint;
mod revoke;
mod show;

pub(crate) use list::list;
pub(crate) use mint::{create, form};
pub(crate) use revoke::{end, preview};
pub(crate) use show::show;

use serde::Deserialize;

/// An entry of the ledger, as the API shows it.
#[derive(Deserialize)]
struct Ticket {
    id: String,
    class: String,
    content_id: String,
    token_id: Option<String>,
    subject: String,
    audience: Option<String>,
    scopes: Vec<String>,
    key_id: String,
    parent_id: Option<String>,
    tenant_id: Option<String>,
    issued_by: String,
    issued_at: String,
    not_before: Option<String>,
    expires_at: Option<String>,
    request_id: String,
    status: String,
}
