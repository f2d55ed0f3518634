//! What is seen of changed files, and what a reload does.

use std::collections::BTreeMap;
use std::fs::{self, FileTimes, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::Path;

use carnet_config::manifest::Manifest;
use carnet_config::{ReloadError, Sources, Watch, load};
use secrecy::ExposeSecret;

use crate::support::private_file;

const ONE: &str = "the-first-secret-of-at-least-32-bytes";
const TWO: &str = "the-other-secret-of-at-least-32-bytes";

const CONFIG: &str = "data_dir = \".\"\n[auth]\nadmin_api_key_file = \"admin\"\n\
    worker_signing_key_file = \"worker\"\n";

/// Watches a `carnet.toml` of this text, in a folder with the files that it names.
fn watch(folder: &Path, config: &str) -> Watch {
    for (name, text) in [("admin", ONE), ("worker", ONE), ("carnet.toml", config)] {
        private_file(&folder.join(name), text);
    }
    let sources = Sources { cwd: folder.to_owned(), ..Sources::default() };
    let loaded = load(&sources).unwrap();
    let manifest = Manifest::of_server(&loaded.config, folder, &BTreeMap::new()).unwrap();
    Watch::new(sources, loaded, manifest)
}

fn signing_key(watch: &Watch) -> &str {
    watch.loaded().config.auth.worker_signing_key.as_ref().unwrap().expose_secret()
}

#[test]
fn a_change_of_any_file_in_use_is_seen_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    private_file(&folder.join("jwks"), "{}");
    private_file(&folder.join("gpu"), ONE);
    let manifest = "[[tickets]]\nrole = \"worker-gpu\"\nsecret_file = \"gpu\"\n";
    private_file(&folder.join("root_task.toml"), manifest);
    let mut watch = watch(folder, &format!("{CONFIG}[tickets.jwt]\njwks_file = \"jwks\"\n"));
    assert!(!watch.changed() && !watch.changed());
    for name in ["carnet.toml", "admin", "worker", "jwks", "root_task.toml", "gpu"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        private_file(&folder.join(name), &format!("{text} "));
        assert!(watch.changed(), "{name}");
        assert!(!watch.changed(), "{name}");
        fs::remove_file(folder.join(name)).unwrap();
        assert!(watch.changed() && !watch.changed(), "{name} is gone");
        private_file(&folder.join(name), &format!("{text} "));
        assert!(watch.changed() && !watch.changed(), "{name} is back");
    }
    private_file(&folder.join("of nobody"), "x");
    assert!(!watch.changed());
    private_file(&folder.join("worker"), ONE);
    assert!(watch.changed());
    let file = OpenOptions::new().append(true).open(folder.join("worker")).unwrap();
    file.set_times(FileTimes::new().set_modified(std::time::UNIX_EPOCH)).unwrap();
    assert!(!watch.changed(), "another time and the same content is no change");
}

#[test]
fn a_change_between_loading_and_the_first_look_and_a_swapped_link_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut watch = watch(folder, CONFIG);
    private_file(&folder.join("worker"), TWO);
    assert!(watch.changed(), "what was loaded counts, not what was there when watching began");

    for (version, secret) in [("v1", ONE), ("v2", TWO), ("v3", TWO)] {
        fs::create_dir(folder.join(version)).unwrap();
        private_file(&folder.join(version).join("worker"), secret);
    }
    fs::remove_file(folder.join("worker")).unwrap();
    symlink("current/worker", folder.join("worker")).unwrap();
    let swap = |version: &str| {
        symlink(version, folder.join("next")).unwrap();
        fs::rename(folder.join("next"), folder.join("current")).unwrap();
    };
    swap("v1");
    assert!(watch.changed() && !watch.changed());
    swap("v2");
    assert!(watch.changed() && !watch.changed());
    swap("v3");
    assert!(!watch.changed(), "the same content in another file");
}

#[test]
fn a_reload_tells_what_changed_and_what_waits_for_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["cert", "key"] {
        private_file(&folder.join(name), name);
    }
    let tls = "[server]\ntls_cert_file = \"cert\"\ntls_key_file = \"key\"\n";
    let mut watch = watch(folder, &format!("{CONFIG}{tls}"));
    let same = watch.reload().unwrap();
    assert!(same.changes.live.is_empty() && same.changes.needs_restart.is_empty());

    private_file(&folder.join("cert"), "renewed");
    private_file(&folder.join("worker"), TWO);
    let changed = CONFIG.replace("data_dir = \".\"", "data_dir = \"elsewhere\"");
    let logging = "port = 9\n[logging]\nlevel = \"debug\"\n";
    private_file(&folder.join("carnet.toml"), &format!("{changed}{tls}{logging}"));
    let reload = watch.reload().unwrap();
    assert_eq!(signing_key(&watch), ONE, "nothing is in force before it is accepted");
    assert_eq!(reload.changes.live, ["auth.worker_signing_key", "server.tls_cert_file"]);
    let waits = [
        "data_dir",
        "server.port",
        "database.path",
        "blobs.path",
        "revocation.log_file",
        "logging.level",
    ];
    assert_eq!(reload.changes.needs_restart, waits);
    watch.accept(reload);
    let config = &watch.loaded().config;
    assert_eq!(signing_key(&watch), TWO);
    assert_eq!((config.server.port, &config.top.data_dir), (7423, &folder.to_owned()));
    let row = watch.loaded().rows().into_iter().find(|row| row.key == "server.port").unwrap();
    assert_eq!((&*row.value, row.source), ("7423", "default"), "what is shown is in force");
    assert!(!watch.changed(), "what was accepted is what is there");
    assert_eq!(watch.reload().unwrap().changes.needs_restart, waits, "it still waits");
}

#[test]
fn a_manifest_is_reloaded_and_one_that_appears_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut watch = watch(folder, CONFIG);
    assert!(watch.manifest().is_none());
    private_file(&folder.join("gpu"), ONE);
    let entry = "[[tickets]]\nrole = \"worker-gpu\"\nsecret_file = \"gpu\"\n";
    private_file(&folder.join("root_task.toml"), entry);
    assert!(watch.changed());
    let reload = watch.reload().unwrap();
    assert_eq!(reload.changes.live, ["namespace.manifest"]);
    watch.accept(reload);
    private_file(&folder.join("gpu"), TWO);
    assert!(watch.changed());
    let reload = watch.reload().unwrap();
    assert_eq!(reload.changes.live, ["namespace.manifest"]);
    watch.accept(reload);
    let role = carnet_ticket::capability::Role::WorkerGpu;
    let secrets = &watch.manifest().unwrap().tickets.keys[&role];
    assert_eq!(secrets.active.secret.expose_secret(), TWO);
}

#[test]
fn what_fails_leaves_the_old_one_in_force_and_is_looked_at_again_when_its_files_change() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut watch = watch(folder, CONFIG);
    private_file(&folder.join("worker"), TWO);
    let broken = CONFIG.replace("\"admin\"", "\"new\"");
    private_file(&folder.join("carnet.toml"), &broken);
    assert!(watch.changed());
    let error = watch.reload().unwrap_err();
    assert!(error.to_string().contains("auth.admin_api_key_file"), "{error}");
    assert_eq!(signing_key(&watch), ONE);
    assert!(!watch.changed(), "it is not tried again for nothing");
    private_file(&folder.join("new"), TWO);
    assert!(watch.changed(), "a file that was missing is there");
    let reload = watch.reload().unwrap();
    watch.accept(reload);
    assert_eq!(signing_key(&watch), TWO);

    private_file(&folder.join("root_task.toml"), "[[tickets]]\nrole = \"nobody\"\n");
    assert!(watch.changed());
    assert!(matches!(watch.reload(), Err(ReloadError::Manifest(_))));
    assert!(watch.manifest().is_none() && !watch.changed());
}

#[test]
fn a_file_that_is_gone_is_a_fault_and_not_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    private_file(
        &folder.join("root_task.toml"),
        &format!("[[tickets]]\nrole = \"queen\"\nsecret = \"{ONE}\"\n"),
    );
    let mut watch = watch(folder, CONFIG);
    for name in ["carnet.toml", "root_task.toml"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        fs::remove_file(folder.join(name)).unwrap();
        assert!(watch.changed());
        let told = watch.reload().unwrap_err().to_string();
        assert!(told.ends_with(&format!("{name}: not found")), "{told}");
        private_file(&folder.join(name), &text);
        assert!(watch.changed() && watch.reload().is_ok());
    }
    assert!(watch.manifest().is_some() && watch.loaded().file.is_some());
}

#[test]
fn what_would_not_start_is_not_reloaded() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["cert", "key"] {
        private_file(&folder.join(name), name);
    }
    let open = "[server]\nhost = \"0.0.0.0\"\ntls_cert_file = \"cert\"\ntls_key_file = \"key\"\n";
    let mut watch = watch(folder, &format!("{CONFIG}{open}"));
    let refused = |watch: &mut Watch, server: &str| {
        private_file(&folder.join("carnet.toml"), &format!("{CONFIG}{server}"));
        watch.reload().unwrap_err().to_string()
    };
    assert!(refused(&mut watch, "[server]\nhost = \"0.0.0.0\"\n").contains("fix: "));
    let told = refused(&mut watch, "[server]\nhost = \"127.0.0.1\"\n");
    assert!(told.contains("no TLS certificate"), "it still listens on the other address");
    private_file(
        &folder.join("root_task.toml"),
        "[[tickets]]\nrole = \"queen\"\nsecret = \"short\"\n",
    );
    let told = refused(&mut watch, open);
    assert!(told.starts_with("role secret of queen has 5 bytes, strict needs 32; fix: "), "{told}");
    private_file(
        &folder.join("carnet.toml"),
        &format!("{CONFIG}{open}[profile]\ncapability = \"compat\"\n"),
    );
    assert!(watch.reload().is_ok());
}
