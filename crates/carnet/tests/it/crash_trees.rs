//! Uploads and downloads are killed at any moment, and go on when they are run again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use carnet_gate::Clock;

use crate::support::{Server, wait};
use crate::trees::{Tree, dict, noise, small_nodes};

/// Runs a command and kills it after so long; whether it was not done by then.
fn killed(command: &mut Command, after: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait(Clock::System.sleep(after));
    let is_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    is_running
}

/// Many small files and some of many nodes.
fn large_tree() -> Tree {
    let small = (0..120).map(|seed| (format!("small {seed}"), noise(seed, 700)));
    let large = (0..4).map(|seed| (format!("large {seed}"), noise(1000 + seed, 120_000)));
    let below = Tree::Dict(small.collect());
    let mut tree = Tree::Dict(large.collect());
    if let Tree::Dict(entries) = &mut tree {
        // A directory's node has room for twenty such names.
        let Tree::Dict(small) = below else { unreachable!() };
        for (number, (name, file)) in small.into_iter().enumerate() {
            let Tree::Dict(part) =
                entries.entry(format!("part {}", number / 15)).or_insert_with(|| dict([]))
            else {
                unreachable!()
            };
            part.insert(name, file);
        }
    }
    tree
}

/// Every file that has its name has its content.
fn check_whole(path: &Path, tree: &Tree) {
    let (Tree::Dict(expected), Tree::Dict(found)) = (tree, Tree::read(path)) else {
        panic!("directories are directories")
    };
    for (name, found) in found {
        if let Some(expected) = expected.get(&name) {
            match found {
                Tree::File(_) => assert!(found == *expected, "{name} is not whole"),
                Tree::Dict(_) => check_whole(&path.join(name), expected),
            }
        } else {
            assert!(name.starts_with('.') && name.ends_with(".carnet-part"), "{name}");
        }
    }
}

fn moments() -> impl Iterator<Item = Duration> {
    (1..=10).map(|round: u64| Duration::from_millis(20 + round * 7919 % 211))
}

/// Promise: R-64
#[test]
fn an_upload_that_is_killed_goes_on_where_it_stopped() {
    let server = small_nodes();
    let folder = server.folder.path();
    let tree = large_tree();
    tree.write(&folder.join("in"));
    let put = ["realm", "node", "put", "in", "--jobs", "2", "--format", "json"];
    let kills = moments().filter(|after| killed(&mut server.carnet(&put), *after)).count();
    let stored = server.run(&["realm", "usage", "--format", "json"]).json();
    let done = server.run(&put).json();
    assert!(kills > 0, "nothing was interrupted");
    assert!(done["skippedNodes"].as_u64() >= stored["nodeCount"].as_u64(), "{done} {stored}");
    let key = done["key"].as_str().unwrap();
    assert_eq!(server.run(&["realm", "node", "get", key, "-o", "out"]).code, 0);
    assert!(Tree::read(&folder.join("out")) == tree);
}

/// Promise
#[test]
fn a_download_that_is_killed_goes_on_and_never_leaves_a_part_under_a_files_name() {
    let server = small_nodes();
    let folder = server.folder.path();
    let tree = large_tree();
    tree.write(&folder.join("in"));
    let key = server.run(&["realm", "node", "put", "in"]).line().to_owned();
    let get = ["realm", "node", "get", &key, "-o", "out", "--format", "json"];
    let mut kills = 0;
    for after in moments() {
        kills += u32::from(killed(&mut server.carnet(&get), after));
        if folder.join("out").exists() {
            check_whole(&folder.join("out"), &tree);
        }
    }
    assert!(kills > 0, "nothing was interrupted");
    let done = server.run(&get).json();
    assert!(done["fetchedBytes"].as_u64() < done["bytes"].as_u64(), "{done}");
    assert!(Tree::read(&folder.join("out")) == tree, "and no part is left");
}

/// The server is killed in the middle; run again, the upload goes on.
#[test]
fn an_upload_outlives_its_server() {
    let mut folder = tempfile::tempdir().unwrap();
    large_tree().write(&folder.path().join("in"));
    let put = ["realm", "node", "put", "in", "--format", "json"];
    for after in moments().take(3) {
        let server = Server::start_in_with(folder, &["--set", "realm.node_limit=1KiB"]);
        let mut child =
            server.carnet(&put).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait(Clock::System.sleep(after));
        folder = server.kill();
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let server = Server::start_in_with(folder, &["--set", "realm.node_limit=1KiB"]);
    let done = server.run(&put).json();
    assert_eq!(server.run(&put).json()["uploadedNodes"], 0);
    let key = done["key"].as_str().unwrap();
    assert_eq!(server.run(&["realm", "node", "get", key, "-o", "out"]).code, 0);
    assert!(Tree::read(&server.folder.path().join("out")) == large_tree());
}
