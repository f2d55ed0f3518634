//! `carnet worker run`: programs as workers.

use crate::support::{Ran, Server, run};

/// A worker in the server's folder, with a certificate directory of its own.
fn worker_run(server: &Server, flags: &[&str]) -> Ran {
    let mut command = server.carnet(&[&["worker", "run", "--port", "0"], flags].concat());
    run(command.env("CERT_DIR", "certs").env("PATH", "/usr/bin:/bin"))
}

/// Promise: K-62
#[test]
fn once_registers_reports_and_deregisters() {
    let server = Server::start();
    let ran = worker_run(&server, &["--id", "one", "--once", "--task", "text.sort=sort"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.is_empty() && ran.out.is_empty(), "{} {}", ran.out, ran.err);
    let left = server.run(&["worker", "list", "--format", "json"]);
    assert!(!left.line().contains("\"one\""), "{}", left.out);
}

/// Promise: K-62
#[test]
fn what_cannot_be_run_is_said_before_anything_is_done() {
    let server = Server::start();
    std::fs::write(server.folder.path().join("notes.txt"), "no program").unwrap();
    for (task, expected) in [
        ("text.sort", "expected CAPABILITY=PROGRAM"),
        ("text.sort=", "expected a program"),
        ("text..sort=sort", "capability"),
        ("text.sort=no-such-program", "there is no such program"),
        ("text.sort=./notes.txt", "there is no such program"),
        ("text.sort=sort -r", "there is no such program"),
    ] {
        let ran = worker_run(&server, &["--once", "--task", task]);
        assert!(ran.failed(2).contains(expected), "{task}: {}", ran.err);
    }
    assert!(!server.folder.path().join("certs").exists());
    let twice = ["--once", "--task", "text.sort=sort", "--task", "text.sort=cat"];
    assert!(worker_run(&server, &twice).failed(3).contains("the same id"));
}
