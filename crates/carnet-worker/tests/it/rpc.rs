//! `/rpc`: who may call, for what, and how often it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carnet_authority::ca::Lifetime;
use carnet_ticket::identity::Kind;
use carnet_ticket::rpc::{LEN_MAX, Request};
use carnet_worker::{ClientAuth, TaskContext, TaskError, TaskOutput};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::fleet::{Order, TASK, WORKER_ID, request, told};
use crate::support::{Caller, Fleet, Machine, seconds, until};
use crate::tasks::{DO, Does, doing, until_cancelled};

fn text(request: &Request) -> String {
    serde_json::to_string(request).unwrap()
}

fn error(answer: &(StatusCode, Value)) -> (u16, &str) {
    (answer.0.as_u16(), answer.1["error"].as_str().unwrap_or_default())
}

/// Promise: K-50
#[tokio::test]
async fn only_a_control_plane_may_call() {
    for policy in [ClientAuth::HealthOpen, ClientAuth::Open] {
        let fleet = Fleet::start(|worker| {
            let allowed = ["spiffe://carnet.local/worker/*", "spiffe://carnet.local/operator/*"];
            doing(until_cancelled)(worker.client_auth(policy).allow_peers(&allowed))
        })
        .await;
        let url = fleet.worker.https_url();
        let status =
            text(&request("worker.status", json!({ "sandbox_id": TASK, "provider": "task" })));
        let nobody = Caller::nobody(&fleet.ca, url);
        assert_eq!(nobody.send("/rpc").await.unwrap().status(), 405);
        assert_eq!(told(nobody.call(status.clone()).await).await.0, 401);
        for kind in [Kind::Worker, Kind::Operator] {
            let peer = Caller::member(&fleet.ca, url, kind, WORKER_ID);
            assert_eq!(error(&told(peer.call(status.clone()).await).await), (403, "WrongPeer"));
            // Not even with a body that is none.
            assert_eq!(error(&told(peer.call("x").await).await), (403, "WrongPeer"));
        }
        assert_eq!(error(&told(fleet.control.call(status).await).await), (404, "NoSandbox"));
        assert_eq!(fleet.control.send("/rpc").await.unwrap().status(), 405);
    }
    let required =
        Fleet::start(|worker| doing(until_cancelled)(worker.client_auth(ClientAuth::Required)))
            .await;
    let nobody = Caller::nobody(&required.ca, required.worker.https_url());
    assert!(nobody.try_call("{}").await.is_err(), "it fails in the handshake");
}

/// Promise: K-50
/// Promise: K-53
#[tokio::test]
async fn what_is_wrong_has_its_status() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    let ask = async |body: String| told(fleet.control.call(body).await).await;
    for body in ["", "x", "[]", "{}", r#"{"id":1,"method":"worker.status","worker_id":"worker-1"}"#]
    {
        assert_eq!(error(&ask(body.to_owned()).await), (400, "InvalidJson"), "{body}");
    }
    let other = Request { worker_id: "worker-2".to_owned(), ..request("worker.spawn", json!({})) };
    assert_eq!(error(&ask(text(&other)).await), (403, "WrongWorker"));
    for (method, expected) in [
        ("spawn", (400, "UnknownMethod")),
        ("worker.fly", (400, "UnknownMethod")),
        ("worker.exec", (501, "NotImplemented")),
        ("worker.exec_stream", (501, "NotImplemented")),
        ("worker.file_read", (501, "NotImplemented")),
        ("worker.heartbeat", (501, "NotImplemented")),
        ("worker.spawn", (400, "InvalidParams")),
        ("worker.destroy", (400, "InvalidParams")),
        ("worker.renew_lease", (400, "InvalidParams")),
        ("worker.status", (400, "InvalidParams")),
        ("worker.logs", (400, "InvalidParams")),
    ] {
        assert_eq!(error(&ask(text(&request(method, json!({})))).await), expected, "{method}");
    }
    let blank = Request { id: " ".to_owned(), ..request("worker.status", json!({})) };
    assert_eq!(error(&ask(text(&blank)).await), (400, "InvalidId"));

    let order = Order::of(DO);
    let spawn = fleet.spawn_request(&order);
    let with = |id: &str, member: &str, value: Value| {
        let mut params = spawn.params.clone().unwrap();
        params[member] = value;
        Request { id: id.to_owned(), params: Some(params), ..spawn.clone() }
    };
    let unknown = with("a", "provider", json!("docker"));
    assert_eq!(error(&fleet.ask(&unknown).await), (404, "NoProvider"));
    let nothing = with("b", "task", Value::Null);
    assert_eq!(error(&fleet.ask(&nothing).await), (400, "InvalidParams"));
    let elsewhere = fleet.spawn_request(&Order { capability: "test.other".to_owned(), ..order });
    assert_eq!(error(&fleet.ask(&elsewhere).await), (404, "NoProvider"));

    let long = format!("{}{}", " ".repeat(LEN_MAX - 10), text(&spawn));
    assert_eq!(error(&ask(long).await), (413, "TooLarge"));
    // The same, without saying how long it is.
    let piece = " ".repeat(LEN_MAX / 4 + 1);
    let pieces = futures::stream::iter((0..4).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
    let answer = fleet.control.call(reqwest::Body::wrap_stream(pieces)).await;
    assert_eq!(error(&told(answer).await), (413, "TooLarge"));
    assert_eq!(fleet.worker.active(), 0);
}

/// Promise: K-52
#[tokio::test]
async fn a_call_is_done_once_however_often_it_is_made() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let fleet = Fleet::start(doing(move |task: TaskContext| {
        counted.fetch_add(1, Ordering::Relaxed);
        until_cancelled(task)
    }))
    .await;
    let spawn = text(&fleet.spawn_request(&Order::of(DO)));
    let calls = futures::future::join_all((0..20).map(|_| fleet.control.call(spawn.clone()))).await;
    let replayed = |answer: &reqwest::Response| {
        answer.headers().get("idempotency-replayed").is_some_and(|value| value == "true")
    };
    assert_eq!(calls.iter().filter(|answer| !replayed(answer)).count(), 1);
    for answer in calls {
        let (status, answer) = told(answer).await;
        assert_eq!(status, 200);
        let expected = json!({ "sandbox_id": TASK, "state": "running", "provider": "task", "worker_id": WORKER_ID });
        assert_eq!(answer["result"], expected);
    }
    fleet.report(TASK, 1).await;
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let other = spawn.replace("\"none\"", "\"open\"");
    assert_eq!(error(&told(fleet.control.call(other).await).await), (409, "IdConflict"));
    // After ten minutes it is another call; the lease of the first has ended.
    fleet.machine.advance(seconds(600));
    assert_eq!(error(&told(fleet.control.call(spawn).await).await), (403, "Expired"));
}

/// Promise: K-53
#[tokio::test]
async fn logs_are_one_answer_or_a_line_each() {
    let (say, words) = tokio::sync::mpsc::channel::<&str>(1);
    let words = Arc::new(tokio::sync::Mutex::new(words));
    let fleet = Fleet::start(doing(move |task: TaskContext| {
        let words = Arc::clone(&words);
        async move {
            while let Some(word) = words.lock().await.recv().await {
                task.log(word).await;
            }
            Ok::<_, TaskError>(TaskOutput::nothing())
        }
    }))
    .await;
    fleet.spawn(&Order::of(DO)).await;
    for word in ["one", "two", "three"] {
        say.send(word).await.unwrap();
    }
    fleet.report(TASK, 4).await;
    let logs = |params: Value| Request { id: params.to_string(), ..request("worker.logs", params) };
    let (_, answer) = fleet.ask(&logs(json!({ "sandbox_id": TASK }))).await;
    let chunk = |word: &str| json!({ "stream": "log", "data": word });
    let expected = [chunk("one"), chunk("two"), chunk("three")];
    assert_eq!(answer["result"], json!({ "sandbox_id": TASK, "chunks": expected }));
    let (_, answer) = fleet.ask(&logs(json!({ "sandbox_id": TASK, "lines": 1 }))).await;
    assert_eq!(answer["result"]["chunks"], json!([chunk("three")]));

    let mut stream =
        fleet.control.follow(text(&logs(json!({ "sandbox_id": TASK, "lines": 2 })))).await;
    assert_eq!(stream.headers()["content-type"], "application/x-ndjson");
    let mut read = String::new();
    let mut line = async || loop {
        if let Some((line, rest)) = read.split_once('\n') {
            let line: Value = serde_json::from_str(line).unwrap();
            read = rest.to_owned();
            assert_eq!(line["worker_id"], WORKER_ID);
            return line["result"].clone();
        }
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        read.push_str(std::str::from_utf8(&chunk).unwrap());
    };
    assert_eq!((line().await, line().await), (chunk("two"), chunk("three")));
    say.send("four").await.unwrap();
    assert_eq!(line().await, chunk("four"));
    drop(say);
    assert_eq!(line().await, json!({ "stream": "end", "data": "" }));
    while let Some(rest) = stream.chunk().await.unwrap() {
        assert!(rest.is_empty());
    }
}

/// Promise: K-53
#[tokio::test]
async fn a_stream_of_logs_ends_with_the_callers_certificate() {
    let fleet = Fleet::start(doing(async |task: TaskContext| {
        task.log("one").await;
        until_cancelled(task).await
    }))
    .await;
    let authority = fleet.ca.state.authority.lock().unwrap().clone();
    let (chain, key) = crate::support::authority::certify(
        &authority,
        Kind::ControlPlane,
        "two",
        &fleet.machine.clock(),
        Lifetime::MIN,
    );
    let short = Caller::with(&fleet.ca, fleet.worker.https_url(), chain, key);
    fleet.spawn(&Order { timeout: seconds(3600), ..Order::of(DO) }).await;
    fleet.report(TASK, 2).await;
    let logs = text(&request("worker.logs", json!({ "sandbox_id": TASK })));
    let mut stream = short.follow(logs).await;
    assert!(stream.chunk().await.unwrap().is_some());
    let ended = tokio::spawn(async move { while let Ok(Some(_)) = stream.chunk().await {} });
    until(async || {
        fleet.settle().await;
        fleet.machine.advance(seconds(5));
        ended.is_finished()
    })
    .await;
    assert_eq!(fleet.worker.active(), 1, "the task goes on");
}

/// Promise: K-50
#[tokio::test]
async fn a_port_of_their_own_demands_a_certificate_in_the_handshake() {
    let address = "127.0.0.1:0".parse().unwrap();
    let fleet = Fleet::start(|worker| doing(until_cancelled)(worker.rpc_listen(address))).await;
    let url = fleet.worker.rpc_url().unwrap().strip_suffix("/rpc").unwrap();
    assert_ne!(url, fleet.worker.https_url());
    assert!(Caller::nobody(&fleet.ca, url).send("/health").await.is_err());
    let control = Caller::member(&fleet.ca, url, Kind::ControlPlane, "one");
    let alive = json!({ "status": "ok", "worker_id": WORKER_ID });
    assert_eq!(control.get("/health").await, (StatusCode::OK, alive));
    assert_eq!(control.get("/status").await.0, 404);
    assert_eq!(control.get("/rpc").await.0, 405);
    let worker = Caller::member(&fleet.ca, url, Kind::Worker, "two");
    assert_eq!(error(&told(worker.call("{}").await).await), (403, "WrongPeer"));
    let spawn = text(&fleet.spawn_request(&Order::of(DO)));
    assert_eq!(fleet.control.call(spawn.clone()).await.status(), 404, "not on the HTTPS port");
    assert_eq!(told(control.call(spawn).await).await.0, 200);
    fleet.report(TASK, 1).await;
    let Fleet { worker, machine, .. } = fleet;
    let ending = tokio::spawn(worker.shutdown());
    machine.later(|| ending.is_finished()).await;
}

#[tokio::test]
async fn a_worker_without_handlers_or_without_a_control_plane_has_no_rpc() {
    let (machine, ca) = Machine::enrolling().await;
    let alone = machine.worker().task(Does(until_cancelled)).serve().await.unwrap();
    assert_eq!(alone.rpc_url(), None);
    let control = Caller::member(&ca, alone.https_url(), Kind::ControlPlane, "one");
    until(async || control.get("/status").await.0 == 200).await;
    assert_eq!(control.call("{}").await.status(), 404);
}

#[tokio::test]
async fn two_handlers_of_one_capability_are_refused() {
    let (machine, _ca) = Machine::enrolling().await;
    let worker = machine.worker().task(Does(until_cancelled)).task(Does(until_cancelled));
    let error = worker.serve().await.err().unwrap();
    assert!(format!("{error:?}").contains("two capabilities have the same id"), "{error:?}");
}
