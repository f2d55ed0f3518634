//! Who gets in.

use std::time::Duration;

use axum::Extension;
use carnet_authority::ca::Lifetime;
use carnet_ticket::identity::Kind;
use carnet_worker::{ClientAuth, Peer, RunningWorker, get};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Ca, Caller, Machine, authority, until};

async fn running(policy: ClientAuth) -> (Machine, Ca, RunningWorker) {
    let (machine, ca) = Machine::enrolling().await;
    let who = |peer: Option<Extension<Peer>>| async move {
        peer.map_or_else(|| "nobody".to_owned(), |peer| peer.identity().to_string())
    };
    let worker = machine.worker().client_auth(policy).route("/who", get(who));
    let running = worker.serve().await.unwrap();
    (machine, ca, running)
}

/// Promise: K-31
#[tokio::test]
async fn without_a_certificate_only_health_is_open() {
    let (_machine, ca, worker) = running(ClientAuth::HealthOpen).await;
    let nobody = Caller::nobody(&ca, worker.https_url());
    assert_eq!(nobody.get("/health").await.0, 200);
    for path in ["/who", "/status", "/metrics", "/nowhere", "/health/"] {
        let (status, body) = nobody.get(path).await;
        assert_eq!(status, 401, "{path}");
        assert_eq!(body["detail"], "Client certificate required");
    }
    let peer = Caller::member(&ca, worker.https_url(), Kind::Operator, "ada");
    let answer = peer.send("/who").await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.text().await.unwrap(), "spiffe://carnet.local/operator/ada");
}

/// Promise: K-31
#[tokio::test]
async fn a_certificate_that_does_not_verify_is_no_connection() {
    for policy in [ClientAuth::HealthOpen, ClientAuth::Required, ClientAuth::Open] {
        let (machine, ca, worker) = running(policy).await;
        let foreign = authority::authority(&machine.clock());
        let stranger =
            Caller::certified(&ca, worker.https_url(), &foreign, Kind::Worker, "hello-world");
        assert!(stranger.send("/health").await.is_err(), "of another CA, {policy:?}");
        let late = Caller::living(&ca, worker.https_url(), "late", Lifetime::MIN);
        machine.advance(Duration::from_mins(5));
        assert!(late.send("/health").await.is_err(), "ended, {policy:?}");
    }
}

/// Promise: K-31
#[tokio::test]
async fn required_is_required_in_the_handshake_and_open_is_open() {
    let (_machine, ca, worker) = running(ClientAuth::Required).await;
    let nobody = Caller::nobody(&ca, worker.https_url());
    assert!(nobody.send("/health").await.is_err());
    let peer = Caller::member(&ca, worker.https_url(), Kind::Worker, "peer");
    assert_eq!(peer.get("/health").await.0, 200);

    let (_machine, ca, worker) = running(ClientAuth::Open).await;
    let nobody = Caller::nobody(&ca, worker.https_url());
    assert_eq!(nobody.send("/who").await.unwrap().text().await.unwrap(), "nobody");
    assert_eq!(nobody.get("/rpc").await.0, 401, "whatever the policy");
}

/// Promise: K-31
#[tokio::test]
async fn peers_that_are_not_allowed_are_403() {
    let (machine, ca) = Machine::enrolling().await;
    let allowed = ["spiffe://carnet.local/worker/mail-*", "spiffe://carnet.local/control-plane/*"];
    let worker = machine.worker().allow_peers(&allowed).serve().await.unwrap();
    for (kind, name, expected) in [
        (Kind::Worker, "mail-1", 200),
        (Kind::ControlPlane, "one", 200),
        (Kind::Worker, "web-1", 403),
        (Kind::Operator, "mail-1", 403),
    ] {
        let caller = Caller::member(&ca, worker.https_url(), kind, name);
        let (status, body) = caller.get("/status").await;
        assert_eq!(status.as_u16(), expected, "{name}");
        assert!(expected == 200 || body["detail"] == "Forbidden");
    }
}

/// Promise: K-29
#[tokio::test]
async fn plain_http_gets_no_bytes() {
    let (_machine, _ca, worker) = running(ClientAuth::Open).await;
    let port = worker.https_url().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    for request in
        ["GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // It may be reset as well as closed.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{answer:?}");
    }
}

/// Promise: K-22
#[tokio::test]
async fn no_session_is_resumed() {
    let (_machine, ca, worker) = running(ClientAuth::HealthOpen).await;
    let connector = Caller::connector(&ca);
    for _ in 0..3 {
        let mut stream = Caller::connect_by(&connector, worker.https_url()).await;
        let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        // A ticket for another session would have come by now.
        stream.read_exact(&mut [0; 15]).await.unwrap();
        let kind = stream.get_ref().1.handshake_kind();
        assert_eq!(kind, Some(rustls::HandshakeKind::Full));
    }
}

#[tokio::test]
async fn a_stranger_does_not_stay_connected() {
    let (machine, ca, worker) = running(ClientAuth::HealthOpen).await;
    let mut stranger = Caller::connect(&ca, worker.https_url()).await;
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stranger.write_all(request).await.unwrap();
    let mut answer = [0; 15];
    stranger.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    machine.advance(Duration::from_mins(1));
    // Without the last word of TLS this may be an error.
    let _ = stranger.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn a_connection_is_cut_when_its_certificate_ends() {
    let (machine, ca) = Machine::enrolling().await;
    let endless = || async {
        let pieces = futures_of_pieces();
        axum::body::Body::from_stream(pieces)
    };
    let worker = machine.worker().route("/endless", get(endless)).serve().await.unwrap();
    let peer = Caller::living(&ca, worker.https_url(), "short", Lifetime::MIN);
    let mut answer = peer.send("/endless").await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "piece");
    machine.advance(Duration::from_secs(299));
    assert!(worker.health() == carnet_worker::Status::Healthy);
    machine.advance(Duration::from_secs(1));
    let mut is_over = false;
    until(async || {
        is_over = answer.chunk().await.is_err();
        is_over
    })
    .await;
    assert!(is_over);
}

/// One piece, and then nothing more for ever.
fn futures_of_pieces() -> impl futures::Stream<Item = Result<&'static str, std::io::Error>> {
    use futures::StreamExt as _;
    futures::stream::iter([Ok("piece")]).chain(futures::stream::pending())
}
