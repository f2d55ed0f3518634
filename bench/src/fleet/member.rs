//! A member of the fleet, as little as it takes.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::http::{ask_json, connect, request};
use crate::world::World;

/// What a client has to know of a fleet.
#[derive(Clone)]
pub struct Fleet {
    address: SocketAddr,
    roots: Arc<RootCertStore>,
    token: String,
}

/// A certificate and its key.
pub struct Member {
    certificate: String,
    key: KeyPair,
}

impl Fleet {
    /// The fleet of a server: the token by what it leaves in its folder for workers on this machine, the CA as its
    /// operator learns it.
    pub async fn of(world: &World) -> anyhow::Result<Self> {
        let url = std::fs::read_to_string(world.folder().join("local-enroll.url"))?;
        let token =
            url.trim().strip_prefix("https://enroll:").and_then(|rest| rest.split_once('@'));
        let token = token.context("no token")?.0.to_owned();
        let mut operator = connect(world.address).await?;
        let shown = request(Method::GET, "/api/v1/admin/ca", Bytes::new());
        let shown: Value = ask_json(&mut operator, shown).await?;
        let mut roots = RootCertStore::empty();
        for ca in shown["bundle"]["certificates"].as_array().into_iter().flatten() {
            let pem = ca["certificate"].as_str().context("no certificate")?;
            roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
        }
        Ok(Self { address: world.fleet, roots: Arc::new(roots), token })
    }

    /// A connection, as a member or as nobody.
    pub async fn connect(
        &self,
        member: Option<&Member>,
    ) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(Arc::clone(&self.roots));
        let config = match member {
            None => config.with_no_client_auth(),
            Some(Member { certificate, key }) => {
                let chain = CertificateDer::pem_slice_iter(certificate.as_bytes());
                let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes())?;
                config.with_client_auth_cert(chain.collect::<Result<_, _>>()?, key)?
            }
        };
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Enrolls `name` over a connection.
    pub async fn enroll(
        &self,
        connection: &mut SendRequest<Full<Bytes>>,
        name: &str,
    ) -> anyhow::Result<Member> {
        let key = KeyPair::generate()?;
        let body = json!({ "csr": csr(&key, Some(name))?, "service_name": name });
        let request =
            post("/certificates/csr").header(AUTHORIZATION, format!("Bearer {}", self.token));
        certified(connection, request, &body, key).await
    }

    /// Renews as a worker does: over a connection of its own, with a new key.
    pub async fn renew(&self, member: &Member) -> anyhow::Result<Member> {
        let mut connection = self.connect(Some(member)).await?;
        let key = KeyPair::generate()?;
        let body = json!({ "csr": csr(&key, None)? });
        certified(&mut connection, post("/certificates/renew"), &body, key).await
    }
}

fn post(path: &str) -> http::request::Builder {
    Request::builder().method(Method::POST).uri(path).header(HOST, "localhost")
}

async fn certified(
    connection: &mut SendRequest<Full<Bytes>>,
    request: http::request::Builder,
    body: &Value,
    key: KeyPair,
) -> anyhow::Result<Member> {
    connection.ready().await?;
    let answer = connection.send_request(request.body(Full::from(body.to_string()))?).await?;
    let status = answer.status();
    let bytes = answer.into_body().collect().await?.to_bytes();
    ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(&bytes));
    let answer: Value = serde_json::from_slice(&bytes)?;
    let certificate = answer["certificate"].as_str().context("no certificate")?.to_owned();
    Ok(Member { certificate, key })
}

fn csr(key: &KeyPair, name: Option<&str>) -> anyhow::Result<String> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(name) = name {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    Ok(params.serialize_request(key)?.pem()?)
}
