//! A server of its own for each test, and callers of every kind.

pub mod fleet;
pub mod identity;
pub mod log;
pub mod pki;
pub mod s3;
pub mod session;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use carnet_config::Watch;
use carnet_config::manifest::Manifest;
use carnet_gate::{Clock, Hand};
use carnet_realm::node::{self, Encoded, Limits};
use carnet_server::serve::{self, Listening};
use carnet_server::{App, AppError, AppOptions};
use carnet_store::{Store, StoreOptions};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::time::Timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub const START: Timestamp = Timestamp(1_700_000_000_000);
pub const API_KEY: &str = "an-api-key-for-tests";
pub const ADMIN_KEY: &str = "an-admin-key-for-tests";

/// Settings of a server that mints and seals.
pub const AUTHORITY: [(&str, &str); 2] = [
    ("keys.seal_key", "0101010101010101010101010101010101010101010101010101010101010101"),
    ("auth.worker_signing_key", "a-worker-signing-key-of-at-least-32-bytes"),
];

/// A running server.
pub struct Server {
    pub url: String,
    pub app: App,
    pub hand: Hand,
    pub http: reqwest::Client,
    pub directory: TempDir,
    listening: Listening,
}

/// Who asks.
#[derive(Clone, Copy)]
pub enum As<'a> {
    Nobody,
    Api,
    Admin,
    Key(&'a str),
    Ticket(&'a str),
    /// A development user.
    User(&'a str),
    Bearer(&'a str),
    Agent(&'a str),
    /// A page of a session of the admin UI.
    Session(&'a session::Session),
    /// A session by its cookie alone: a browser sends no more by itself.
    Cookie(&'a str),
}

/// An answer: status, headers, body.
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The answer, which has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// The error body, which has this status and code.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Value {
        let body = self.expect(status).json();
        assert_eq!(body["error"], code, "{body}");
        body
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with these keys set.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::start_in(directory, settings).await
    }

    pub async fn start_in(directory: TempDir, settings: &[(&str, &str)]) -> Self {
        Self::try_start_in(directory, settings).await.unwrap()
    }

    /// Starts, or says why not.
    pub async fn try_start_in(
        directory: TempDir,
        settings: &[(&str, &str)],
    ) -> Result<Self, AppError> {
        Self::try_start_at(START, directory, settings).await
    }

    /// Starts when the clock shows `start`.
    pub async fn try_start_at(
        start: Timestamp,
        directory: TempDir,
        settings: &[(&str, &str)],
    ) -> Result<Self, AppError> {
        let (app, hand) = Self::open(start, &directory, settings).await?;
        let listening = serve::listen(app.clone()).await.unwrap();
        let url = listening.url();
        let http =
            reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(1)).build().unwrap();
        Ok(Self { url, app, hand, http, directory, listening })
    }

    /// A server that does not listen yet.
    pub async fn open(
        start: Timestamp,
        directory: &TempDir,
        settings: &[(&str, &str)],
    ) -> Result<(App, Hand), AppError> {
        let mut flags = BTreeMap::from([
            ("data_dir".to_owned(), directory.path().display().to_string()),
            ("server.port".to_owned(), "0".to_owned()),
            ("fleet.listen_addr".to_owned(), "127.0.0.1:0".to_owned()),
            ("auth.api_key".to_owned(), API_KEY.to_owned()),
            ("auth.admin_api_key".to_owned(), ADMIN_KEY.to_owned()),
            ("realm.node_limit".to_owned(), "1MiB".to_owned()),
            // Tests present much that is bad, and ask much in no time.
            ("realm.rate_init_per_ip".to_owned(), "0".to_owned()),
            ("realm.rate_poll_per_client".to_owned(), "0".to_owned()),
            ("auth.failure_limit_per_minute".to_owned(), "0".to_owned()),
        ]);
        flags.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let cwd = directory.path().to_owned();
        let sources = carnet_config::Sources { flags, cwd, ..carnet_config::Sources::default() };
        let loaded = carnet_config::load(&sources).unwrap();
        let config = loaded.config.clone();
        let manifest = Manifest::of_server(&config, &sources.cwd, &sources.env).unwrap();
        let store = open_store(config.database.path.clone());
        let (clock, hand) = Clock::manual(start);
        let watch = Watch::new(sources, loaded, manifest);
        let app = App::open(AppOptions { watch, store, clock, metrics: metrics() }).await?;
        Ok((app, hand))
    }

    /// Where it hears members of the fleet.
    pub fn fleet_address(&self) -> std::net::SocketAddr {
        self.listening.fleet_address()
    }

    /// Stops the server; its folder can be started in again.
    pub async fn stop(self) -> TempDir {
        self.listening.shut_down().await;
        self.directory
    }

    pub fn request(&self, caller: As<'_>, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match caller {
            As::Nobody => request,
            As::Api => request.header("X-API-Key", API_KEY),
            As::Admin => request.header("X-Admin-API-Key", ADMIN_KEY),
            As::Key(key) => request.header("X-API-Key", key),
            As::Ticket(ticket) => request.header("Authorization", format!("Ticket {ticket}")),
            As::User(subject) => {
                request.bearer_auth(identity::dev_token(&json!({ "sub": subject })))
            }
            As::Bearer(token) => request.bearer_auth(token),
            As::Session(session) => session.with_csrf(request.header("Cookie", &session.cookie)),
            As::Cookie(cookie) => request.header("Cookie", cookie),
            As::Agent(token) => request.header("Authorization", format!("Agent {token}")),
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    /// Sends this, as it stands, over a connection of its own: how the answer begins.
    pub async fn raw(&self, request: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 512];
        let len = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..len]).into_owned()
    }

    pub async fn get(&self, caller: As<'_>, path: &str) -> Answer {
        self.send(self.request(caller, Method::GET, path)).await
    }

    pub async fn post(&self, caller: As<'_>, path: &str, body: &Value) -> Answer {
        self.send(self.request(caller, Method::POST, path).json(body)).await
    }

    pub async fn delete(&self, caller: As<'_>, path: &str) -> Answer {
        self.send(self.request(caller, Method::DELETE, path)).await
    }

    pub async fn put_node(&self, caller: As<'_>, node: &Encoded) -> Answer {
        let path = format!("/api/realm/self/nodes/{}", node.key);
        self.send(self.request(caller, Method::PUT, &path).body(node.bytes.clone())).await
    }

    pub async fn get_node(&self, caller: As<'_>, key: NodeKey) -> Answer {
        self.get(caller, &format!("/api/realm/self/nodes/{key}")).await
    }

    /// Makes a ticket and gives its id.
    pub async fn ticket(&self, caller: As<'_>, body: Value) -> String {
        let answer = self.post(caller, "/api/realm/self/tickets", &body).await.expect(200);
        answer.json()["ticketId"].as_str().unwrap().to_owned()
    }

    pub async fn commit(&self, ticket: &str, output: NodeKey) -> Answer {
        self.post(
            As::Ticket(ticket),
            "/api/realm/self/tickets/self/commit",
            &json!({ "output": output }),
        )
        .await
    }

    pub async fn revoke(&self, caller: As<'_>, ticket: &str) -> Answer {
        self.post(caller, &format!("/api/realm/self/tickets/{ticket}/revoke"), &json!({})).await
    }

    /// Makes a stored API key of `role` and gives its text and id.
    pub async fn api_key(&self, role: &str) -> (String, String) {
        let subjects = if role == "issuer" { vec!["worker-*"] } else { Vec::new() };
        let body = json!({ "name": role, "role": role, "subjects": subjects });
        let made = self.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(201).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made["api_key"]), text(&made["key"]["id"]))
    }
}

pub fn open_store(path: PathBuf) -> Store {
    let options = StoreOptions { path, busy_timeout: Duration::from_secs(5), readers: 2 };
    Store::open(&options).unwrap()
}

/// A file node of text with this content.
pub fn text(content: &str) -> Encoded {
    file("text/plain", content.as_bytes())
}

pub fn file(content_type: &str, content: &[u8]) -> Encoded {
    node::encode_file(content_type, content.len() as u64, &[], content, &Limits::default()).unwrap()
}

pub fn dict(entries: &[(&str, NodeKey)]) -> Encoded {
    let entries = entries.iter().map(|(name, key)| ((*name).to_owned(), *key)).collect();
    node::encode_dict(entries, &Limits::default()).unwrap()
}

/// One recorder for all tests of the process.
fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap()).clone()
}
