//! Downloads stay where they belong, whatever a tree is called and whatever is there before.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use carnet_realm::client::{Client, Credential, Endpoint};
use carnet_realm::node::Encoded;
use carnet_ticket::realm::NodeKey;
use serde_json::json;

use crate::support::{Server, wait};
use crate::trees::{Tree, dict, file, noise, small_nodes};

fn put(server: &Server, tree: &Tree) -> String {
    let folder = tempfile::tempdir_in(server.folder.path()).unwrap();
    tree.write(&folder.path().join("in"));
    let path = folder.path().join("in");
    server.run(&["realm", "node", "put", path.to_str().unwrap()]).line().to_owned()
}

fn get(server: &Server, key: &str, flags: &[&str]) -> crate::support::Ran {
    server.run(&[&["realm", "node", "get", key, "-o", "out"][..], flags].concat())
}

fn client(server: &Server) -> Client {
    let socket = server.folder.path().join("carnet-data/api.sock");
    Client::new(&Endpoint::Socket(socket), Credential::None).unwrap()
}

/// The bytes of a node that no encoder makes.
fn raw(flags: u8, children: &[NodeKey], payload: &[u8]) -> Encoded {
    let mut bytes = b"CAS\x01".to_vec();
    bytes.extend([flags, 0, 0, 0]);
    bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    bytes.extend(u32::try_from(children.len()).unwrap().to_le_bytes());
    children.iter().for_each(|child| bytes.extend(child.as_bytes()));
    bytes.extend(payload);
    Encoded { key: NodeKey::of(&bytes), bytes: bytes.into() }
}

/// A directory with any name.
fn named(name: &str, child: NodeKey) -> Encoded {
    let mut payload = u16::try_from(name.len()).unwrap().to_le_bytes().to_vec();
    payload.extend(name.as_bytes());
    raw(1, &[child], &payload)
}

/// Promise: R-65
#[test]
fn links_in_a_target_are_not_followed() {
    let server = Server::start();
    let folder = server.folder.path();
    let key = put(&server, &dict([("a", dict([("b", file("new"))]))]));
    let outside = dict([("b", file("outside"))]);
    outside.write(&folder.join("outside"));
    let out = folder.join("out");
    let plant = |target: &str, link: &str| {
        let _ = fs::remove_dir_all(&out);
        let link = out.join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(folder.join(target), link).unwrap();
    };
    for (target, link) in [
        ("outside", "a"),
        ("outside/b", "a/b"),
        ("outside/b", "a/.b.carnet-part"),
        ("outside/new", "a/b"),
        ("outside/new", "a/.b.carnet-part"),
    ] {
        for flags in [&[][..], &["--force"]] {
            plant(target, link);
            let said = get(&server, &key, flags).failed(1).to_owned();
            assert!(said.contains("in the way"), "{link}: {said}");
            assert_eq!(Tree::read(&folder.join("outside")), outside);
        }
    }
    fs::remove_dir_all(&out).unwrap();
    fs::create_dir_all(out.join("a")).unwrap();
    fs::hard_link(folder.join("outside/b"), out.join("a/.b.carnet-part")).unwrap();
    assert!(get(&server, &key, &[]).failed(1).contains("in the way"));
    assert_eq!(Tree::read(&folder.join("outside")), outside);
    // The target itself is what somebody named.
    fs::remove_dir_all(&out).unwrap();
    fs::create_dir(folder.join("elsewhere")).unwrap();
    symlink("elsewhere", &out).unwrap();
    assert_eq!(get(&server, &key, &[]).code, 0);
    assert_eq!(Tree::read(&folder.join("elsewhere/a")), dict([("b", file("new"))]));
}

/// Promise: R-65
#[test]
fn names_that_lead_away_or_meet_on_some_disks_are_not_written() {
    let server = Server::start_with(&["--set", "profile.realm=compat"]);
    let folder = server.folder.path();
    let client = client(&server);
    let evil = wait(client.put_file(&b"evil"[..], 4, "text/plain", 1, |_| {})).unwrap().key;
    for name in ["", ".", "..", "../evil", "a/b", "/tmp/evil", "a\0"] {
        let node = named(name, evil);
        wait(client.put_node(node.clone())).unwrap();
        let said = get(&server, &node.key.to_string(), &[]).failed(1).to_owned();
        assert!(said.contains("not written"), "{name}: {said}");
        let inside = named("x", node.key);
        wait(client.put_node(inside.clone())).unwrap();
        get(&server, &inside.key.to_string(), &[]).failed(1);
        assert_eq!(Tree::read(&folder.join("out")), dict([]));
        fs::remove_dir(folder.join("out")).unwrap();
    }
    let both = put(&server, &dict([("README", file("1")), ("readme", file("2"))]));
    assert!(get(&server, &both, &[]).failed(1).contains("upper and lower case"));
    let part = put(&server, &dict([("a", file("1")), (".a.carnet-part", file("2"))]));
    assert!(get(&server, &part, &[]).failed(1).contains("not written"));
    assert!(!folder.join("out").exists());
    assert!(!folder.join("evil").exists() && !Path::new("/tmp/evil").exists());
}

/// Promise
#[test]
fn what_a_compat_server_serves_is_read() {
    let server =
        Server::start_with(&["--set", "profile.realm=compat", "--set", "realm.node_limit=1KiB"]);
    let client = client(&server);
    let info = |size: u64, content_type: &str| {
        let mut info = size.to_le_bytes().to_vec();
        info.extend(content_type.as_bytes());
        info.resize(64, 0);
        info
    };
    // As CASFA writes: FileInfo is not counted, and the size may be wrong.
    let leaf = raw(2, &[], &[7; 500]);
    let mut payload = info(9, "a/b");
    payload.extend([1; 992]);
    let root = raw(3, &[leaf.key], &payload);
    assert_eq!(root.bytes.len(), 1024 + 64);
    // A file below a file.
    let mut payload = info(3, "");
    payload.extend(b"top");
    let nested = raw(3, &[root.key], &payload);
    for node in [&leaf, &root, &nested] {
        wait(client.put_node(node.clone())).unwrap();
    }
    let mut content = vec![1; 992];
    content.extend([7; 500]);
    let read = |key: NodeKey| {
        let mut out = Vec::new();
        wait(client.get_file(key, &mut out)).unwrap();
        out
    };
    assert!(read(root.key) == content);
    assert!(read(nested.key) == [b"top", &content[..]].concat());
    for _ in 0..2 {
        assert_eq!(get(&server, &nested.key.to_string(), &[]).code, 0);
        assert!(
            fs::read(server.folder.path().join("out")).unwrap() == [b"top", &content[..]].concat()
        );
    }
}

/// Promise
#[test]
fn what_is_there_is_kept_what_was_begun_is_finished_and_force_replaces_files_alone() {
    let server = small_nodes();
    let folder = server.folder.path();
    let Tree::File(content) = noise(3, 50_000) else { unreachable!() };
    let tree = dict([("large", Tree::File(content.clone())), ("small", file("small"))]);
    let key = put(&server, &tree);
    let fetched = |flags: &[&str]| {
        let got = get(&server, &key, &[&["--format", "json"], flags].concat()).json();
        assert_eq!(Tree::read(&folder.join("out")), tree);
        (got["fetchedBytes"].as_u64().unwrap(), got["skippedFiles"].as_u64().unwrap())
    };
    fs::create_dir(folder.join("out")).unwrap();
    let (large, part) = (folder.join("out/large"), folder.join("out/.large.carnet-part"));
    // Half of it is there.
    fs::write(&part, &content[..25_000]).unwrap();
    let (bytes, skipped) = fetched(&[]);
    assert!((25_000..27_000).contains(&bytes) && skipped == 0, "{bytes}");
    // All of it, and too much; one byte is wrong.
    fs::remove_file(&large).unwrap();
    let mut wrong = [&content[..], b"more"].concat();
    wrong[30_000] ^= 1;
    fs::write(&part, &wrong).unwrap();
    let (bytes, skipped) = fetched(&[]);
    assert!((1..3_000).contains(&bytes) && skipped == 1, "{bytes}");
    assert_eq!(fetched(&[]), (0, 2));
    for other in [&content[..49_999], &wrong[..50_000], &wrong, b""] {
        fs::write(&large, other).unwrap();
        let said = get(&server, &key, &[]).failed(1).to_owned();
        assert!(said.contains("large") && said.contains("--force"), "{said}");
        assert!(fs::read(&large).unwrap() == other);
        assert_eq!(fetched(&["--force"]).1, 1);
    }
    fs::write(folder.join("out/mine"), "mine").unwrap();
    assert_eq!(get(&server, &key, &["--force"]).code, 0);
    assert_eq!(fs::read(folder.join("out/mine")).unwrap(), b"mine", "what is beside it stays");
    fs::remove_file(&large).unwrap();
    fs::create_dir(&large).unwrap();
    assert!(get(&server, &key, &["--force"]).failed(1).contains("in the way"));
    let one = server.run(&["realm", "node", "get", &format!("{key}/small"), "-o", "out"]);
    assert!(one.failed(1).contains("in the way"), "a directory is not replaced by a file");
    let nowhere = server.run(&["realm", "node", "get", &key, "-o", "absent/out"]);
    let said = nowhere.failed(3);
    assert!(said.contains("absent") && said.matches("No such file").count() == 1, "{said}");
    let absent = json!({ "key": null, "exists": false });
    let path = format!("{key}/absent");
    assert_eq!(server.run(&["realm", "node", "exists", &path, "--format", "json"]).json(), absent);
}

/// Two at a time are never mixed.
#[test]
fn a_part_that_somebody_else_writes_is_left_alone() {
    let server = Server::start();
    let folder = server.folder.path();
    let key = put(&server, &file("content"));
    let part = fs::File::create(folder.join(".out.carnet-part")).unwrap();
    rustix::fs::flock(&part, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(get(&server, &key, &[]).failed(1).contains("somebody else"));
    assert!(!folder.join("out").exists());
    drop(part);
    assert_eq!(get(&server, &key, &[]).code, 0);
    assert_eq!(Tree::read(&folder.join("out")), file("content"));
}
