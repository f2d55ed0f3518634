//! An S3 server on a free port of this machine, whose answers can be held back or refused.

use std::path::PathBuf;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const BUCKET: &str = "nodes";
const ACCESS_KEY_ID: &str = "an-access-key-id";
const SECRET_ACCESS_KEY: &str = "a-secret-access-key-for-tests";

/// How requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As they should be.
    Works,
    /// With 503.
    Fails,
    /// Not until the mode changes.
    Waits,
}

/// A bucket of a server that ends with the runtime.
pub struct Bucket {
    endpoint: String,
    folder: TempDir,
    mode: watch::Sender<Mode>,
    arrived: watch::Sender<usize>,
}

impl Bucket {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let files = s3s_fs::FileSystem::new(folder.path()).unwrap();
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (mode, arrived) = (watch::Sender::new(Mode::Works), watch::Sender::new(0));
        tokio::spawn(accept(listener, builder.build(), mode.clone(), arrived.clone()));
        Self { endpoint, folder, mode, arrived }
    }

    /// The configuration of a server that keeps its large nodes here.
    pub fn settings(&self) -> [(&str, &str); 5] {
        [
            ("blobs.kind", "s3"),
            ("blobs.bucket", BUCKET),
            ("blobs.endpoint", &self.endpoint),
            ("blobs.access_key_id", ACCESS_KEY_ID),
            ("blobs.secret_access_key", SECRET_ACCESS_KEY),
        ]
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Waits until `count` requests have come in, answered or not.
    pub async fn arrived(&self, count: usize) {
        self.arrived.subscribe().wait_for(|arrived| *arrived >= count).await.unwrap();
    }

    /// How many requests have come in.
    pub fn requests(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Where the object of a node is kept.
    pub fn file(&self, key: &[u8; 16]) -> PathBuf {
        let name = hex::encode(key);
        self.folder.path().join(BUCKET).join("cas/blake3s").join(&name[..2]).join(name)
    }
}

async fn accept(
    listener: TcpListener,
    service: S3Service,
    mode: watch::Sender<Mode>,
    arrived: watch::Sender<usize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, service.clone(), mode.clone(), arrived.clone()));
    }
}

async fn serve(
    stream: TcpStream,
    service: S3Service,
    mode: watch::Sender<Mode>,
    arrived: watch::Sender<usize>,
) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, mode, arrived) = (service.clone(), mode.clone(), arrived.clone());
        async move {
            let mut modes = mode.subscribe();
            arrived.send_modify(|arrived| *arrived += 1);
            let mode = *modes.wait_for(|mode| *mode != Mode::Waits).await.unwrap();
            if mode == Mode::Works {
                return service.call(request.map(s3s::Body::from)).await;
            }
            let refused = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
            Ok(refused.body(s3s::Body::empty()).unwrap())
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    // The peer is gone when a server is killed.
    let _ = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer).await;
}
