//! A fleet of one worker and one caller, both with certificates of the same authority.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use carnet_authority::ca::{
    CaSettings, CertificateAuthority, IdentityGrant, IssuedCertificate, Lifetime, parse_csr,
};
use carnet_gate::{Clock, Hand};
use carnet_ticket::identity::{Kind, TrustDomain};
use carnet_worker::{IdentityRecord, RunningWorker, Surroundings, WorkerApplication};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Response};
use serde_json::Value;
use tempfile::TempDir;

/// Every worker's id here.
pub const WORKER_ID: &str = "worker-656bc5db";

/// A worker that serves, and who calls it.
pub struct Fleet {
    hand: Option<Hand>,
    member: Client,
    nobody: Client,
    /// A member that speaks HTTP/1.1, which a WebSocket begins with.
    pub http1: Client,
    running: RunningWorker,
    disk: TempDir,
}

/// What a worker answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

impl Fleet {
    /// Starts `worker`, made for any free port, on a clock that stands until it is turned.
    pub async fn start(worker: WorkerApplication) -> Self {
        // The caller's TLS goes by the real time, so the clock begins there.
        let (clock, hand) = Clock::manual(Clock::System.now());
        Self { hand: Some(hand), ..Self::start_at(worker, clock).await }
    }

    /// Starts `worker` on this clock.
    pub async fn start_at(worker: WorkerApplication, clock: Clock) -> Self {
        let authority = Authority::new(clock.clone());
        let disk = tempfile::tempdir().unwrap();
        authority.certify(disk.path(), "example");
        let dir = disk.path().display().to_string();
        let surroundings = Surroundings {
            env: BTreeMap::from([("CERT_DIR".to_owned(), dir)]),
            root: disk.path().join("root"),
            cwd: PathBuf::from(disk.path()),
            clock,
        };
        let running = worker.worker_id(WORKER_ID).surroundings(surroundings).serve().await.unwrap();
        let ca = Certificate::from_pem(authority.ca.bundle().pem().as_bytes()).unwrap();
        let nobody = || Client::builder().no_proxy().tls_certs_only([ca.clone()]);
        let (issued, key) = authority.issue("caller");
        let identity = Identity::from_pem((key + &issued.pem()).as_bytes()).unwrap();
        let build = |builder: ClientBuilder| builder.build().unwrap();
        Self {
            hand: None,
            member: build(nobody().identity(identity.clone())),
            nobody: build(nobody()),
            http1: build(nobody().identity(identity).http1_only()),
            running,
            disk,
        }
    }

    pub fn advance(&self, duration: Duration) {
        self.hand.as_ref().unwrap().advance(duration);
    }

    /// Where the worker's certificate is.
    pub fn folder(&self) -> &Path {
        self.disk.path()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.https_url())
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.member.get(self.url(path)).send().await.unwrap()).await
    }

    pub async fn get_as_nobody(&self, path: &str) -> Answer {
        Answer::of(self.nobody.get(self.url(path)).send().await.unwrap()).await
    }

    /// The answer as it comes.
    pub async fn stream(&self, path: &str) -> Response {
        self.member.get(self.url(path)).send().await.unwrap()
    }

    /// The answer to a body, as it comes.
    pub async fn send(&self, path: &str, content_type: &str, body: Vec<u8>) -> Response {
        let request = self.member.post(self.url(path)).header("content-type", content_type);
        request.body(body).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        Answer::of(self.send(path, content_type, body).await).await
    }

    pub async fn post_form(&self, path: &str, parts: &[Part<'_>]) -> Answer {
        let (content_type, body) = form(parts);
        self.post(path, &content_type, body).await
    }

    /// Whether the worker is up and healthy.
    pub async fn is_up(&self) -> bool {
        self.get_as_nobody("/health").await.status == 200
    }
}

impl Answer {
    async fn of(response: Response) -> Self {
        Self { status: response.status().as_u16(), body: response.bytes().await.unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Status and code of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
}

/// A part of a form: its name, its file's name if it is a file, its bytes.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A form, as `multipart/form-data`.
pub fn form(parts: &[Part<'_>]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, filename, bytes) in parts {
        let filename = filename.map_or(String::new(), |it| format!("; filename=\"{it}\""));
        let head = format!("--B-o-U\r\nContent-Disposition: form-data; name=\"{name}\"{filename}");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--B-o-U--\r\n");
    ("multipart/form-data; boundary=B-o-U".to_owned(), body)
}

/// Who signs the certificates of a fleet.
pub struct Authority {
    ca: CertificateAuthority,
    clock: Clock,
}

impl Authority {
    pub fn new(clock: Clock) -> Self {
        let settings = CaSettings::new(trust_domain(), "Carnet").unwrap();
        let mut ca = CertificateAuthority::new(settings, [], 0).unwrap();
        ca.prepare(clock.now()).unwrap();
        Self { ca, clock }
    }

    /// A certificate for a worker of this name, and its key.
    fn issue(&self, name: &str) -> (IssuedCertificate, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let csr = parse_csr(&params.serialize_request(&key).unwrap().pem().unwrap()).unwrap();
        let dns = ["localhost".parse().unwrap()];
        let name = name.parse().unwrap();
        let grant =
            IdentityGrant::new(trust_domain(), Kind::Worker, name, dns, [], Lifetime::DEFAULT);
        (self.ca.sign(&csr, &grant, self.clock.now()).unwrap(), key.serialize_pem())
    }

    /// Puts the certificate of a worker of this name where the worker looks for it.
    pub fn certify(&self, folder: &Path, name: &str) {
        let (issued, key) = self.issue(name);
        let record = IdentityRecord {
            worker_id: WORKER_ID.parse().unwrap(),
            name: name.parse().unwrap(),
            spiffe_id: issued.spiffe_id.clone(),
            serial: issued.serial.to_string(),
            generation: 1,
            issued_at: issued.issued_at,
            renew_after: issued.renew_after,
            expires_at: issued.expires_at,
            ca_url: "https://localhost:1".parse().unwrap(),
            control_plane_url: None,
        };
        let files = [
            ("ca.crt", self.ca.bundle().pem().clone()),
            ("client.crt", issued.pem()),
            ("client.key", key),
            ("identity.json", serde_json::to_string(&record).unwrap()),
        ];
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn trust_domain() -> TrustDomain {
    "carnet.local".parse().unwrap()
}
