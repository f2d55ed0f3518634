//! `carnet worker token inspect`: what a token says, believed by nobody.

use carnet_ticket::time::Timestamp;
use carnet_ticket::worker_token::{self, Unverified, WorkerToken};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{self, Format};

/// A token as it is shown: what it does not say is left out.
#[derive(Debug, Serialize)]
pub struct Shown {
    signature_verified: bool,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl Shown {
    /// What a token says.
    pub fn of(said: Unverified) -> Self {
        let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        Self {
            signature_verified: false,
            format: said.format.as_str(),
            key_id: said.key_id.map(|id| id.to_string()),
            worker_id: said.worker_id,
            token_id: said.token_id,
            audience: said.audience,
            scopes: said.scopes,
            issued_at: moment(said.issued_at),
            not_before: moment(said.not_before),
            expires_at: moment(said.expires),
        }
    }

    /// A token that was found good: with the key that signed it, and what it allows.
    pub fn verified(said: Unverified, token: &WorkerToken) -> Self {
        let scopes = token.scopes.as_slice().iter().map(|scope| scope.as_str().to_owned());
        Self {
            signature_verified: true,
            key_id: Some(token.key_id.to_string()),
            scopes: scopes.collect(),
            ..Self::of(said)
        }
    }
}

/// Tells what a token says.
pub fn show(token: &str, format: Format) -> anyhow::Result<()> {
    let said = worker_token::inspect(token);
    let said = said.map_err(|error| Failure::denied(error.code(), error))?;
    Ok(output::show(format, &Shown::of(said), output::document)?)
}
