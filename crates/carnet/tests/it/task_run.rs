//! `carnet task run`, with a server and a worker that are processes of their own.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Server, until};

/// Where programs of this machine are.
const PATH: &str = "/usr/bin:/bin";

/// `carnet worker run`, killed when it is dropped.
struct Worker(Child);

impl Worker {
    /// A worker with these programs, once it is given tasks.
    fn start(server: &Server, tasks: &[&str]) -> Self {
        let mut command = server.carnet(&["worker", "run", "--port", "0", "--id", "one"]);
        for task in tasks {
            command.args(["--task", task]);
        }
        let log = std::fs::File::create(server.folder.path().join("worker.log")).unwrap();
        command.env("CERT_DIR", "certs").env("PATH", PATH).stderr(log);
        // Also where this runs in a container.
        command.env("CARNET_WORKER_HOST", "127.0.0.1").env("CARNET_ADVERTISE_HOST", "localhost");
        let worker = Self(command.spawn().unwrap());
        until("the worker is online", || {
            let shown = server.run(&["worker", "show", "one", "--format", "json"]);
            shown.code == 0 && shown.json()["state"] == "online"
        });
        worker
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program in the server's folder.
fn program(server: &Server, name: &str, text: &str) {
    let path = server.folder.path().join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The states of all tasks, newest first.
fn states(server: &Server) -> Vec<String> {
    let listed = server.run(&["task", "list", "--format", "json"]).json();
    let tasks = listed["tasks"].as_array().unwrap().iter();
    tasks.map(|task| task["state"].as_str().unwrap().to_owned()).collect()
}

/// Promise: K-56
#[test]
fn a_file_goes_to_a_worker_and_what_it_makes_comes_back() {
    let server = Server::start_with(&["--set", "tasks.pending_timeout=30s"]);
    let file = |name: &str| server.folder.path().join(name);
    let _worker = Worker::start(&server, &["text.sort=sort"]);
    std::fs::write(file("words.txt"), "b\nc\na\n").unwrap();
    for _ in 0..2 {
        let ran = server.run(&[
            "task",
            "run",
            "text.sort",
            "--input",
            "words.txt",
            "--output",
            "sorted.txt",
        ]);
        assert!(ran.line().starts_with("sorted.txt  1 file"), "{} {}", ran.out, ran.err);
        assert!(ran.err.contains("placed on one"), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(file("sorted.txt")).unwrap(), "a\nb\nc\n");
    }
    // What came of it can be handed on.
    let key = server.run(&["task", "run", "text.sort", "-i", "words.txt"]);
    let again = server.run(&["task", "run", "text.sort", "-i", key.line(), "-o", "-"]);
    assert_eq!((again.code, again.out.as_str()), (0, "a\nb\nc\n"), "{}", again.err);
    assert_eq!(states(&server), ["succeeded"; 4]);

    let dry = server.run(&["task", "run", "text.sort", "--dry-run", "--format", "json"]).json();
    assert_eq!((&dry["decision"], &dry["candidates"]), (&json!("allow"), &json!(["one"])));
    let waiting = server.run(&["task", "run", "text.unknown", "--no-wait"]);
    let id = waiting.line();
    let shown = server.run(&["task", "show", id, "--format", "json"]).json();
    assert_eq!(
        (&shown["state"], &shown["capability"]),
        (&json!("pending"), &json!("text.unknown"))
    );
    let cancelled = server.run(&["task", "cancel", id, "--reason", "nobody can"]);
    assert_eq!(cancelled.line(), format!("{id} is cancelled"));
    server.run(&["task", "cancel", id]).failed(1);
    server.run(&["task", "run", "text.sort", "-i", "node:0000000000000000000000000G"]).failed(1);
}

/// Promise: K-56
#[test]
fn a_task_that_fails_ends_the_command_with_1_and_ctrl_c_cancels() {
    let server = Server::start_with(&["--set", "tasks.pending_timeout=30s"]);
    program(&server, "fail", "echo it is broken >&2; exit 3");
    program(&server, "nap", "exec sleep 600");
    let _worker = Worker::start(&server, &["text.fail=./fail", "text.nap=./nap"]);
    let failed = server.run(&["task", "run", "text.fail"]);
    assert!(failed.failed(1).contains("EXIT_3"), "{}", failed.err);
    assert!(failed.err.contains("it is broken"), "{}", failed.err);

    let mut command: Command = server.carnet(&["task", "run", "text.nap"]);
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the task runs", || states(&server)[0] == "running");
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(1));
    assert_eq!(states(&server), ["cancelled", "failed"]);
}
