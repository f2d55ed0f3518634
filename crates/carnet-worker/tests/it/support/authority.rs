//! [`Ca`]: a control plane, as far as workers meet it, that can be told to fail and says what it saw.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use carnet_authority::ca::{
    CaSettings, CertificateAuthority, IdentityGrant, IssuedCertificate, Lifetime, parse_csr,
};
use carnet_gate::Clock;
use carnet_ticket::enrollment::{EnrollmentToken, SecretDigest, carrier};
use carnet_ticket::identity::{Kind, TrustDomain};
use carnet_ticket::task::Lease;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::feed::Feed;
use super::routes;
use super::tls::{ManualTime, Revocable, provider, roots};

/// How a route fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It answers with this status.
    Status(u16),
    /// It never answers.
    Hang,
}

/// A request that came.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// `GET /health`
    pub what: String,
    pub query: String,
    pub authorization: Option<String>,
    pub worker_id: Option<String>,
    pub worker_token: Option<String>,
    /// An API key, with the header that it came in.
    pub key: Option<(&'static str, String)>,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    /// Under which lease something was reported.
    pub lease: Option<String>,
    /// The serial of the certificate that was shown.
    pub serial: Option<String>,
}

/// A control plane.
#[derive(Clone)]
pub struct Ca {
    pub address: SocketAddr,
    pub state: Arc<State>,
}

pub struct State {
    pub clock: Clock,
    pub authority: Mutex<CertificateAuthority>,
    pub tokens: Mutex<HashMap<[u8; 32], String>>,
    pub issued: Mutex<Vec<IssuedCertificate>>,
    pub faults: Mutex<BTreeMap<String, VecDeque<Fault>>>,
    pub seen: watch::Sender<Vec<Seen>>,
    /// Ids that are registered.
    pub workers: Mutex<Vec<String>>,
    pub control_plane: Mutex<Option<String>>,
    /// How often it wants to hear of workers, in seconds.
    pub interval_s: Mutex<Option<u64>>,
    pub feed: Feed,
    /// The leases of workers, by what is leased.
    pub leases: Mutex<HashMap<String, Lease>>,
    /// Whether all certificates of workers are revoked.
    pub are_revoked: Arc<AtomicBool>,
}

/// The serial of a connection's certificate.
#[derive(Clone)]
pub struct Shown(pub Option<String>);

impl Ca {
    pub async fn start(clock: Clock) -> Self {
        let authority = authority(&clock);
        Self::serve(clock, authority.clone(), &authority, Kind::ControlPlane).await
    }

    /// One that shows the certificates of `authority`, while `tls` signed that of its port, for a member of `kind`.
    pub async fn serve(
        clock: Clock,
        authority: CertificateAuthority,
        tls: &CertificateAuthority,
        kind: Kind,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (chain, key) = certify(tls, kind, "control", &clock, Lifetime::MAX);
        let bundle = authority.bundle().certificates.iter().map(|ca| ca.certificate.clone());
        let clients = WebPkiClientVerifier::builder_with_provider(roots(bundle), provider())
            .allow_unauthenticated()
            .build()
            .unwrap();
        let time = Arc::new(ManualTime(clock.clone()));
        let are_revoked = Arc::new(AtomicBool::new(false));
        let config = ServerConfig::builder_with_details(provider(), time)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(Arc::new(Revocable {
                inner: clients,
                are_revoked: Arc::clone(&are_revoked),
            }))
            .with_single_cert(chain, key)
            .unwrap();
        let state = Arc::new(State {
            clock: clock.clone(),
            authority: Mutex::new(authority),
            tokens: Mutex::default(),
            issued: Mutex::default(),
            faults: Mutex::default(),
            seen: watch::Sender::default(),
            workers: Mutex::default(),
            control_plane: Mutex::default(),
            interval_s: Mutex::default(),
            feed: Feed::new(clock.clone()),
            leases: Mutex::default(),
            are_revoked,
        });
        let (acceptor, router) = (TlsAcceptor::from(Arc::new(config)), routes::router(&state));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let (acceptor, router) = (acceptor.clone(), router.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let shown = stream.get_ref().1.peer_certificates().map(|chain| {
                        let domain = trust_domain();
                        carnet_ticket::identity::Leaf::read(&chain[0], &domain).unwrap().serial
                    });
                    let router = router.map_request(move |mut request: http::Request<_>| {
                        request.extensions_mut().insert(Shown(shown.clone()));
                        request
                    });
                    let http = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let service = TowerToHyperService::new(router);
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, state }
    }

    /// Where the same is served in plain.
    pub async fn plain(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = routes::router(&self.state).layer(axum::Extension(Shown(None)));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        url
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// A token that is good once, for this name.
    pub fn token(&self, name: &str) -> EnrollmentToken {
        let secret = rand();
        let ca = self.state.authority.lock().unwrap().bundle().certificates[0].certificate.clone();
        let token = EnrollmentToken::new(&secret, &ca);
        let SecretDigest(digest) = token.digest();
        self.state.tokens.lock().unwrap().insert(digest, name.to_owned());
        token
    }

    /// `CA_SERVICE_URL` with a token for this name.
    pub fn url_with_token(&self, name: &str) -> String {
        carrier::url(&self.token(name), "localhost", self.address.port()).to_string()
    }

    /// The next requests to this route fail so.
    pub fn fail(&self, what: &str, faults: &[Fault]) {
        self.state.faults.lock().unwrap().entry(what.to_owned()).or_default().extend(faults);
    }

    /// The requests to this route so far.
    pub fn seen(&self, what: &str) -> Vec<Seen> {
        self.state.seen.borrow().iter().filter(|seen| seen.what == what).cloned().collect()
    }

    /// Waits for the request number `count`, counted from 1, to this route.
    pub async fn saw(&self, what: &str, count: usize) -> Seen {
        let mut seen = self.state.seen.subscribe();
        let of_route =
            |all: &[Seen]| all.iter().filter(|seen| seen.what == what).nth(count - 1).cloned();
        let all = seen.wait_for(|all| of_route(all).is_some()).await.unwrap();
        of_route(&all).unwrap()
    }

    /// The serials of what was issued, in lower hex.
    pub fn serials(&self) -> Vec<String> {
        self.state.issued.lock().unwrap().iter().map(|issued| issued.serial.to_string()).collect()
    }
}

pub fn trust_domain() -> TrustDomain {
    "carnet.local".parse().unwrap()
}

pub fn authority(clock: &Clock) -> CertificateAuthority {
    let settings = CaSettings::new(trust_domain(), "Carnet").unwrap();
    let mut authority = CertificateAuthority::new(settings, [], 0).unwrap();
    authority.prepare(clock.now()).unwrap();
    authority
}

/// A certificate of a member, with its key.
pub fn certify(
    authority: &CertificateAuthority,
    kind: Kind,
    name: &str,
    clock: &Clock,
    life: Lifetime,
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let (issued, key) = issue(authority, kind, name, clock, life);
    (vec![issued.certificate.into()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

/// The same, as it can be written into files.
pub fn issue(
    authority: &CertificateAuthority,
    kind: Kind,
    name: &str,
    clock: &Clock,
    life: Lifetime,
) -> (IssuedCertificate, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let csr = parse_csr(&params.serialize_request(&key).unwrap().pem().unwrap()).unwrap();
    (authority.sign(&csr, &grant(kind, name, life), clock.now()).unwrap(), key)
}

pub fn grant(kind: Kind, name: &str, life: Lifetime) -> IdentityGrant {
    let dns = [name, "localhost"].map(|host| host.parse().unwrap());
    let ip = ["127.0.0.1", "::1"].map(|ip| ip.parse().unwrap());
    IdentityGrant::new(trust_domain(), kind, name.parse().unwrap(), dns, ip, life)
}

fn rand() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
