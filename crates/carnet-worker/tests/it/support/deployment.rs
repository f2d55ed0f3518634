//! [`Deployment`]: whoever gives workers certificates and tokens that are not the fleet's.

use std::path::PathBuf;
use std::time::Duration;

use carnet_authority::ca::{CertificateAuthority, Lifetime};
use carnet_gate::Clock;
use carnet_ticket::identity::Kind;
use carnet_ticket::worker_token::{Audience, Claims, HmacKey, mint_v1};
use carnet_worker::{RunningWorker, WorkerApplication};

use super::authority::{authority, issue};
use super::{Ca, Caller, Machine, NAME, put, until};

/// The key that tokens are signed with.
pub const KEY: &str = "a-signing-key-of-more-than-thirty-two-bytes";

/// What the worker is called.
pub const ID: &str = "gpu-1";

const RPC_TLS: &str = "CARNET_WORKER_RPC_TLS_";

/// A worker with files of a CA that is not the fleet's, beside a control plane in plain.
pub struct Deployment {
    pub machine: Machine,
    /// The CA of the files.
    pub authority: CertificateAuthority,
    pub control: Ca,
}

impl Deployment {
    /// Files for a worker, and the variables that name them.
    pub async fn new() -> Self {
        let mut machine = Machine::new();
        let control = Ca::start(machine.clock()).await;
        machine.set("PLATFORM_URL", &control.plain().await);
        let authority = authority(&machine.clock());
        let mut new = Self { machine, authority, control };
        new.certify();
        for (name, file) in
            [("SERVER_CERT", "server.pem"), ("SERVER_KEY", "server.key"), ("CLIENT_CA", "ca.pem")]
        {
            let path = new.file(file).display().to_string();
            new.machine.set(&format!("{RPC_TLS}{name}_FILE"), &path);
        }
        new
    }

    /// Makes the files anew.
    pub fn certify(&self) {
        let clock = self.machine.clock();
        let (issued, key) = issue(&self.authority, Kind::Worker, ID, &clock, Lifetime::MAX);
        put(&self.file("server.pem"), &issued.pem());
        put(&self.file("server.key"), &key.serialize_pem());
        put(&self.file("ca.pem"), &self.authority.bundle().pem());
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.machine.path("files").join(name)
    }

    /// The variable of a key of `worker.rpc_tls`.
    pub fn set_tls(&mut self, key: &str, value: &str) -> &mut Self {
        self.machine.set(&format!("{RPC_TLS}{key}"), value);
        self
    }

    pub fn worker(&self) -> WorkerApplication {
        let worker = WorkerApplication::new(NAME).https_port(0).worker_id(ID).capacity(3);
        worker.surroundings(self.machine.surroundings.clone())
    }

    /// A worker that has heard of the control plane's keys and revocations.
    pub async fn start(
        &self,
        build: impl FnOnce(WorkerApplication) -> WorkerApplication,
    ) -> RunningWorker {
        let worker = build(self.worker()).serve().await.unwrap();
        let nobody = self.caller(None, worker.https_url());
        until(async || nobody.get("/health").await.1["details"]["revocations"] == "ok").await;
        worker
    }

    /// Somebody with a certificate of this CA.
    pub fn caller(&self, shown: Option<&CertificateAuthority>, base: &str) -> Caller {
        Caller::of_deployment(&self.authority, shown, &self.machine.clock(), base)
    }

    /// A certified caller.
    pub fn known(&self, base: &str) -> Caller {
        self.caller(Some(&self.authority), base)
    }

    /// The token of the heartbeat number `count`, while time goes on.
    pub async fn beat(&self, count: usize) -> String {
        let what = format!("POST /api/v1/worker/{ID}/heartbeat");
        until(async || {
            self.machine.advance(Duration::from_millis(100));
            // What it asks is answered meanwhile.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            self.control.seen(&what).len() >= count
        })
        .await;
        let seen = self.control.seen(&what).swap_remove(count - 1);
        assert_eq!(seen.worker_id.as_deref(), Some(ID));
        seen.worker_token.unwrap()
    }
}

/// What a token for `/rpc` says.
pub fn rpc_claims(clock: &Clock) -> Claims {
    let now = clock.now().unix_s();
    Claims {
        worker_id: ID.to_owned(),
        token_id: "a-token".to_owned(),
        audience: Audience::Rpc.as_str().to_owned(),
        scopes: vec!["worker:status".to_owned()],
        expires_s: now + 60,
        issued_at_s: now,
        not_before_s: 0,
    }
}

/// A v1 token for `/rpc`.
pub fn rpc_token(clock: &Clock, change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = rpc_claims(clock);
    change(&mut claims);
    mint_v1(&HmacKey::from_text(KEY).unwrap(), &claims).unwrap()
}
