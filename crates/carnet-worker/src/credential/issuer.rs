//! [`Issuer`]: the control plane, as it gives tokens to whoever has a key for that.

use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::verify::Class;
use carnet_ticket::worker_token::WorkerScope;
use http::{HeaderValue, StatusCode};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{CredentialError, SCOPES};
use crate::error::WorkerError;
use crate::fetch;

/// How long an answer may take, and how long it may be.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const LEN_MAX: usize = 16 << 10;

/// Gives tokens.
pub(super) struct Issuer {
    http: reqwest::Client,
    url: Url,
}

#[derive(Deserialize)]
struct Minted {
    token: String,
}

impl Issuer {
    pub(super) fn new(control_plane: &Url) -> Result<Self, WorkerError> {
        let url = fetch::at(control_plane, "api/v1/admin/worker-tokens");
        Ok(Self { http: fetch::open(control_plane)?, url })
    }

    /// A token for this worker, which lives for `ttl`.
    pub(super) async fn ask(
        &self,
        clock: &Clock,
        key: &SecretString,
        worker_id: &WorkerId,
        ttl: Duration,
    ) -> Result<SecretString, CredentialError> {
        let text = key.expose_secret();
        let mut value = HeaderValue::from_str(text).map_err(|_| CredentialError::BadToken)?;
        value.set_sensitive(true);
        // A key that the control plane made says what it is; one of its configuration is an administrator's.
        let is_made = Class::of_text(text) == Some(Class::ApiKey);
        let header = if is_made { "x-api-key" } else { "x-admin-api-key" };
        let body = json!({
            "worker_id": worker_id.as_str(),
            "ttl": format!("{}s", ttl.as_secs()),
            "scopes": SCOPES.map(WorkerScope::as_str),
        });
        let request = self.http.post(self.url.clone()).header(header, value).json(&body);
        let answer = fetch::answer(clock, request, ANSWER_MAX, LEN_MAX).await;
        let answer = answer.map_err(|error| CredentialError::Issuer(Box::new(error)))?;
        if answer.status != StatusCode::OK {
            return Err(CredentialError::Refused(answer.status));
        }
        let minted: Minted =
            serde_json::from_slice(&answer.body).map_err(|_| CredentialError::Answer)?;
        Ok(minted.token.into())
    }
}
