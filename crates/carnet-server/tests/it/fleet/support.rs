//! A server, and members of its fleet.

use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use reqwest::{Certificate, Method};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{ADMIN_KEY, Answer, Server};

/// A server whose fleet's listener is called.
pub struct Fleet {
    pub server: Server,
    pub url: String,
    /// The bundle, in PEM.
    pub ca: String,
}

/// A member: its key, its certificate, and all that the CA answered.
pub struct Member {
    pub key: String,
    pub certificate: String,
    pub answer: Value,
}

impl Member {
    pub fn serial(&self) -> &str {
        self.answer["serial_number"].as_str().unwrap()
    }
}

impl Fleet {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let server = Server::try_start_at(Clock::System.now(), directory, settings).await.unwrap();
        Self::of(server).await
    }

    /// The fleet of a server that runs.
    pub async fn of(server: Server) -> Self {
        let url = format!("https://localhost:{}", server.fleet_address().port());
        // Nobody knows the CA yet: what it is called is the only way to it.
        let blind =
            reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
        let answer =
            Answer::of(blind.get(format!("{url}/ca/certificate")).send().await.unwrap()).await;
        let ca = answer.expect(200).json()["ca_certificate"].as_str().unwrap().to_owned();
        Self { server, url, ca }
    }

    /// A client that trusts the CA, and is this member.
    pub fn client(&self, member: Option<&Member>) -> reqwest::Client {
        let roots = Certificate::from_pem_bundle(self.ca.as_bytes()).unwrap();
        let builder = reqwest::Client::builder()
            .tls_certs_only(roots)
            .pool_idle_timeout(Duration::from_mins(1));
        match member {
            None => builder.build().unwrap(),
            Some(Member { key, certificate, .. }) => {
                let pem = format!("{certificate}{key}");
                builder
                    .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
                    .build()
                    .unwrap()
            }
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.client(None).get(format!("{}{path}", self.url))).await
    }

    /// Asks for a certificate with a token.
    pub async fn ask(&self, token: &str, body: &Value) -> Answer {
        let request = self.client(None).post(format!("{}/certificates/csr", self.url));
        self.send(request.bearer_auth(token).json(body)).await
    }

    /// Asks for the next certificate of `member`.
    pub async fn renew(&self, member: &Member, csr: &str) -> Answer {
        let request = self.client(Some(member)).post(format!("{}/certificates/renew", self.url));
        self.send(request.json(&json!({ "csr": csr }))).await
    }

    /// Revokes a certificate, as an administrator.
    pub async fn revoke(&self, serial: &str) -> Answer {
        let url = format!("{}/certificates/{serial}", self.url);
        let request = self.client(None).request(Method::DELETE, url);
        self.send(request.header("X-Admin-API-Key", ADMIN_KEY)).await
    }

    /// The token of workers on this machine.
    pub fn local_token(&self) -> String {
        let path = self.server.directory.path().join("local-enroll.url");
        let url = std::fs::read_to_string(path).unwrap();
        let token = url.trim().strip_prefix("https://enroll:").unwrap();
        token.split_once('@').unwrap().0.to_owned()
    }

    /// A new member, by local enrollment.
    pub async fn member(&self, name: &str) -> Member {
        self.enroll(&self.local_token(), name).await
    }

    /// A new member, by this token.
    pub async fn enroll(&self, token: &str, name: &str) -> Member {
        let key = rcgen::KeyPair::generate().unwrap();
        let body = json!({ "csr": csr(&key, Some(name)), "service_name": name });
        member(&key, &self.ask(token, &body).await)
    }

    /// A client's side of TLS, which remembers sessions.
    pub fn tls(&self, member: &Member) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.ca.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let chain = CertificateDer::pem_slice_iter(member.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(member.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let time = Arc::new(ServerTime(self.server.app.gate().clock().clone()));
        let config = rustls::ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.collect::<Result<_, _>>().unwrap(), key);
        Arc::new(config.unwrap())
    }

    /// A connection of its own.
    pub async fn connect(
        &self,
        config: &Arc<rustls::ClientConfig>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.server.fleet_address()).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::clone(config)).connect(name, stream).await
    }
}

/// Clients that judge the server's certificate by its own clock: it renews that when the clock is turned.
#[derive(Debug)]
struct ServerTime(Clock);

impl TimeProvider for ServerTime {
    fn current_time(&self) -> Option<UnixTime> {
        let now = Duration::from_millis(u64::try_from(self.0.now().0).unwrap());
        Some(UnixTime::since_unix_epoch(now))
    }
}

/// What came of asking for a certificate for `key`.
#[track_caller]
pub fn member(key: &rcgen::KeyPair, answer: &Answer) -> Member {
    assert_eq!(answer.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answer.bytes));
    let answer = answer.json();
    let certificate = answer["certificate"].as_str().unwrap().to_owned();
    Member { key: key.serialize_pem(), certificate, answer }
}

/// A request for a certificate for `key`, of this CN.
pub fn csr(key: &rcgen::KeyPair, name: Option<&str>) -> String {
    csr_with(key, name, |_| {})
}

/// As [`csr`], which asks for more.
pub fn csr_with(
    key: &rcgen::KeyPair,
    name: Option<&str>,
    asks: impl FnOnce(&mut rcgen::CertificateParams),
) -> String {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(name) = name {
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
    }
    asks(&mut params);
    params.serialize_request(key).unwrap().pem().unwrap()
}

/// A new key.
pub fn key() -> rcgen::KeyPair {
    rcgen::KeyPair::generate().unwrap()
}
