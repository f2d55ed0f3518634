//! Workers with certificates and tokens that somebody else looks after, as they really are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use carnet_worker::{
    CapabilityDefinition, Registration, RunningWorker, Surroundings, TaskContext, TaskError,
    TaskHandler, TaskOutput, WorkerApplication,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fleet::support::Fleet;
use crate::support::pki::{Files, Pki, borrowed};
use crate::support::{AUTHORITY, As};

const ID: &str = "worker-1";

/// Keys of HMAC, the older one first.
const KEYS: [&str; 3] = [
    "the-first-signing-key-of-at-least-32-bytes",
    "the-second-signing-key-of-at-least-32-bytes",
    "a-signing-key-that-nobody-has-ever-signed-with",
];

struct Hello;

impl TaskHandler for Hello {
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new("example.hello_world", "1.0.0")
    }

    async fn run(&self, _: TaskContext) -> Result<TaskOutput, TaskError> {
        Ok(TaskOutput::bytes("text/plain", b"hello".to_vec()))
    }
}

/// A control plane and a worker that has none of its certificates, on one clock.
struct Deployed {
    fleet: Fleet,
    worker: RunningWorker,
    secrets: Secrets,
    _files: Files,
}

/// Files with keys, on either side.
struct Secrets(TempDir);

impl Secrets {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The keys of one side: that which signs, and one that only verifies.
    fn keys(&self, side: &str, signs: &str, verifies: &str) {
        self.write(&format!("{side}-signs"), signs);
        self.write(&format!("{side}-verifies"), verifies);
    }
}

impl Deployed {
    /// A control plane with these settings, and a worker with what `env` says of its tokens.
    async fn start(
        settings: &[(&str, &str)],
        secrets: Secrets,
        env: impl AsyncFnOnce(&Fleet) -> Vec<(&'static str, String)>,
    ) -> Self {
        let pki = Pki::new();
        let files = Files::new(&pki, &pki.issue("control-plane.example"));
        let own = pki.issue("localhost");
        files.write("worker", &own.certificate);
        files.write("worker-key", &own.key);
        // Time goes by faster here than anybody answers.
        let patient = [
            ("server.idle_timeout", "2h"),
            ("tasks.lease_ttl", "15m"),
            ("registry.lost_after", "1h"),
        ];
        let settings = files.settings(&[settings, &patient].concat());
        let fleet = Fleet::start_with(&borrowed(&settings)).await;
        let named = [
            ("CARNET_WORKER_RPC_TLS_SERVER_CERT_FILE", files.path("worker")),
            ("CARNET_WORKER_RPC_TLS_SERVER_KEY_FILE", files.path("worker-key")),
            ("CARNET_WORKER_RPC_TLS_CLIENT_CA_FILE", files.path("ca")),
            ("PLATFORM_URL", fleet.server.url.clone()),
        ];
        let env = named.into_iter().chain(env(&fleet).await);
        let surroundings = Surroundings {
            env: env.map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>(),
            root: PathBuf::from("/nowhere"),
            cwd: secrets.0.path().to_owned(),
            clock: fleet.server.app.gate().clock().clone(),
        };
        let worker = WorkerApplication::new("gpu").worker_id(ID).https_port(0).task(Hello);
        let worker = worker.label("zone", "a");
        let worker = worker.surroundings(surroundings).serve().await.unwrap();
        let deployed = Self { fleet, worker, secrets, _files: files };
        deployed.until(|it| it.worker.registration() == Registration::Ok).await;
        deployed
    }

    /// Lets time go by, second by second, and everybody do what there is to do.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.fleet.server.hand.advance(Duration::from_secs(1));
            for _ in 0..2 {
                self.fleet.server.get(As::Nobody, "/live").await.expect(200);
            }
        }
    }

    async fn until(&self, mut holds: impl FnMut(&Self) -> bool) {
        for _ in 0..2000 {
            if holds(self) {
                return;
            }
            self.pass(1).await;
        }
        panic!("it never came to hold");
    }

    /// A task that is done at the first attempt. A connection that ended may cost a moment.
    async fn does(&self) {
        let id = self.fleet.submit(As::Api, json!({ "labels": { "zone": "a" } })).await;
        let mut task = self.fleet.task(&id).await;
        for count in 1..20_000 {
            if task["state"] == "succeeded" {
                break;
            }
            if count % 100 == 0 {
                self.fleet.server.hand.advance(Duration::from_secs(1));
            }
            task = self.fleet.task(&id).await;
        }
        assert_eq!(task["state"], "succeeded", "{task}");
        assert_eq!((&task["attempt"], &task["worker_id"]), (&json!(1), &json!(ID)));
    }

    /// Tasks, one each half minute, for so long.
    async fn goes_on(&self, minutes: u64) {
        for _ in 0..minutes * 2 {
            self.does().await;
            self.pass(30).await;
        }
    }

    async fn metrics(&self) -> String {
        self.fleet.server.get(As::Api, "/metrics").await.expect(200).text()
    }

    /// Nothing was refused by either of them since the process began, and much was not.
    async fn nothing_was_refused(&self) {
        let metrics = self.metrics().await;
        let judged: Vec<_> = metrics
            .lines()
            .filter(|line| {
                line.starts_with("carnet_auth_total{class=\"worker-token\"")
                    || line.starts_with("carnet_heartbeats_total{")
            })
            .collect();
        let is_good =
            |line: &&str| line.contains("result=\"ok\"") || line.contains("result=\"alive\"");
        assert!(judged.len() >= 2 && judged.iter().all(is_good), "{judged:?}");
    }

    async fn turn(&self, what: &str, body: Value) -> String {
        let path = format!("/api/v1/admin/keys/{what}");
        let answer = self.fleet.server.post(As::Admin, &path, &body).await;
        assert!(answer.status.is_success(), "{what}: {}", answer.status);
        answer.json()["key"]["id"].as_str().unwrap().to_owned()
    }
}

/// Promise: K-49
/// Promise: W-39
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_the_key_of_an_issuer_does_tasks() {
    let deployed = Deployed::start(&AUTHORITY, Secrets::new(), async |fleet| {
        let (key, _) = fleet.server.api_key("issuer").await;
        vec![
            ("CARNET_WORKER_BOOTSTRAP_ADMIN_KEY", key),
            ("CARNET_AUTH_WORKER_SIGNING_KEYS", AUTHORITY[1].1.to_owned()),
        ]
    })
    .await;
    deployed.goes_on(10).await;
    let minted = deployed.fleet.server.get(As::Admin, "/api/v1/admin/tickets").await.expect(200);
    let minted = minted.json()["tickets"].as_array().unwrap().len();
    // 10 minutes are three times two thirds of five minutes.
    assert!((3..=4).contains(&minted), "{minted}");
    deployed.nothing_was_refused().await;
}

/// Promise: W-40
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_control_plane_makes_turn_over_without_a_refused_request() {
    let deployed = Deployed::start(&AUTHORITY, Secrets::new(), async |fleet| {
        let (key, _) = fleet.server.api_key("issuer").await;
        let keys = "/api/v1/admin/keys/worker-ed25519/rotate";
        fleet.server.post(As::Admin, keys, &json!({})).await.expect(201);
        vec![("CARNET_WORKER_BOOTSTRAP_ADMIN_KEY", key)]
    })
    .await;
    deployed.goes_on(1).await;
    let listed = deployed.fleet.server.get(As::Admin, "/api/v1/admin/keys").await.expect(200);
    let mut active = listed.json()["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["purpose"] == "worker-ed25519" && key["state"] == "active")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 0..2 {
        let staged = deployed.turn("worker-ed25519/rotate", json!({})).await;
        // It is published, and the worker looks each five minutes.
        deployed.goes_on(6).await;
        deployed.turn(&format!("{staged}/promote"), json!({})).await;
        // What the old one signed lives for 15 minutes at most.
        deployed.goes_on(17).await;
        deployed.turn(&format!("{active}/retire"), json!({})).await;
        deployed.goes_on(6).await;
        active = staged;
    }
    deployed.nothing_was_refused().await;
}

/// Promise: W-40
/// Promise: W-41
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_configuration_turn_over_without_a_refused_request() {
    let secrets = Secrets::new();
    for side in ["server", "worker"] {
        secrets.keys(side, KEYS[0], KEYS[2]);
    }
    let (signs, verifies) = (secrets.path("server-signs"), secrets.path("server-verifies"));
    let settings = [
        AUTHORITY[0],
        ("tickets.worker_token_version", "1"),
        ("auth.worker_signing_key_file", signs.as_str()),
        ("auth.worker_signing_keys_files", verifies.as_str()),
    ];
    let env = [
        ("CARNET_AUTH_WORKER_SIGNING_KEY_FILE", secrets.path("worker-signs")),
        ("CARNET_AUTH_WORKER_SIGNING_KEYS_FILES", secrets.path("worker-verifies")),
    ];
    let deployed = Deployed::start(&settings, secrets, async |_| env.to_vec()).await;
    deployed.goes_on(1).await;
    // Each phase first on one side, then on the other.
    for (signs, verifies) in [(0, 1), (1, 0), (1, 2)] {
        for side in ["server", "worker"] {
            deployed.secrets.keys(side, KEYS[signs], KEYS[verifies]);
            deployed.fleet.server.app.reload().await.unwrap();
            deployed.goes_on(2).await;
        }
        deployed.goes_on(16).await;
    }
    deployed.nothing_was_refused().await;
    // What is broken changes nothing.
    deployed.secrets.write("worker-signs", "short");
    deployed.goes_on(1).await;
    deployed.nothing_was_refused().await;
    assert!(deployed.metrics().await.contains("carnet_config_reload_total{result=\"error\"} 1"));
}
