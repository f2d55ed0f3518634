//! [`Store`]: a content store, as far as a task meets it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use carnet_realm::node::{Encoded, Limits, NodeKind, decode, encode_dict, encode_file};
use carnet_ticket::realm::NodeKey;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The ticket that it takes.
pub const TICKET: &str = "ticket:01KAQ3W0G0ZZZZZZZZZZZZZZZZ";

/// A content store with one ticket.
pub struct Store {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    nodes: Mutex<HashMap<NodeKey, Vec<u8>>>,
    output: watch::Sender<Option<NodeKey>>,
}

impl Store {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner { nodes: Mutex::default(), output: watch::Sender::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let realm = Router::new()
            .route("/", get(async || Json(json!({ "nodeLimit": 1024, "maxNameBytes": 255 }))))
            .route("/prepare-nodes", post(prepare))
            .route("/nodes/{key}", put(put_node).get(node))
            .route("/nodes/{key}/metadata", get(metadata))
            .route("/tickets/self/commit", post(commit));
        let info = json!({ "limits": { "maxCollectionChildren": 1000 } });
        let router = Router::new()
            .nest("/api/realm/user:one", realm)
            .route("/api/info", get(async || Json(info)))
            .layer(axum::middleware::from_fn(ticket))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, inner }
    }

    /// Stores a file that the ticket may read.
    pub fn put(&self, bytes: &[u8]) -> NodeKey {
        let node = encode_file("text/plain", bytes.len() as u64, &[], bytes, &Limits::ANY);
        self.keep(&node.unwrap())
    }

    /// Stores an empty directory.
    pub fn put_dir(&self) -> NodeKey {
        self.keep(&encode_dict(vec![], &Limits::ANY).unwrap())
    }

    fn keep(&self, node: &Encoded) -> NodeKey {
        self.inner.nodes.lock().unwrap().insert(node.key, node.bytes.to_vec());
        node.key
    }

    /// Content type and content of what was committed, once it is; of a directory nothing.
    pub async fn output(&self) -> (String, Vec<u8>) {
        let mut output = self.inner.output.subscribe();
        let key = output.wait_for(Option::is_some).await.unwrap().unwrap();
        let nodes = self.inner.nodes.lock().unwrap();
        let node = decode(&nodes[&key], &Limits::ANY).unwrap();
        (node.content_type().to_owned(), node.data().to_vec())
    }
}

/// Lets in who has the ticket.
async fn ticket(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let shown = request.headers().get("authorization").map(|value| value.to_str().unwrap());
    if shown == Some(&format!("Ticket {TICKET}")) {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn prepare(State(store): State<Arc<Inner>>, Json(body): Json<Value>) -> Json<Value> {
    let keys: Vec<NodeKey> = serde_json::from_value(body["keys"].clone()).unwrap();
    let nodes = store.nodes.lock().unwrap();
    let missing: Vec<_> = keys.into_iter().filter(|key| !nodes.contains_key(key)).collect();
    Json(json!({ "missing": missing }))
}

async fn put_node(
    State(store): State<Arc<Inner>>,
    Path(key): Path<NodeKey>,
    body: Bytes,
) -> StatusCode {
    assert_eq!(NodeKey::of(&body), key);
    store.nodes.lock().unwrap().insert(key, body.to_vec());
    StatusCode::OK
}

async fn node(State(store): State<Arc<Inner>>, Path(key): Path<NodeKey>) -> Response {
    let nodes = store.nodes.lock().unwrap();
    nodes.get(&key).map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |bytes| (HeaderMap::new(), bytes.clone()).into_response(),
    )
}

async fn metadata(State(store): State<Arc<Inner>>, Path(key): Path<NodeKey>) -> Response {
    let nodes = store.nodes.lock().unwrap();
    let Some(bytes) = nodes.get(&key) else { return StatusCode::FORBIDDEN.into_response() };
    let node = decode(bytes, &Limits::ANY).unwrap();
    let is_file = node.kind() == NodeKind::File;
    let mut told = json!({
        "key": key,
        "kind": if is_file { "file" } else { "dict" },
        "payloadSize": bytes.len(),
    });
    if is_file {
        told["contentType"] = json!(node.content_type());
        told["fileSize"] = json!(node.file_size());
    }
    Json(told).into_response()
}

async fn commit(State(store): State<Arc<Inner>>, Json(body): Json<Value>) -> Response {
    let key: NodeKey = serde_json::from_value(body["output"].clone()).unwrap();
    let before = *store.output.borrow();
    if let Some(output) = before {
        let details = json!({ "error": "conflict", "details": { "output": output } });
        return (StatusCode::CONFLICT, Json(details)).into_response();
    }
    store.output.send_replace(Some(key));
    Json(json!({ "success": true })).into_response()
}
