//! `POST /api/auth/clients/init`: a client asks for somebody to approve it.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use carnet_store::{PENDING_MAX, PendingClient, PendingError};
use carnet_ticket::realm::ClientId;
use carnet_ticket::realm::p256::PublicKey;
use http::uri::Authority;
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{code, shown_code};
use crate::problem::Problem;
use crate::random;
use crate::routes::body;
use crate::routes::realm::checked_name;
use crate::state::App;

/// How long a client waits.
const PENDING: Duration = Duration::from_mins(10);

/// How often it may ask.
const POLL_INTERVAL_S: u32 = 5;

/// The longest text that development users take for a key.
const DEV_KEY_MAX: usize = 512;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    pubkey: String,
    client_name: String,
}

/// Has a client wait. One that waits already is answered as it was.
pub(in crate::routes) async fn init(
    State(app): State<App>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Value>, Problem> {
    let input: Input = body::realm_json(&app, &headers, request).await?;
    check_key(&app, &input.pubkey)?;
    let now = app.clock().now();
    let client = PendingClient {
        id: ClientId::of(&input.pubkey),
        public_key: input.pubkey,
        name: checked_name(input.client_name, "clientName")?,
        code: code(random::bytes()?),
        expires_at: now.after(PENDING),
    };
    let client = app.store().await_client(client, now).await.map_err(|error| match error {
        PendingError::Store(error) => error.into(),
        _ => Problem { limit: Some(PENDING_MAX), ..Problem::rate_limited(PENDING) },
    })?;
    Ok(Json(json!({
        "clientId": client.id.to_string(),
        "authUrl": auth_url(&app, &headers, client.id),
        "displayCode": shown_code(&client.code),
        "expiresIn": client.expires_at.since(now).as_secs(),
        "pollInterval": POLL_INTERVAL_S,
    })))
}

/// A point on the curve; with development users any text, so that clients can be tried out.
fn check_key(app: &App, key: &str) -> Result<(), Problem> {
    let is_key = if app.users().is_on() {
        (1..=DEV_KEY_MAX).contains(&key.chars().count())
    } else {
        PublicKey::parse(key).is_ok()
    };
    is_key.then_some(()).ok_or_else(|| Problem::invalid("BadPublicKey", "pubkey"))
}

/// The page where a user enters the code.
fn auth_url(app: &App, headers: &HeaderMap, id: ClientId) -> String {
    let config = app.config();
    let base = match &config.server.public_url {
        Some(url) => url.as_str().to_owned(),
        None => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let host = host.and_then(|host| host.parse::<Authority>().ok());
            let scheme = if config.server.tls_cert_file.is_some() { "https" } else { "http" };
            host.map_or_else(|| app.issuer(), |host| format!("{scheme}://{host}"))
        }
    };
    // Of an id only the colon is anything but a letter or a digit.
    format!("{base}/auth/client?id={}", id.to_string().replace(':', "%3A"))
}
