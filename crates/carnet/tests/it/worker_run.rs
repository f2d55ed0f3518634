//! `carnet worker run`: programs as workers.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use crate::support::{Ran, Server, run, until};

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

/// A worker of this machine whose tasks programs do, killed when it is dropped.
struct Worker {
    child: Child,
}

impl Worker {
    /// Starts one that does these tasks, and waits until it is registered.
    fn start(server: &Server, tasks: &[&str], flags: &[&str]) -> Self {
        let tasks = tasks.iter().flat_map(|task| ["--task", task]);
        let args: Vec<_> =
            ["worker", "run"].into_iter().chain(tasks).chain(flags.iter().copied()).collect();
        Self::run(server, &args)
    }

    /// Runs this command.
    fn run(server: &Server, args: &[&str]) -> Self {
        Self::run_in(server, "certs", args)
    }

    /// Runs this command, with its certificate in this folder.
    fn run_in(server: &Server, certs: &str, args: &[&str]) -> Self {
        let log = std::fs::File::create(server.folder.path().join("worker.log")).unwrap();
        let mut command = server.carnet(args);
        command.envs([("CERT_DIR", certs), ("PATH", "/usr/bin:/bin"), ("SECRET", "s3cret")]);
        let child = command.env("HTTPS_PORT", "0").stdout(Stdio::null()).stderr(log).spawn();
        let child = child.unwrap();
        until("the worker is registered", || {
            let listed = server.run(&["worker", "list", "--format", "json"]).json();
            listed["workers"].as_array().is_some_and(|workers| !workers.is_empty())
        });
        Self { child }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a program of a shell script.
fn script(server: &Server, name: &str, text: &str) {
    let path = server.folder.path().join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn task_run(server: &Server, args: &[&str]) -> Ran {
    server.run(&[&["task", "run"], args].concat())
}

/// Promise: K-56
/// Promise: K-58
/// Promise: K-62
#[test]
fn any_program_is_a_worker() {
    let server = Server::start();
    script(&server, "show.sh", "env | sort; echo \"$CARNET_TASK_PARAMS\" >&2; pwd >&2");
    let tasks = ["text.sort=sort", "test.show=./show.sh"];
    let _worker =
        Worker::start(&server, &tasks, &["--env", "SHOWN", "--output-type", "text/plain"]);
    std::fs::write(server.folder.path().join("words.txt"), "pear\napple\nfig\n").unwrap();
    let ran = task_run(&server, &["text.sort", "--input", "words.txt", "--output", "sorted.txt"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let sorted = std::fs::read_to_string(server.folder.path().join("sorted.txt")).unwrap();
    assert_eq!(sorted, "apple\nfig\npear\n");
    // Larger than what is held in memory, and in several nodes.
    let many: Vec<_> = (0..200_000).rev().map(|number| format!("{number:06}\n")).collect();
    std::fs::write(server.folder.path().join("many.txt"), many.concat()).unwrap();
    let ran = task_run(&server, &["text.sort", "--input", "many.txt", "--output", "-"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("000000\n000001\n") && ran.out.len() == 1_400_000);

    let ran = task_run(&server, &["test.show", "--param", "edge=7", "--output", "-"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains(r#"{"edge":7}"#), "its log is shown: {}", ran.err);
    let names: Vec<_> = ran.out.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let of_task = ["CARNET_TASK_ATTEMPT", "CARNET_TASK_ID", "CARNET_TASK_PARAMS"];
    assert!(of_task.iter().all(|name| names.contains(name)), "{names:?}");
    let is_known =
        |name: &&str| of_task.contains(name) || ["PATH", "PWD", "SHLVL", "_"].contains(name);
    assert!(names.iter().all(is_known), "{names:?}");
}

/// Promise: K-62
#[test]
fn exit_codes_say_what_becomes_of_a_task() {
    let server = Server::start();
    script(&server, "refuse.sh", "echo 'it is too dark' >&2; exit 3");
    script(&server, "once.sh", "[ $CARNET_TASK_ATTEMPT = 2 ] || exit 75; echo second");
    script(&server, "killed.sh", "kill -KILL $$");
    script(&server, "leave.sh", "sleep 1000 & echo left");
    let tasks = [
        "test.refuse=./refuse.sh",
        "test.once=./once.sh",
        "test.killed=./killed.sh",
        "test.leave=./leave.sh",
    ];
    let _worker = Worker::start(&server, &tasks, &[]);
    let refused = task_run(&server, &["test.refuse"]);
    let said = refused.failed(1);
    assert!(said.contains("EXIT_3") && said.contains("it is too dark"), "{said}");
    let again = task_run(&server, &["test.once", "--output", "-"]);
    assert_eq!((again.code, again.out.as_str()), (0, "second\n"), "{}", again.err);
    assert!(task_run(&server, &["test.killed"]).failed(1).contains("SIGNAL_9"));
    let left = task_run(&server, &["test.leave", "--output", "-"]);
    assert_eq!((left.code, left.out.as_str()), (0, "left\n"), "it is not waited for: {}", left.err);
}

/// Promise: K-60
/// Promise: K-62
#[test]
fn a_task_that_is_cancelled_ends_its_program_and_what_that_started() {
    let server = Server::start();
    script(&server, "hold.sh", "trap '' TERM\nsleep 1000 & echo $$ $! > pids; wait; wait");
    let _worker = Worker::start(&server, &["test.hold=./hold.sh"], &[]);
    let task = task_run(&server, &["test.hold", "--no-wait"]).line().to_owned();
    let pids = server.folder.path().join("pids");
    until("the program runs", || {
        std::fs::read_to_string(&pids).is_ok_and(|pids| pids.ends_with('\n'))
    });
    let pids = std::fs::read_to_string(&pids).unwrap();
    assert_eq!(server.run(&["task", "cancel", &task]).code, 0);
    until("both have ended", || {
        pids.split_whitespace().all(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            stat.map_or(true, |stat| stat.contains(") Z "))
        })
    });
}

/// Promise: K-59
#[test]
fn a_task_whose_worker_is_killed_is_done_by_another() {
    let server = Server::start_with(&["--set", "tasks.lease_ttl=2s"]);
    let begun = server.folder.path().join("begun");
    script(
        &server,
        "hold.sh",
        "[ $CARNET_TASK_ATTEMPT = 1 ] || exec echo again; echo $$ > begun; sleep 1000",
    );
    let mut first = Worker::start(&server, &["test.hold=./hold.sh"], &["--id", "first"]);
    let task = task_run(&server, &["test.hold", "--no-wait"]).line().to_owned();
    until("the first has it", || {
        std::fs::read_to_string(&begun).is_ok_and(|pid| pid.ends_with('\n'))
    });
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let flags = ["--id", "second", "--name", "second"];
    let _second = Worker::run_in(
        &server,
        "others",
        &[&["worker", "run", "--task", "test.hold=./hold.sh"], &flags[..]].concat(),
    );
    let shown = || server.run(&["task", "show", &task, "--format", "json"]).json();
    until("another has done it", || shown()["state"] == "succeeded");
    let shown = shown();
    assert_eq!((&shown["attempt"], &shown["worker_id"]), (&2.into(), &"second".into()));
    // The program of a worker that was killed was not told.
    let pid = std::fs::read_to_string(&begun).unwrap().trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process_group(pid, rustix::process::Signal::KILL).unwrap();
}

/// Promise: K-72
#[test]
fn the_readmes_first_worker_is_a_program() {
    let readme = include_str!("../../../../README.md");
    let (before, after) = readme.split_once("```\ncarnet worker run --task ").unwrap();
    assert!(!before.contains("WorkerApplication") && !before.contains("hello_world"));
    let (first, after) = after.split_once("```").unwrap();
    let worker = format!("worker run --task {}", first.split('#').next().unwrap().trim());
    let commands = after.split("```").nth(1).unwrap();

    let server = Server::start();
    let _worker = Worker::run(&server, &worker.split(' ').collect::<Vec<_>>());
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_carnet")).parent().unwrap();
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-ec", commands]).current_dir(server.folder.path()).env_clear();
    let ran = run(shell.env("PATH", format!("{}:/usr/bin:/bin", binary.display())));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let sorted = std::fs::read_to_string(server.folder.path().join("sorted.txt")).unwrap();
    assert_eq!(sorted, "apple\npear\n");
}
