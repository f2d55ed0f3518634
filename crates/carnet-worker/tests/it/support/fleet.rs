//! [`Fleet`]: a worker that does tasks, and the control plane that hands them to it.

use std::time::Duration;

use carnet_ticket::identity::Kind;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::rpc::{Request, Spawn, SpawnTask, request_id};
use carnet_ticket::task::{Lease, Report};
use carnet_worker::{Registration, RunningWorker, WorkerApplication};
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::store::TICKET;
use super::{Ca, Caller, Machine, NAME, Store, seconds, until};

pub const WORKER_ID: &str = "worker-1";
pub const TASK: &str = "task:01KAQ3W0G0ZZZZZZZZZZZZZZZZ";

/// A worker that has registered, and knows who is revoked.
pub struct Fleet {
    pub machine: Machine,
    pub ca: Ca,
    pub worker: RunningWorker,
    /// The control plane, as it calls.
    pub control: Caller,
    pub store: Store,
    pub instance: String,
}

/// What is ordered.
pub struct Order {
    pub task: String,
    pub generation: u64,
    pub capability: String,
    pub params: Value,
    pub input: Vec<NodeKey>,
    pub timeout: Duration,
    pub output_bytes: u64,
}

impl Order {
    pub fn of(capability: &str) -> Self {
        Self {
            task: TASK.to_owned(),
            generation: 1,
            capability: capability.to_owned(),
            params: json!({}),
            input: vec![],
            timeout: Duration::from_mins(5),
            output_bytes: 1 << 20,
        }
    }

    pub fn numbered(self, number: u32) -> Self {
        Self { task: format!("task:01KAQ3W0G0ZZZZZZZZZZZZ{number:04}"), ..self }
    }
}

impl Fleet {
    /// Starts what `build` makes of a worker with three places.
    pub async fn start(build: impl FnOnce(WorkerApplication) -> WorkerApplication) -> Self {
        Self::of(build(WorkerApplication::new(NAME).https_port(0).capacity(3))).await
    }

    /// Starts this one, on any free port.
    pub async fn of(worker: WorkerApplication) -> Self {
        let (mut machine, ca) = Machine::enrolling().await;
        machine.set("PLATFORM_URL", &ca.url());
        let worker = worker.worker_id(WORKER_ID).surroundings(machine.surroundings.clone());
        let worker = worker.serve().await.unwrap();
        let control = Caller::member(&ca, worker.https_url(), Kind::ControlPlane, "one");
        let seen = ca.saw("POST /v1/workers/register", 1).await;
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!(body["rpc_url"].as_str(), worker.rpc_url());
        let instance = body["instance"].as_str().unwrap().to_owned();
        until(async || worker.registration() == Registration::Ok).await;
        // Before the first word of the feed nobody is judged.
        let health = async || control.get("/health").await.1;
        until(async || health().await["details"]["revocations"] == "ok").await;
        Self { machine, ca, worker, control, store: Store::start().await, instance }
    }

    /// The lease of a task: 30 seconds from now.
    pub fn lease(&self, task: &str, generation: u64) -> Lease {
        Lease {
            resource_id: task.to_owned(),
            resource_type: "task".to_owned(),
            holder: WORKER_ID.parse().unwrap(),
            instance: Some(self.instance.clone()),
            generation,
            expires_at: self.machine.clock().now().after(seconds(30)),
        }
    }

    /// What asks for a task.
    pub fn spawn_request(&self, order: &Order) -> Request {
        let deadline = self.machine.clock().now().after(order.timeout);
        let spawn = Spawn {
            sandbox_id: order.task.clone(),
            image: format!("{}@1.0.0", order.capability),
            provider: "task".to_owned(),
            network: Some("none".to_owned()),
            memory_mb: 0,
            vcpus: 0,
            owner_id: None,
            ttl: "5m0s".to_owned(),
            task: Some(SpawnTask {
                capability: order.capability.clone(),
                attempt: 1,
                params: serde_json::from_value::<Map<_, _>>(order.params.clone()).unwrap(),
                input: order.input.clone(),
                realm: "user:one".to_owned(),
                realm_url: self.store.url.clone(),
                ticket: TICKET.to_owned(),
                output_bytes: order.output_bytes,
                deadline: deadline.to_string(),
            }),
        };
        let (task, generation) = (&order.task, order.generation);
        Request {
            id: request_id("spawn", task, generation),
            lease: Some(self.lease(task, generation).to_json()),
            ..request("worker.spawn", json!(spawn))
        }
    }

    /// Asks for a task, under a lease that the control plane knows.
    pub async fn spawn(&self, order: &Order) -> (StatusCode, Value) {
        let lease = self.lease(&order.task, order.generation);
        self.ca.state.leases.lock().unwrap().insert(order.task.clone(), lease);
        self.ask(&self.spawn_request(order)).await
    }

    /// Ends a task, as whoever does not want it any more.
    pub async fn destroy(&self, task: &str, generation: u64) -> (StatusCode, Value) {
        let params = json!({ "sandbox_id": task, "provider": "task" });
        let request = Request {
            id: request_id("destroy", task, generation),
            lease: Some(self.lease(task, generation).to_json()),
            ..request("worker.destroy", params)
        };
        self.ask(&request).await
    }

    /// What the worker answers the control plane.
    pub async fn ask(&self, request: &Request) -> (StatusCode, Value) {
        told(self.control.call(serde_json::to_string(request).unwrap()).await).await
    }

    /// The report number `count` of a task, from 1, and under which lease it was made.
    pub async fn report(&self, task: &str, count: usize) -> (Report, String) {
        let seen = self.ca.saw(&events(task), count).await;
        (serde_json::from_slice(&seen.body).unwrap(), seen.lease.unwrap())
    }

    /// The reports of a task so far.
    pub fn reports(&self, task: &str) -> Vec<Report> {
        let seen = self.ca.seen(&events(task));
        seen.iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect()
    }

    /// Waits until the worker has nothing to do.
    pub async fn idle(&self) {
        until(async || self.worker.active() == 0).await;
    }

    /// Lets the worker do what it can do now: it answers others meanwhile.
    pub async fn settle(&self) {
        for _ in 0..3 {
            self.control.get("/health").await;
        }
    }

    /// Lets time go by, in small steps, until `holds`. What the worker asks others is answered in each.
    pub async fn later(&self, mut holds: impl FnMut(&Self) -> bool) {
        until(async || {
            self.settle().await;
            self.machine.advance(Duration::from_millis(100));
            holds(self)
        })
        .await;
    }
}

/// Where a task is reported on.
pub fn events(task: &str) -> String {
    format!("POST /api/v1/worker/{WORKER_ID}/tasks/{task}/events")
}

/// Where a lease is renewed.
pub fn renewals(task: &str) -> String {
    format!("POST /api/v1/worker/{WORKER_ID}/leases/{task}/renew")
}

/// A call without a lease.
pub fn request(method: &str, params: Value) -> Request {
    Request {
        id: format!("{method}-1"),
        method: method.to_owned(),
        worker_id: WORKER_ID.to_owned(),
        lease: None,
        params: Some(params),
    }
}

/// Status and body of an answer.
pub async fn told(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}
