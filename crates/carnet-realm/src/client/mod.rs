//! The HTTP client of the content store, and of tasks: for the command line, workers and tests.
//!
//! Retries what is safe to repeat (reading and storing nodes, which are named by their hash) and nothing
//! else.

mod ahead;
mod clients;
mod depots;
mod error;
mod events;
mod file;
mod nodes;
mod sse;
mod storage;
mod tasks;
mod tickets;
mod tokens;
mod tree;
mod upload;
mod users;
mod walk;

pub use depots::DepotFields;
pub use error::{ClientError, Refusal};
pub use nodes::Metadata;
pub use storage::Damage;
pub use tasks::TaskEvent;
pub use tickets::{NewTicketRequest, WritableFields};
pub use tree::{
    Downloaded, GetTree, GetTreeError, PutTree, PutTreeError, ScanFault, Step, Symlinks,
};
pub use upload::Uploaded;
pub use walk::WalkError;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;

/// How often something that is safe to repeat is tried.
const TRIES: u32 = 6;

/// How often a server is asked that has not found out yet whether a ticket reaches a node: each time it goes on
/// where it stopped.
const SEARCHES: u32 = 100;

/// The pause before asking again, which each failure doubles, unless the server says how long.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause that a server is given.
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// The largest JSON answer that is read.
const JSON_MAX: usize = 16 << 20;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// At a URL, without a path.
    Url(String),
    /// At a local socket.
    Socket(PathBuf),
}

/// What the client presents. `Debug` shows the kind alone.
#[derive(Debug, Clone, Default)]
pub enum Credential {
    /// Nothing: over the local socket the peer is known.
    #[default]
    None,
    /// A task ticket.
    Ticket(SecretString),
    /// An API key.
    ApiKey(SecretString),
    /// An API key that is an administrator's.
    AdminKey(SecretString),
    /// An agent token.
    Agent(SecretString),
    /// A bearer token.
    Bearer(SecretString),
}

/// A client of one realm of one server. Clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    realm: String,
    credential: Credential,
    clock: Clock,
    /// Room for nodes that are fetched before they are needed.
    ahead: Arc<Semaphore>,
}

impl Client {
    /// A client of the realm `self` at `endpoint`.
    pub fn new(endpoint: &Endpoint, credential: Credential) -> Result<Self, ClientError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("carnet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none());
        let base = match endpoint {
            Endpoint::Url(url) => url.trim_end_matches('/').to_owned(),
            Endpoint::Socket(path) => {
                builder = builder.unix_socket(path.as_path());
                "http://localhost".to_owned()
            }
        };
        let http = builder.build().map_err(ClientError::Network)?;
        let ahead = Arc::new(Semaphore::new(ahead::AHEAD_MAX));
        let (realm, clock) = ("self".to_owned(), Clock::System);
        Ok(Self { http, base, realm, credential, clock, ahead })
    }

    /// The same client, which presents this instead. It shares its connections.
    #[must_use]
    pub fn presenting(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// The same client for another realm.
    #[must_use]
    pub fn in_realm(mut self, realm: &str) -> Self {
        realm.clone_into(&mut self.realm);
        self
    }

    /// Asks any route of the server: the JSON of its answer, null when it has none.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        let mut request = self.request(method, path)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        json(self.send(request).await?).await
    }

    /// Asks any route of the server for what may be long: its answer as it comes.
    pub async fn stream(&self, path: &str) -> Result<Response, ClientError> {
        self.send(self.request(Method::GET, path)?).await
    }

    /// Asks a route of the realm.
    pub(crate) async fn call_realm(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        self.call(method, &self.realm_path(path), body).await
    }

    /// Asks a route of the realm for what it has to say: safe to repeat.
    async fn read_realm(&self, path: &str) -> Result<Value, ClientError> {
        self.repeat(|| self.call_realm(Method::GET, path, None)).await
    }

    fn realm_path(&self, path: &str) -> String {
        format!("/api/realm/{}{path}", self.realm)
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ClientError> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let (name, scheme, secret) = match &self.credential {
            Credential::None => return Ok(request),
            Credential::Ticket(secret) => (AUTHORIZATION, "Ticket ", secret),
            Credential::Agent(secret) => (AUTHORIZATION, "Agent ", secret),
            Credential::Bearer(secret) => (AUTHORIZATION, "Bearer ", secret),
            Credential::ApiKey(secret) => (HeaderName::from_static("x-api-key"), "", secret),
            Credential::AdminKey(secret) => {
                (HeaderName::from_static("x-admin-api-key"), "", secret)
            }
        };
        let text = format!("{scheme}{}", secret.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| ClientError::BadCredential)?;
        value.set_sensitive(true);
        Ok(request.header(name, value))
    }

    /// Sends once. An answer that is no success is an error.
    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(ClientError::Network)?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(error::refused(response).await)
        }
    }

    /// Does what is safe to repeat, and repeats it when the network or the server failed.
    async fn repeat<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let (mut failures, mut searches) = (0, 0);
        loop {
            let error = match attempt().await {
                Err(error) if error.is_worth_repeating() => error,
                settled => return settled,
            };
            *(if error.is_undecided() { &mut searches } else { &mut failures }) += 1;
            if failures >= TRIES || searches >= SEARCHES {
                return Err(error);
            }
            let wished = error.refusal().and_then(|refusal| refusal.retry_after);
            let pause = wished.unwrap_or(PAUSE * (1 << failures));
            self.clock.sleep(pause.min(PAUSE_MAX)).await;
        }
    }
}

/// The JSON of an answer, null when it has none.
async fn json(mut response: Response) -> Result<Value, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ClientError::Network)? {
        if bytes.len() + chunk.len() > JSON_MAX {
            return Err(ClientError::BadAnswer);
        }
        bytes.extend_from_slice(&chunk);
    }
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|_| ClientError::BadAnswer)
}
