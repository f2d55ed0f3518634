//! Which worker a task is given to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use carnet_server::registry::WorkerState::{Cordoned, Draining, Lost, Online, Quarantined};
use carnet_server::registry::{Candidate, Limits, Offer, Placement, Seats, Slot, Want};
use carnet_ticket::identity::WorkerId;
use serde_json::{Value, json};

use super::support::{Fleet, Member};
use crate::runner::{Input, Outcome};

const LOST_AFTER: Duration = Duration::from_mins(2);

/// A worker of a vector.
struct Described {
    id: WorkerId,
    worker: Value,
    offers: Vec<Offer>,
    labels: BTreeMap<String, String>,
    seats: Arc<Seats>,
    _taken: Vec<Slot>,
}

fn want(request: &Value) -> Want {
    let text = |name: &str| request[name].as_str();
    let labels = request["labels"].as_object().into_iter().flatten();
    Want {
        capability: text("capability").unwrap().parse().unwrap(),
        verb: text("verb").map(str::to_owned),
        version: text("version").unwrap_or("1.0.0").parse().unwrap(),
        labels: labels
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        requires_gpu: request["requires_gpu"].as_bool().unwrap_or(false),
    }
}

fn described(worker: &Value) -> Described {
    let offers = worker["capabilities"].as_array().unwrap().iter().map(|capability| {
        let mut schema = capability.clone();
        schema["id"] = schema["name"].clone();
        Offer::read(&schema).unwrap()
    });
    let offers: Vec<_> = offers.collect();
    let seats = Arc::<Seats>::default();
    let active = worker["active"].as_u64().unwrap();
    let taken = (0..active).map(|_| seats.take(&offers[0].capability, Limits::NONE).unwrap());
    Described {
        id: worker["worker_id"].as_str().unwrap().parse().unwrap(),
        labels: serde_json::from_value(worker["labels"].clone()).unwrap(),
        worker: worker.clone(),
        _taken: taken.collect(),
        offers,
        seats,
    }
}

pub(super) fn vector(input: &mut Input) -> Outcome {
    let workers = input.take("workers");
    let workers: Vec<_> = workers.as_array().unwrap().iter().map(described).collect();
    let candidates = workers.iter().map(|described| Candidate {
        id: &described.id,
        state: [Online, Lost, Draining, Cordoned, Quarantined]
            .into_iter()
            .find(|state| described.worker["state"] == state.as_str())
            .unwrap(),
        offers: &described.offers,
        labels: &described.labels,
        load_score: described.worker["load_score"].as_f64().unwrap(),
        capacity: u32::try_from(described.worker["capacity"].as_u64().unwrap()).unwrap(),
        seats: &described.seats,
    });
    let request = input.take("request");
    let failed_on = request["failed_on"].as_array().into_iter().flatten();
    let failed_on = failed_on.map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    let best = want(&request).best(&failed_on, candidates);
    let best = best.ok_or_else(|| json!({ "error": "NoWorker" }))?;
    Ok(json!({ "worker_id": best.as_str() }))
}

/// Registers a worker that takes two tasks, of one capability only one.
async fn two_seats(fleet: &Fleet, member: &Member, id: &str) {
    let schema = json!({ "id": "image.classify", "verb": "classify", "version": "1.2.0", "max_concurrency": 1 });
    let differs = json!({
        "worker_id": id,
        "capabilities": ["example.hello_world", "image.classify"],
        "capability_schemas": [schema, { "id": "image.secret" }],
        "rpc_url": "https://localhost:8900/rpc",
        "instance": "00112233aabbccdd",
        "capacity": 2,
    });
    fleet.register(member, &differs).await.expect(200);
}

fn place(fleet: &Fleet, want: &Want) -> Option<Placement> {
    fleet.server.app.registry().place(want, &BTreeSet::new(), &BTreeSet::new(), LOST_AFTER)
}

/// Promise: K-57
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_has_as_many_tasks_as_it_takes() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    two_seats(&fleet, &hello, "w-a").await;
    let registry = fleet.server.app.registry();
    let (classify, greet) = (
        want(&json!({ "capability": "image.classify", "version": "1.1.0" })),
        want(&json!({ "capability": "example.hello_world", "verb": "invoke" })),
    );
    let first = place(&fleet, &classify).unwrap();
    assert_eq!(first.worker_id.as_str(), "w-a");
    assert_eq!(first.identity, "spiffe://carnet.local/worker/hello-world");
    assert_eq!(
        (&*first.rpc_url, &*first.instance),
        ("https://localhost:8900/rpc", "00112233aabbccdd")
    );
    assert!(place(&fleet, &classify).is_none(), "only one of these");
    let second = place(&fleet, &greet).unwrap();
    assert!(place(&fleet, &greet).is_none(), "only two in all");
    // It still has what it had when it registers again.
    two_seats(&fleet, &hello, "w-a").await;
    assert!(place(&fleet, &greet).is_none());
    // One more than it takes, from before a restart, counts as well.
    let id = first.worker_id.clone();
    let third = registry.occupy(&id, &greet.capability).unwrap();
    drop(second);
    assert!(place(&fleet, &greet).is_none());
    let mut changed = std::pin::pin!(registry.changed().notified());
    changed.as_mut().enable();
    drop(third);
    changed.await;
    assert!(place(&fleet, &greet).is_some());
    assert!(registry.occupy(&"nobody".parse().unwrap(), &greet.capability).is_none());
    // What was only described was not enrolled.
    assert!(place(&fleet, &want(&json!({ "capability": "image.secret" }))).is_none());
}

/// Promise: K-57
#[tokio::test(flavor = "multi_thread")]
async fn the_best_worker_is_chosen_of_those_that_take_tasks() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    for id in ["w-a", "w-b", "w-c"] {
        two_seats(&fleet, &hello, id).await;
    }
    // Nobody can be called that does not say where.
    fleet.register(&hello, &json!({ "worker_id": "a-first" })).await.expect(200);
    let greet = want(&json!({ "capability": "example.hello_world" }));
    let mut failed_on = BTreeSet::new();
    let order = |want: &Want, failed_on: &BTreeSet<WorkerId>| {
        let ids = fleet.server.app.registry().candidates(want, failed_on, LOST_AFTER);
        ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order(&greet, &failed_on), ["w-a", "w-b", "w-c"]);
    let busy = place(&fleet, &greet).unwrap();
    assert_eq!(order(&greet, &failed_on), ["w-b", "w-c", "w-a"]);
    let registry = fleet.server.app.registry();
    let mut changed = std::pin::pin!(registry.changed().notified());
    changed.as_mut().enable();
    fleet.beat(&hello, "w-c", "service_type=example&load_score=0.5").await.expect(200);
    changed.await;
    assert_eq!(order(&greet, &failed_on), ["w-b", "w-a", "w-c"]);
    failed_on.insert("w-b".parse().unwrap());
    assert_eq!(order(&greet, &failed_on), ["w-a", "w-c", "w-b"]);
    let passed_over = BTreeSet::from(["w-a".parse().unwrap(), "w-c".parse().unwrap()]);
    let placed =
        fleet.server.app.registry().place(&greet, &failed_on, &passed_over, LOST_AFTER).unwrap();
    assert_eq!(placed.worker_id.as_str(), "w-b", "the last resort");
    drop((busy, placed));
    fleet.beat(&hello, "w-a", "service_type=example&state=draining").await.expect(200);
    assert_eq!(order(&greet, &failed_on), ["w-c", "w-b"]);
    fleet.server.hand.advance(LOST_AFTER);
    assert!(order(&greet, &failed_on).is_empty(), "nobody was heard lately");
}
