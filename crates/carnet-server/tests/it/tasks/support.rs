//! Workers that do what a test says, and those who want something of them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Extension, Router};
use carnet_gate::Clock;
use carnet_ticket::realm::NodeKey;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::fleet::support::{Fleet, Member};
use crate::support::{Answer, As, text};

/// How long a test waits for what does not come; a disk that others use as well may take seconds.
const CALL_MAX: Duration = Duration::from_secs(20);

/// A worker that registered: what it is called for waits until the test looks.
pub struct Worker {
    pub id: String,
    pub member: Member,
    instance: String,
    client: reqwest::Client,
    calls: Calls,
    answer: Arc<Mutex<StatusCode>>,
}

/// What a worker is asked for, by whom, and what it is shown.
pub struct Call {
    pub request: Value,
    pub headers: HeaderMap,
    /// The certificate of whoever asks.
    pub caller: Option<CertificateDer<'static>>,
}

/// The calls that a test has not looked at.
pub struct Calls(mpsc::UnboundedReceiver<Call>);

impl Calls {
    pub async fn next(&mut self) -> Call {
        tokio::select! {
            call = self.0.recv() => call.expect("the worker serves"),
            () = Clock::System.sleep(CALL_MAX) => panic!("the worker is not called"),
        }
    }

    pub fn has_any(&mut self) -> bool {
        self.0.try_recv().is_ok()
    }
}

#[derive(Clone)]
pub struct Desk {
    calls: mpsc::UnboundedSender<Call>,
    answer: Arc<Mutex<StatusCode>>,
}

impl Desk {
    pub fn new() -> (Self, Calls) {
        let (calls, received) = mpsc::unbounded_channel();
        (Self { calls, answer: Arc::new(Mutex::new(StatusCode::OK)) }, Calls(received))
    }
}

/// Keeps the request, and answers as it was told to.
async fn rpc(
    State(desk): State<Desk>,
    Extension(caller): Extension<Option<CertificateDer<'static>>>,
    headers: HeaderMap,
    axum::Json(request): axum::Json<Value>,
) -> axum::response::Response {
    use axum::response::IntoResponse;
    let status = *desk.answer.lock();
    let answer = json!({
        "id": request["id"], "worker_id": request["worker_id"], "result": { "state": "running" },
    });
    desk.calls.send(Call { request, headers, caller }).ok().unwrap();
    (status, axum::Json(answer)).into_response()
}

impl Worker {
    /// A worker that does `example.hello_world` and is registered.
    pub async fn start(fleet: &Fleet, name: &str) -> Self {
        Self::start_as(fleet, name, fleet.member(name).await, None).await
    }

    /// As [`Self::start`], which serves with the certificate of another.
    pub async fn start_as(
        fleet: &Fleet,
        name: &str,
        member: Member,
        shown: Option<&Member>,
    ) -> Self {
        let (desk, calls) = Desk::new();
        let answer = Arc::clone(&desk.answer);
        let shown = shown.unwrap_or(&member);
        let port = serve(Some(acceptor(&fleet.ca, &shown.certificate, &shown.key)), desk).await;
        let (id, instance) = (format!("{name}-1"), format!("instance-of-{name}"));
        let registered = fleet
            .register(
                &member,
                &json!({
                    "worker_id": id,
                    "rpc_url": format!("https://localhost:{port}/rpc"),
                    "instance": instance,
                    "capacity": 4,
                }),
            )
            .await;
        registered.expect(200);
        let client = fleet.client(Some(&member));
        Self { id, member, instance, client, calls, answer }
    }

    /// What it is asked for next.
    pub async fn call(&mut self) -> Value {
        self.whole_call().await.request
    }

    /// The same, with what it is shown.
    pub async fn whole_call(&mut self) -> Call {
        self.calls.next().await
    }

    /// Whether it was called since the test last looked.
    pub fn was_called(&mut self) -> bool {
        self.calls.has_any()
    }

    /// What it answers from here on.
    pub fn answers(&self, status: StatusCode) {
        *self.answer.lock() = status;
    }

    /// Says something of the task of a call.
    pub async fn say(&self, fleet: &Fleet, call: &Value, report: Value) -> Answer {
        let task = call["lease"]["resource_id"].as_str().unwrap();
        let mark = format!("{}/{}", self.instance, call["lease"]["generation"]);
        let url = format!("{}/api/v1/worker/{}/tasks/{task}/events", fleet.url, self.id);
        fleet.send(self.client.post(url).header("Carnet-Lease", mark).json(&report)).await
    }

    /// Goes on with the task of a call.
    pub async fn renew(&self, fleet: &Fleet, call: &Value) -> Answer {
        let task = call["lease"]["resource_id"].as_str().unwrap();
        let url = format!("{}/api/v1/worker/{}/leases/{task}/renew", fleet.url, self.id);
        let mark = format!("{}/{}", self.instance, call["lease"]["generation"]);
        let request = self.client.post(url).header("Carnet-Lease", mark);
        fleet.send(request.json(&json!({ "ttl": "30s" }))).await
    }

    pub async fn beat(&self, fleet: &Fleet) {
        let form = "service_type=example&load_score=0.0&state=online";
        fleet.beat(&self.member, &self.id, form).await.expect(200);
    }

    /// Does the task of a call: writes `output`, commits it, and says so.
    pub async fn finish(&self, fleet: &Fleet, call: &Value, output: &str) -> NodeKey {
        let ticket = call["params"]["task"]["ticket"].as_str().unwrap();
        let node = text(output);
        fleet.server.put_node(As::Ticket(ticket), &node).await.expect(200);
        fleet.server.commit(ticket, node.key).await.expect(200);
        self.say(fleet, call, json!({ "kind": "succeeded" })).await.expect(204);
        node.key
    }
}

/// Shows this certificate to whoever one of these CAs certified.
pub fn acceptor(roots: &str, certificate: &str, key: &str) -> TlsAcceptor {
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(roots.as_bytes()) {
        store.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider));
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            chain.collect::<Result<_, _>>().unwrap(),
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Serves `/rpc`, in plain without an acceptor; the port.
pub async fn serve(acceptor: Option<TlsAcceptor>, desk: Desk) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().route("/rpc", post(rpc)).with_state(desk);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                let Some(acceptor) = acceptor else { return answer(stream, router, None).await };
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let certificates = stream.get_ref().1.peer_certificates();
                let caller = certificates.map(|all| all[0].clone().into_owned());
                answer(stream, router, caller).await;
            });
        }
    });
    port
}

/// Answers what comes over one connection.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    caller: Option<CertificateDer<'static>>,
) {
    let service = TowerToHyperService::new(router.layer(Extension(caller)));
    let http = hyper::server::conn::http1::Builder::new();
    // Whoever called may be gone.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

impl Fleet {
    /// Asks for `example.hello_world`, with what differs from the usual: the task's id.
    pub async fn submit(&self, caller: As<'_>, differs: Value) -> String {
        let made = self.server.post(caller, "/api/v1/tasks", &task(differs)).await.expect(202);
        made.json()["task"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn task(&self, id: &str) -> Value {
        let path = format!("/api/v1/tasks/{id}");
        self.server.get(As::Api, &path).await.expect(200).json()
    }

    /// Everything that the stream of a task says, from number `since` on, until it ends.
    pub async fn events(&self, id: &str, since: u64) -> Vec<(u64, String, Value)> {
        let request = self.server.request(
            As::Api,
            reqwest::Method::GET,
            &format!("/api/v1/tasks/{id}/events"),
        );
        let answer = self.server.send(request.header("Last-Event-ID", since.to_string())).await;
        let body = String::from_utf8(answer.expect(200).bytes).unwrap();
        let field = |event: &str, name: &str| {
            let line = event.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned())
        };
        let events = body.split("\n\n").filter(|event| event.starts_with("id:"));
        events
            .map(|event| {
                let data = serde_json::from_str(&field(event, "data:").unwrap()).unwrap();
                let seq = field(event, "id:").unwrap().parse().unwrap();
                (seq, field(event, "event:").unwrap(), data)
            })
            .collect()
    }

    /// Waits until a task is in this state, turning no clock.
    pub async fn until(&self, id: &str, state: &str) -> Value {
        let waiting = Clock::System.stopwatch();
        while waiting.elapsed() < CALL_MAX {
            let task = self.task(id).await;
            if task["state"] == state {
                return task;
            }
        }
        panic!("{id} is {}, not {state}", self.task(id).await);
    }
}

/// A request for `example.hello_world`.
pub fn task(differs: Value) -> Value {
    let mut body = json!({ "capability": "example.hello_world" });
    if let Value::Object(differs) = differs {
        body.as_object_mut().unwrap().extend(differs);
    }
    body
}
