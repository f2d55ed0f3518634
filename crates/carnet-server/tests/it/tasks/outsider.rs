//! A worker without a certificate of the fleet.

use carnet_server::registry::Want;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Calls, Desk, acceptor, serve};
use crate::fleet::support::Fleet;
use crate::support::pki::{Files, Pair, Pki, borrowed};
use crate::support::{AUTHORITY, Answer, As};

/// A worker that comes by a token, and is called where it says.
pub struct Outsider {
    pub id: String,
    pub rpc_url: String,
    pub calls: Calls,
}

impl Outsider {
    /// One that shows this certificate to whoever `callers` certified. It has not registered.
    pub async fn start(id: &str, callers: &Pki, shown: &Pair) -> Self {
        let (desk, calls) = Desk::new();
        let acceptor = acceptor(&callers.pem, &shown.certificate, &shown.key);
        let port = serve(Some(acceptor), desk).await;
        Self { id: id.to_owned(), rpc_url: format!("https://localhost:{port}/rpc"), calls }
    }

    /// One that is called in plain.
    pub async fn plain(id: &str) -> Self {
        let (desk, calls) = Desk::new();
        let port = serve(None, desk).await;
        Self { id: id.to_owned(), rpc_url: format!("http://127.0.0.1:{port}/rpc"), calls }
    }

    /// Says that it is there, by a token that the server mints.
    pub async fn register(&self, fleet: &Fleet) -> Answer {
        let token = fleet.worker_token(&self.id).await;
        fleet.beat_by(&token, &self.id, &self.beat()).await
    }

    /// What it says of itself.
    pub fn beat(&self) -> Value {
        json!({
            "hostname": "vm-host-1",
            "capabilities": ["example.hello_world"],
            "capacity": { "max_sandboxes": 4, "rpc_url": self.rpc_url },
            "instance": format!("instance-of-{}", self.id),
        })
    }
}

impl Fleet {
    /// A control plane with these files and keys, and more settings.
    pub async fn with_files(files: &Files, settings: &[(&str, &str)]) -> Self {
        let settings = files.settings(&[&AUTHORITY, settings].concat());
        Self::start_with(&borrowed(&settings)).await
    }

    /// A heartbeat over the API's listener, by a token.
    pub async fn beat_by(&self, token: &str, id: &str, beat: &Value) -> Answer {
        let path = format!("/api/v1/worker/{id}/heartbeat");
        let request = self.server.request(As::Nobody, Method::POST, &path).json(beat);
        let request = request.header("X-Worker-ID", id).header("X-Worker-Token", token);
        self.server.send(request).await
    }

    /// Workers that the usual task could be given to.
    pub fn callees(&self) -> Vec<String> {
        let want = Want {
            capability: "example.hello_world".parse().unwrap(),
            verb: None,
            version: "1.0.0".parse().unwrap(),
            labels: std::collections::BTreeMap::new(),
            requires_gpu: false,
        };
        let lost_after = std::time::Duration::from_mins(2);
        let callees = self.server.app.registry().candidates(
            &want,
            &std::collections::BTreeSet::new(),
            lost_after,
        );
        callees.iter().map(ToString::to_string).collect()
    }

    /// A task that its worker does not take.
    pub async fn is_not_taken(&self) {
        let id = self.submit(As::Api, json!({})).await;
        let mut task = self.task(&id).await;
        for _ in 0..10_000 {
            if task["state"] == "pending" && !task["placed_at"].is_null() {
                break;
            }
            task = self.task(&id).await;
        }
        assert!(task["state"] == "pending" && !task["placed_at"].is_null(), "{task}");
        let cancel = format!("/api/v1/tasks/{id}/cancel");
        self.server.post(As::Api, &cancel, &json!({})).await.expect(202);
    }
}
