//! How transfers behave while they go on: what they show, what they hold, and what they say when they are refused.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Child, Stdio};
use std::time::Duration;

use carnet_gate::Clock;
use carnet_realm::client::{Client, Credential, Endpoint};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Ran, Server, carnet, run, wait};
use crate::trees::{Tree, dict, file, noise};

/// Promise: R-67
#[test]
fn progress_is_shown_on_a_terminal_and_on_stderr() {
    let server = Server::start();
    noise(1, 5_000_000).write(&server.folder.path().join("in"));
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let stderr = File::options().read(true).write(true).open(&name).unwrap();
    let mut put = server.carnet(&["realm", "node", "put", "in"]);
    put.env("TERM", "xterm").stdout(Stdio::piped()).stderr(stderr.try_clone().unwrap());
    let output = put.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.starts_with("node:") && out.lines().count() == 1, "data alone: {out:?}");
    let mut shown = vec![0; 64 << 10];
    let read = File::from(terminal).read(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown[..read]);
    assert!(shown.contains("hashing") && shown.contains("MiB"), "{shown:?}");
}

/// The most memory that a running process has held, KiB.
fn peak_kib(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Runs a command to its end; the most memory that it held, KiB.
fn peak_of(server: &Server, args: &[&str]) -> u64 {
    let mut child = server.carnet(args).stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        peak = peak_kib(&child).unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return peak;
        }
        wait(Clock::System.sleep(Duration::from_millis(5)));
    }
}

#[test]
fn a_large_file_moves_through_little_memory() {
    let server = Server::start();
    let folder = server.folder.path();
    noise(1, 80 << 20).write(&folder.join("in"));
    let nothing = peak_of(&server, &["realm", "info"]);
    let up = peak_of(&server, &["realm", "node", "put", "in", "--jobs", "64"]);
    let key = server.run(&["realm", "node", "put", "in"]).line().to_owned();
    let down = peak_of(&server, &["realm", "node", "get", &key, "-o", "out"]);
    let most = nothing + (48 << 10);
    assert!(up < most && down < most, "{nothing} KiB for nothing, {up} up, {down} down");
    assert!(fs::read(folder.join("in")).unwrap() == fs::read(folder.join("out")).unwrap());
}

#[test]
fn an_upload_that_comes_too_fast_waits_as_long_as_it_is_told() {
    let server = Server::start_with(&["--set", "realm.rate_upload_per_realm=120"]);
    let files = (0..130).map(|number: u32| (number.to_string(), file(&number.to_string())));
    Tree::Dict(files.collect()).write(&server.folder.path().join("in"));
    let put = server.run(&["realm", "node", "put", "in", "--format", "json"]).json();
    assert_eq!(put["uploadedNodes"], 131);
    let socket = server.folder.path().join("carnet-data/api.sock");
    let client = Client::new(&Endpoint::Socket(socket), Credential::None).unwrap();
    let metrics = wait(async { client.stream("/metrics").await.unwrap().text().await.unwrap() });
    assert!(metrics.contains("carnet_rate_limited_total{limit=\"upload\"}"), "{metrics}");
}

/// A ticket that takes nothing but text.
fn tool(server: &Server, quota: &str, args: &[&str]) -> Ran {
    let create = ["realm", "ticket", "create", "--all", "-w", "-a", "text/*", "-q", quota];
    let ticket = server.run(&create).line().to_owned();
    let mut command = carnet(server.folder.path());
    command.args(args).env("CARNET_TICKET", ticket).env("CARNET_SERVER", &server.url);
    run(&mut command)
}

/// Promise: R-67
#[test]
fn a_refusal_names_the_file_that_was_refused() {
    let server = Server::start();
    let tree = dict([("a", dict([("b.png", file("picture"))])), ("c.txt", file("text"))]);
    tree.write(&server.folder.path().join("in"));
    let put = ["realm", "node", "put", "in"];
    let said = tool(&server, "1MiB", &put).failed(1).to_owned();
    assert!(said.contains("in/a/b.png") && said.contains("403"), "{said}");
    fs::rename(server.folder.path().join("in/a/b.png"), server.folder.path().join("in/a/b.txt"))
        .unwrap();
    let said = tool(&server, "100", &put).failed(1).to_owned();
    assert!(said.contains("413") && said.contains("\"in"), "{said}");
    assert_eq!(tool(&server, "1MiB", &put).code, 0);
}
