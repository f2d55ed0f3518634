//! Seeded faults in the middle of tasks: workers and the server are killed, workers are paused and go on late. Every
//! task is done all the same, with the right output, and no task has two.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use carnet_gate::Clock;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Server, carnet, until, wait};

/// What decides what happens when; every run is the same, as far as processes go.
const SEED: u64 = 0x5eed_0006;

const WORKERS: usize = 3;
const TASKS: usize = 24;

/// What goes wrong, one after the other.
const FAULTS: usize = 10;

/// Numbers that a seed decides: an xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A worker whose tasks a program does.
struct Worker {
    child: Child,
}

impl Worker {
    fn start(server: &Server, number: usize, fleet: u16) -> Self {
        let folder = server.folder.path();
        let log = std::fs::File::create(folder.join(format!("worker-{number}.log"))).unwrap();
        let id = format!("worker-{number}");
        let mut command = carnet(folder);
        command
            .args([
                "worker",
                "run",
                "--port",
                "0",
                "--capacity",
                "2",
                "--task",
                "text.upper=./upper",
            ])
            .args(["--id", &id, "--name", &id])
            .env("CERT_DIR", format!("certs-{number}"))
            .env("CARNET_DATA_DIR", folder.join("carnet-data"))
            .env("PLATFORM_URL", format!("https://localhost:{fleet}"))
            .env("WORKER_HEARTBEAT_INTERVAL", "1")
            .env("PATH", "/usr/bin:/bin");
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { child }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that is paused dies of this too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Free ports, which the server has again after it was killed.
fn ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn serve(folder: tempfile::TempDir, [api, fleet]: [u16; 2]) -> Server {
    let settings = [
        format!("server.port={api}"),
        format!("fleet.listen_addr=127.0.0.1:{fleet}"),
        "tasks.lease_ttl=1s".to_owned(),
        "registry.lost_after=5s".to_owned(),
        "registry.heartbeat_interval=1s".to_owned(),
        "logging.level=info".to_owned(),
    ];
    let flags: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    Server::start_in_with(folder, &flags)
}

fn pause(ms: u64) {
    wait(Clock::System.sleep(Duration::from_millis(ms)));
}

/// Promise: K-59, K-46
#[test]
fn whoever_is_killed_or_paused_no_task_is_lost_and_none_is_done_twice() {
    let mut dice = Dice(SEED);
    let ports = ports();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("upper");
    // Long enough that something happens in the middle of it.
    std::fs::write(&program, "#!/bin/sh\nsleep 0.2\ntr a-z A-Z\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut server = serve(folder, ports);
    let mut workers: Vec<_> =
        (0..WORKERS).map(|number| Worker::start(&server, number, ports[1])).collect();
    until("the workers are there", || server.run(&["worker", "list"]).out.contains("worker-2"));

    let mut expected = BTreeMap::new();
    for number in 0..TASKS {
        let text = format!("text {number}");
        let path = server.folder.path().join("input");
        std::fs::write(&path, &text).unwrap();
        let key = server.run(&["realm", "node", "put", "input"]).line().to_owned();
        let body = json!({
            "capability": "text.upper", "input": [key], "limits": { "max_attempts": 10 },
        });
        let made = server.call(Method::POST, "/api/v1/tasks", Some(&body));
        expected.insert(made["task"]["id"].as_str().unwrap().to_owned(), text.to_uppercase());
    }
    for _ in 0..FAULTS {
        pause(100 + dice.below(500));
        let number = usize::try_from(dice.below(WORKERS as u64)).unwrap();
        match dice.below(4) {
            0 => {
                server = serve(server.kill(), ports);
            }
            1 => {
                // It goes on when its leases are over, and does not know.
                workers[number].signal(Signal::STOP);
                pause(1200 + dice.below(800));
                workers[number].signal(Signal::CONT);
            }
            _ => {
                workers[number].signal(Signal::KILL);
                workers[number].child.wait().unwrap();
                workers[number] = Worker::start(&server, number, ports[1]);
            }
        }
    }
    let task = |id: &str| server.call(Method::GET, &format!("/api/v1/tasks/{id}"), None);
    for (id, text) in &expected {
        let is_over = (0..600).any(|_| {
            pause(100);
            let task = task(id);
            assert_ne!(task["state"], "failed", "{task}");
            task["state"] == "succeeded"
        });
        assert!(is_over, "{} {}", task(id), server.log());
        let output = task(id)["output"].as_str().unwrap().to_owned();
        assert_eq!(server.run(&["realm", "node", "cat", &output]).line(), text);
    }
    let commits = commits(&server);
    for id in expected.keys() {
        assert_eq!(commits.get(id), Some(&1), "{id}: one attempt of it has committed");
    }
}

/// How many tickets of each task have their output.
fn commits(server: &Server) -> BTreeMap<String, u32> {
    let path = "/api/realm/self/tickets?status=committed&limit=1000";
    let listed = server.call(Method::GET, path, None);
    let mut commits = BTreeMap::new();
    for ticket in listed["tickets"].as_array().unwrap() {
        let purpose = ticket["purpose"].as_str().map(str::to_owned).unwrap_or_default();
        if let Some((task, _)) = purpose.split_once(',') {
            *commits.entry(task.to_owned()).or_default() += 1;
        }
    }
    commits
}
