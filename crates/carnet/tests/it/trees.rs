//! `carnet realm node put` and `get` of whole directories, against a real server.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Ran, Server, run_with};

/// A directory, or a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    File(Vec<u8>),
    Dict(BTreeMap<String, Self>),
}

impl Tree {
    /// Writes it to a place where nothing is.
    pub fn write(&self, path: &Path) {
        match self {
            Self::File(content) => fs::write(path, content).unwrap(),
            Self::Dict(entries) => {
                fs::create_dir(path).unwrap();
                entries.iter().for_each(|(name, entry)| entry.write(&path.join(name)));
            }
        }
    }

    /// What is at a place.
    pub fn read(path: &Path) -> Self {
        if !path.is_dir() {
            return Self::File(fs::read(path).unwrap());
        }
        let entries = fs::read_dir(path).unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), Self::read(&entry.path()))
        });
        Self::Dict(entries.collect())
    }
}

pub fn dict<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    Tree::Dict(entries.map(|(name, tree)| (name.to_owned(), tree)).into())
}

pub fn file(content: &str) -> Tree {
    Tree::File(content.as_bytes().to_vec())
}

/// Content of which no piece is like another.
pub fn noise(seed: u64, len: usize) -> Tree {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    Tree::File((0..len).map(|_| next()).collect())
}

/// Small nodes make deep files of few bytes.
pub fn small_nodes() -> Server {
    Server::start_with(&["--set", "realm.node_limit=1KiB"])
}

fn put(server: &Server, path: &str) -> Value {
    server.run(&["realm", "node", "put", path, "--format", "json"]).json()
}

fn get(server: &Server, key: &str, target: &str) -> Ran {
    server.run(&["realm", "node", "get", key, "-o", target, "--format", "json"])
}

fn nodes(server: &Server) -> Value {
    server.run(&["realm", "usage", "--format", "json"]).json()["nodeCount"].clone()
}

/// Promise
#[test]
fn any_tree_comes_back_as_it_was_and_a_second_upload_sends_nothing() {
    let server = small_nodes();
    let folder = server.folder.path();
    let content = || prop::collection::vec(any::<u8>(), 0..5_000);
    let leaf = prop_oneof![content().prop_map(Tree::File), Just(Tree::Dict(BTreeMap::new()))];
    let name =
        "[a-z0-9 ._~é日-]{1,12}".prop_filter("dot names", |name| name != "." && name != "..");
    let tree = leaf.prop_recursive(4, 30, 8, move |inner| {
        prop::collection::btree_map(name.clone(), inner, 0..8).prop_map(Tree::Dict)
    });
    let mut runner =
        TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    runner
        .run(&tree, |tree| {
            for name in ["in", "out"] {
                let path = folder.join(name);
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            }
            tree.write(&folder.join("in"));
            let first = put(&server, "in");
            let again = put(&server, "in");
            prop_assert_eq!(&again["uploadedNodes"], &json!(0));
            prop_assert_eq!(&again["skippedNodes"], &again["nodes"]);
            prop_assert_eq!(&first["nodes"], &again["nodes"]);
            let key = first["key"].as_str().unwrap();
            prop_assert_eq!(&get(&server, key, "out").json()["fetchedBytes"], &first["bytes"]);
            prop_assert_eq!(Tree::read(&folder.join("out")), tree);
            let again = get(&server, key, "out").json();
            prop_assert_eq!(&again["fetchedBytes"], &json!(0));
            prop_assert_eq!(&again["skippedFiles"], &first["files"]);
            Ok(())
        })
        .unwrap();
}

/// Promise
#[test]
fn only_what_is_new_is_sent_and_the_answers_have_their_shapes() {
    let server = small_nodes();
    let folder = server.folder.path();
    let large = noise(1, 100_000);
    let tree = dict([
        ("large", large.clone()),
        ("same", dict([("large", large.clone())])),
        ("notes", dict([("a.txt", file("a")), ("empty", dict([]))])),
    ]);
    tree.write(&folder.join("in"));
    let first = server.run(&["realm", "node", "put", "in", "--format", "json"]);
    assert_eq!(first.err, "", "no progress without a terminal");
    let first = first.json();
    let count = |answer: &Value, names: [&str; 3]| names.map(|name| answer[name].as_u64().unwrap());
    assert_eq!(count(&first, ["files", "dirs", "bytes"]), [3, 4, 200_001]);
    let members: Vec<_> = first.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "bytes",
        "dirs",
        "files",
        "key",
        "nodes",
        "skippedNodes",
        "uploadedBytes",
        "uploadedNodes",
    ];
    assert_eq!(members, expected);
    // The empty directory is in every realm.
    let [nodes, sent, skipped] = count(&first, ["nodes", "uploadedNodes", "skippedNodes"]);
    assert_eq!((sent, skipped), (nodes - 1, 1));
    assert_eq!(self::nodes(&server), sent);

    // A file that grew at its end has most of its nodes in common with what it was.
    let Tree::File(mut grown) = large else { unreachable!() };
    grown.push(7);
    fs::write(folder.join("in/notes/a.txt"), "b").unwrap();
    let second = put(&server, "in");
    assert_eq!(second["uploadedNodes"], 3, "the file and the directories above it");
    let got = get(&server, second["key"].as_str().unwrap(), "out").json();
    let members: Vec<_> = got.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["bytes", "dirs", "fetchedBytes", "files", "key", "skippedFiles"]);
    assert_eq!(Tree::read(&folder.join("out")), Tree::read(&folder.join("in")));

    let text = server.run(&["realm", "node", "get", first["key"].as_str().unwrap(), "-o", "text"]);
    assert_eq!(text.line(), "text  3 files, 4 directories, 195.31 KiB");
}

/// Promise: R-67
#[test]
fn paths_lead_on_from_a_key() {
    let server = Server::start();
    let folder = server.folder.path();
    dict([("a", dict([("b.txt", file("deep"))])), ("c", file(""))]).write(&folder.join("in"));
    let root = server.run(&["realm", "node", "put", "in"]).line().to_owned();
    let path = format!("{root}/a/b.txt");
    assert_eq!(server.run(&["realm", "node", "cat", &path]).out, "deep");
    let info = server.run(&["realm", "node", "info", &path, "--format", "json"]).json();
    assert_eq!(info["contentType"], "text/plain");
    let listed = server.run(&["realm", "node", "ls", &root, "--format", "json"]).json();
    let names: Vec<_> =
        listed["entries"].as_array().unwrap().iter().map(|entry| entry["name"].clone()).collect();
    assert_eq!((&listed["key"], names), (&json!(root), vec![json!("a"), json!("c")]));
    let line = format!("{}  b.txt", info["key"].as_str().unwrap());
    assert_eq!(server.run(&["realm", "node", "ls", &format!("{root}/a/")]).line(), line);
    assert_eq!(
        server.run(&["realm", "node", "exists", &path]).line(),
        info["key"].as_str().unwrap()
    );
    for absent in ["a/x", "c/x", "a/b.txt/x"] {
        let absent = format!("{root}/{absent}");
        server.run(&["realm", "node", "exists", &absent]).failed(1);
        server.run(&["realm", "node", "cat", &absent]).failed(1);
        let told = server.run(&["realm", "node", "exists", &absent, "--format", "json"]);
        assert_eq!((told.code, told.json()), (1, json!({ "key": null, "exists": false })));
    }
    server.run(&["realm", "node", "exists", "node:Q3BPPGM9JV7NEH7XQCPBZENTF0"]).failed(1);
    server.run(&["realm", "node", "cat", &format!("{root}/../x")]).failed(2);
    server.run(&["realm", "node", "ls", &format!("{root}/c")]).failed(1);
    server.run(&["realm", "node", "cat", &root]).failed(1);

    // Without -o it is called as its path ends.
    assert_eq!(server.run(&["realm", "node", "get", &format!("{root}/a")]).code, 0);
    assert_eq!(Tree::read(&folder.join("a")), dict([("b.txt", file("deep"))]));
    assert_eq!(server.run(&["realm", "node", "get", &root]).code, 0);
    assert_eq!(Tree::read(&folder.join(&root[5..])), Tree::read(&folder.join("in")));
}

/// Promise
#[test]
fn a_name_makes_a_directory_and_secrets_are_no_arguments() {
    let server = Server::start();
    let mut piped = server.carnet(&["realm", "node", "put", "-", "--name", "from-pipe.json"]);
    let wrapped = run_with(&mut piped, b"{}").line().to_owned();
    let info = format!("{wrapped}/from-pipe.json");
    let info = server.run(&["realm", "node", "info", &info, "--format", "json"]).json();
    assert_eq!((&info["contentType"], &info["fileSize"]), (&json!("application/json"), &json!(2)));
    let mut piped = server.carnet(&["realm", "node", "put", "-", "--name", "../x"]);
    assert!(run_with(&mut piped, b"{}").failed(1).contains("cannot have the name"));
    for secret in [&["casfa_x"][..], &["in", "--name", "carnet_ak_x"], &["in", "--type", "eyJ.a.b"]]
    {
        let ran = server.run(&[&["realm", "node", "put"][..], secret].concat());
        assert!(ran.failed(2).contains("secret in an argument"));
    }
}

/// Promise: R-64
#[test]
fn what_cannot_be_uploaded_is_named_and_nothing_is() {
    let server =
        Server::start_with(&["--set", "realm.max_children=3", "--set", "realm.max_name_bytes=20"]);
    let folder = server.folder.path();
    let bad = folder.join("in/below");
    let refused = |cause: &str, flags: &[&str], spoil: &dyn Fn()| {
        dict([("below", dict([("good", file("good"))]))]).write(&folder.join("in"));
        spoil();
        let ran = server.run(&[&["realm", "node", "put", "in"][..], flags].concat());
        let said = ran.failed(1);
        assert!(said.contains(cause) && said.contains("nothing was uploaded"), "{said}");
        assert_eq!(nodes(&server), 0);
        fs::remove_dir_all(folder.join("in")).unwrap();
    };
    refused("has more than 3 entries", &[], &|| {
        ["1", "2", "3"].iter().for_each(|name| fs::write(bad.join(name), "").unwrap());
    });
    refused("not UTF-8", &[], &|| fs::write(bad.join(OsStr::from_bytes(b"\xff")), "").unwrap());
    refused("more than 20 bytes", &[], &|| fs::write(bad.join("x".repeat(21)), "").unwrap());
    refused("neither a file nor a directory", &[], &|| {
        UnixListener::bind(bad.join("socket")).unwrap();
    });
    refused("is a symbolic link", &[], &|| symlink("good", bad.join("link")).unwrap());
    refused("56 fit", &["--type", &"x".repeat(57)], &|| {});
}

/// Promise: R-64
#[test]
fn equal_files_with_the_longest_names_do_not_meet_on_the_way() {
    let server = Server::start();
    let folder = server.folder.path();
    let names = ["x", "y", "z"].map(|name| name.repeat(255));
    let tree = Tree::Dict(names.map(|name| (name, file("same"))).into());
    tree.write(&folder.join("in"));
    let key = put(&server, "in")["key"].as_str().unwrap().to_owned();
    assert_eq!(get(&server, &key, "out").json()["files"], 3);
    assert_eq!(Tree::read(&folder.join("out")), tree);
}

/// Promise: R-64
#[test]
fn links_are_left_out_or_followed_as_it_was_said() {
    let server = Server::start();
    let folder = server.folder.path();
    dict([("a", dict([("b", file("b"))]))]).write(&folder.join("in"));
    fs::write(folder.join("outside"), "outside").unwrap();
    symlink("../outside", folder.join("in/file")).unwrap();
    symlink("a", folder.join("in/dir")).unwrap();
    let put = |symlinks: &str| server.run(&["realm", "node", "put", "in", "--symlinks", symlinks]);
    let skipped = put("skip").line().to_owned();
    get(&server, &skipped, "skipped").json();
    let inner = dict([("b", file("b"))]);
    assert_eq!(Tree::read(&folder.join("skipped")), dict([("a", inner.clone())]));
    let followed = put("follow").line().to_owned();
    get(&server, &followed, "followed").json();
    let all = dict([("a", inner.clone()), ("dir", inner), ("file", file("outside"))]);
    assert_eq!(Tree::read(&folder.join("followed")), all);
    symlink("..", folder.join("in/a/up")).unwrap();
    assert!(put("follow").failed(1).contains("leads back"));
    fs::remove_file(folder.join("in/a/up")).unwrap();
    symlink("nowhere", folder.join("in/a/dangling")).unwrap();
    assert!(put("follow").failed(3).contains("dangling"));
}
