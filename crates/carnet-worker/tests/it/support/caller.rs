//! [`Caller`]: somebody who asks a worker.

use std::sync::Arc;

use carnet_authority::ca::{CertificateAuthority, Lifetime};
use carnet_gate::Clock;
use carnet_ticket::identity::Kind;
use reqwest::{Response, StatusCode};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Ca;
use super::authority::certify;
use super::tls::{ManualTime, provider, roots};

/// Somebody who believes a CA, with or without a certificate.
pub struct Caller {
    http: reqwest::Client,
    base: String,
}

impl Caller {
    /// Nobody.
    pub fn nobody(ca: &Ca, base: &str) -> Self {
        Self::new(ca, base, None)
    }

    /// A member of this kind.
    pub fn member(ca: &Ca, base: &str, kind: Kind, name: &str) -> Self {
        let authority = ca.state.authority.lock().unwrap().clone();
        Self::certified(ca, base, &authority, kind, name)
    }

    /// A member by the word of `authority`.
    pub fn certified(
        ca: &Ca,
        base: &str,
        authority: &CertificateAuthority,
        kind: Kind,
        name: &str,
    ) -> Self {
        Self::new(ca, base, Some((authority, kind, name, Lifetime::DEFAULT)))
    }

    /// A worker whose certificate lives this long.
    pub fn living(ca: &Ca, base: &str, name: &str, life: Lifetime) -> Self {
        let authority = ca.state.authority.lock().unwrap().clone();
        Self::new(ca, base, Some((&authority, Kind::Worker, name, life)))
    }

    /// Somebody with this certificate.
    pub fn with(
        ca: &Ca,
        base: &str,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Self {
        Self::showing(ca, base, Some((chain, key)))
    }

    fn new(
        ca: &Ca,
        base: &str,
        member: Option<(&CertificateAuthority, Kind, &str, Lifetime)>,
    ) -> Self {
        let shown = member.map(|(authority, kind, name, life)| {
            certify(authority, kind, name, &ca.state.clock, life)
        });
        Self::showing(ca, base, shown)
    }

    /// Somebody who believes `authority`, and shows what `shown` signed for it.
    pub fn of_deployment(
        authority: &CertificateAuthority,
        shown: Option<&CertificateAuthority>,
        clock: &Clock,
        base: &str,
    ) -> Self {
        let shown =
            shown.map(|ca| certify(ca, Kind::Operator, "control-plane", clock, Lifetime::MAX));
        Self::of(config_of(authority, clock, shown), base)
    }

    fn showing(ca: &Ca, base: &str, shown: Option<Shown>) -> Self {
        Self::of(config(ca, shown), base)
    }

    fn of(mut config: ClientConfig, base: &str) -> Self {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let http = reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy();
        Self { http: http.build().unwrap(), base: base.to_owned() }
    }

    /// A bare connection of nobody.
    pub async fn connect(ca: &Ca, base: &str) -> TlsStream<TcpStream> {
        Self::connect_by(&Self::connector(ca), base).await
    }

    /// What makes connections of nobody, and remembers sessions.
    pub fn connector(ca: &Ca) -> TlsConnector {
        TlsConnector::from(Arc::new(config(ca, None)))
    }

    /// A bare connection.
    pub async fn connect_by(connector: &TlsConnector, base: &str) -> TlsStream<TcpStream> {
        let address = base.strip_prefix("https://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
    }

    pub async fn send(&self, path: &str) -> reqwest::Result<Response> {
        self.http.get(format!("{}{path}", self.base)).send().await
    }

    /// The status and the JSON of what is found at a path.
    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.send(path).await.unwrap();
        let status = answer.status();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    /// What is answered to a call, as it comes.
    pub async fn call(&self, body: impl Into<reqwest::Body>) -> Response {
        self.try_call(body).await.unwrap()
    }

    pub async fn try_call(&self, body: impl Into<reqwest::Body>) -> reqwest::Result<Response> {
        self.http.post(format!("{}/rpc", self.base)).body(body).send().await
    }

    /// What is answered to a call by this token of this worker.
    pub async fn call_by(
        &self,
        (id, token): (&str, &str),
        body: impl Into<reqwest::Body>,
    ) -> Response {
        self.try_call_by((id, token), body).await.unwrap()
    }

    pub async fn try_call_by(
        &self,
        (id, token): (&str, &str),
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Response> {
        let request = self.http.post(format!("{}/rpc", self.base)).body(body);
        request.header("X-Worker-ID", id).header("X-Worker-Token", token).send().await
    }

    /// The same, line by line.
    pub async fn follow(&self, body: String) -> Response {
        let request = self.http.post(format!("{}/rpc", self.base)).body(body);
        request.header("x-worker-stream", "ndjson").send().await.unwrap()
    }

    pub async fn post(&self, path: &str) -> Response {
        self.http.post(format!("{}{path}", self.base)).send().await.unwrap()
    }
}

/// A certificate with its key.
type Shown = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn config(ca: &Ca, shown: Option<Shown>) -> ClientConfig {
    config_of(&ca.state.authority.lock().unwrap(), &ca.state.clock, shown)
}

fn config_of(
    authority: &CertificateAuthority,
    clock: &Clock,
    shown: Option<Shown>,
) -> ClientConfig {
    let time = Arc::new(ManualTime(clock.clone()));
    let bundle = authority.bundle().certificates.clone();
    let builder = ClientConfig::builder_with_details(provider(), time)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots(bundle.into_iter().map(|ca| ca.certificate)));
    match shown {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    }
}
