//! `carnet task` against a server that says what the test wants it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::support::{Ran, carnet, run};

const ID: &str = "task:01HQXK5V8N3Y7M2P4R6T9W0ABC";

/// A request, as the server got it.
struct Asked {
    line: String,
    head: Vec<String>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.iter().filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

fn asked(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut asked = Asked { line: lines.remove(0), head: lines, body: String::new() };
    let len = asked.header("content-length").map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    reader.read_exact(&mut body).unwrap();
    asked.body = String::from_utf8(body).unwrap();
    asked
}

/// Gives these answers, one connection after the other, and what was asked for each.
fn server(answers: Vec<String>) -> (String, mpsc::Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(asked(&stream)).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, receiver)
}

fn json_answer(status: u16, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A stream of events that breaks behind the last one.
fn events(events: &[(u64, &str, Value)]) -> String {
    let told = events
        .iter()
        .map(|(seq, name, data)| format!("event: {name}\nid: {seq}\ndata: {data}\n\n"));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: 9999999\r\n\r\n";
    format!("{head}: alive\n\n{}", told.collect::<String>())
}

fn task(state: &str) -> Value {
    json!({
        "id": ID, "capability": "image.thumbnail", "version": "1.0.0", "state": state, "attempt": 1, "max_attempts": 3,
        "input": [], "params": {}, "output": if state == "succeeded" { json!("node:0000000000000000000000000G") } else { json!(null) },
        "error": if state == "failed" { json!({ "code": "NO_PICTURE", "message": "it is none", "retryable": false }) } else { json!(null) },
    })
}

fn carnet_at(url: &str, args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    run(carnet(folder.path()).args(["task"]).args(args).args(["--server", url]))
}

/// Promise: K-56
#[test]
fn a_task_is_followed_through_broken_streams_and_each_thing_is_told_once() {
    let (url, asked) = server(vec![
        // An answer that is lost: what was submitted is submitted again under the same name.
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_owned(),
        json_answer(200, &json!({ "task": task("pending") })),
        events(&[
            (1, "state", json!({ "state": "pending" })),
            (2, "state", json!({ "state": "placed", "worker_id": "gpu-1" })),
        ]),
        events(&[
            (2, "state", json!({ "state": "placed", "worker_id": "gpu-1" })),
            (3, "log", json!({ "message": "half way" })),
        ]),
        events(&[(4, "end", json!({ "task": task("succeeded") }))]),
        json_answer(200, &task("succeeded")),
    ]);
    let ran = carnet_at(
        &url,
        &[
            "run",
            "image.thumbnail",
            "--param",
            "max_edge=128",
            "--param",
            "name=a b",
            "--timeout",
            "1m",
        ],
    );
    assert_eq!(ran.line(), "node:0000000000000000000000000G");
    assert_eq!(ran.err.lines().collect::<Vec<_>>(), ["pending", "placed on gpu-1", "half way"]);
    let [lost, submitted, first, second, third, _] = std::array::from_fn(|_| asked.recv().unwrap());
    assert_eq!(submitted.line, "POST /api/v1/tasks HTTP/1.1");
    let key = submitted.header("idempotency-key").unwrap();
    assert_eq!(lost.header("idempotency-key").unwrap(), key);
    let body: Value = serde_json::from_str(&submitted.body).unwrap();
    let expected = json!({
        "capability": "image.thumbnail", "input": [], "params": { "max_edge": 128, "name": "a b" }, "limits": { "timeout": "1m" },
    });
    assert_eq!(body, expected);
    assert_eq!(first.line, format!("GET /api/v1/tasks/{ID}/events HTTP/1.1"));
    let from =
        [&first, &second, &third].map(|asked| asked.header("last-event-id").map(str::to_owned));
    assert_eq!(from, [None, Some("2".to_owned()), Some("3".to_owned())]);
}

#[test]
fn a_task_that_does_not_succeed_ends_with_1_and_says_why() {
    let end = |state: &str| {
        vec![
            json_answer(202, &json!({ "task": task("pending") })),
            events(&[(1, "end", json!({}))]),
            json_answer(200, &task(state)),
        ]
    };
    let (url, _asked) = server(end("failed"));
    let ran = carnet_at(&url, &["run", "image.thumbnail"]);
    assert!(ran.failed(1).contains("failed: NO_PICTURE: it is none"), "{}", ran.err);
    let (url, _asked) = server(end("cancelled"));
    let ran = carnet_at(&url, &["run", "image.thumbnail", "--format", "json"]);
    ran.failed(1);
    assert_eq!(ran.json()["state"], "cancelled");
    let denied = json!({ "error": "forbidden", "message": "not allowed", "request_id": "1" });
    let (url, _asked) = server(vec![json_answer(403, &denied)]);
    carnet_at(&url, &["run", "image.thumbnail"]).failed(1);
}

#[test]
fn a_task_is_tried_submitted_listed_and_cancelled() {
    let check = json!({ "resource_type": "capability", "value": "image.thumbnail", "decision": "deny", "source": "global" });
    let tried = json!({ "decision": "deny", "checks": [check], "candidates": ["gpu-1"] });
    let (url, asked) = server(vec![json_answer(200, &tried)]);
    let ran = carnet_at(&url, &["run", "image.thumbnail", "--dry-run", "--image", "a@1"]);
    ran.failed(1);
    assert_eq!(ran.out, "deny\ncapability image.thumbnail: deny (global)\nworkers: gpu-1\n");
    let asked = asked.recv().unwrap();
    assert_eq!(asked.line, "POST /api/v1/tasks?dry_run=true HTTP/1.1");
    assert!(asked.body.contains("\"image\":\"a@1\""), "{}", asked.body);

    let (url, _asked) = server(vec![json_answer(202, &json!({ "task": task("pending") }))]);
    assert_eq!(carnet_at(&url, &["run", "image.thumbnail", "--no-wait"]).line(), ID);

    let page = json!({ "tasks": [task("running")], "next_cursor": "x" });
    let last = json!({ "tasks": [task("failed")], "next_cursor": null });
    let (url, asked) = server(vec![json_answer(200, &page), json_answer(200, &last)]);
    let listed = carnet_at(&url, &["list", "--state", "running", "--worker", "gpu-1"]);
    assert_eq!(listed.line().lines().count(), 3, "{}", listed.out);
    assert_eq!(
        asked.recv().unwrap().line,
        "GET /api/v1/tasks?limit=100&state=running&worker_id=gpu-1 HTTP/1.1"
    );
    assert_eq!(
        asked.recv().unwrap().line,
        "GET /api/v1/tasks?limit=99&state=running&worker_id=gpu-1&cursor=x HTTP/1.1"
    );

    let (url, asked) =
        server(vec![json_answer(202, &task("cancelled")), json_answer(200, &task("failed"))]);
    assert_eq!(
        carnet_at(&url, &["cancel", ID, "--reason", "late"]).line(),
        format!("{ID} is cancelled")
    );
    assert_eq!(asked.recv().unwrap().body, r#"{"reason":"late"}"#);
    let shown = carnet_at(&url, &["show", ID]);
    assert!(shown.line().contains("NO_PICTURE: it is none"), "{}", shown.out);
    carnet_at(&url, &["show", "task:1"]).failed(2);
}
