//! The commands of pages about workers, run in their order.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Server;

/// The commands in the `sh` blocks of a page.
fn commands(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/howto").join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

fn run_all(server: &Server, page: &str) {
    let folder = server.folder.path();
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_carnet")).parent().unwrap().to_owned();
    let commands = commands(page);
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        let here = command.replace("127.0.0.1:9090", &server.fleet());
        let done = Command::new("/bin/sh")
            .args(["-ec", &here])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("HOME", folder)
            .output()
            .unwrap();
        let (out, err) =
            (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{page}: {command}\n{out}{err}");
    }
}

/// Promise: K-68
#[test]
fn moving_a_worker_over_takes_these_commands() {
    let server = Server::start();
    run_all(&server, "migrate-a-worker.md");
    // What the page says of them.
    let listed = server.run(&["enroll", "list", "--all", "--format", "json"]).json();
    assert_eq!(listed["enrollments"][0]["name"], "my-worker");
    assert!(!listed["enrollments"][0]["used_at"].is_null(), "{listed}");
}

/// Promise: K-68
#[test]
fn finding_out_what_is_wrong_takes_these_commands() {
    run_all(&Server::start(), "troubleshoot-a-worker.md");
}
