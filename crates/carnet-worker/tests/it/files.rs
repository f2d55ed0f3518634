//! Files that cannot be used, and directories that cannot be written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use carnet_worker::{FileFault, WorkerError};

use crate::support::{Ca, Machine, NAME, put};

async fn enrolled() -> (Machine, Ca) {
    let (mut machine, ca) = Machine::enrolling().await;
    machine.bootstrap().await.unwrap();
    machine.unset("CA_SERVICE_URL");
    (machine, ca)
}

fn cut(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// Promise: K-15
#[tokio::test]
async fn every_bad_file_is_named_with_its_fault_and_nothing_is_overwritten() {
    type Damage = fn(&Path);
    let cases: [(&str, Damage, FileFault); 12] = [
        ("client.key", |path| std::fs::remove_file(path).unwrap(), FileFault::Missing),
        ("client.crt", |path| std::fs::remove_file(path).unwrap(), FileFault::Missing),
        ("ca.crt", |path| std::fs::remove_file(path).unwrap(), FileFault::Missing),
        ("identity.json", |path| std::fs::remove_file(path).unwrap(), FileFault::Missing),
        ("client.crt", |path| std::fs::write(path, "").unwrap(), FileFault::Empty),
        ("client.crt", cut, FileFault::Truncated),
        ("client.key", cut, FileFault::Truncated),
        ("identity.json", cut, FileFault::Truncated),
        ("ca.crt", |path| std::fs::write(path, "no certificate").unwrap(), FileFault::NotPem),
        (
            "client.key",
            |path| {
                let key = rcgen::KeyPair::generate().unwrap();
                std::fs::write(path, key.serialize_pem()).unwrap();
            },
            FileFault::KeyMismatch,
        ),
        (
            "client.key",
            |path| {
                let open = std::fs::Permissions::from_mode(0o640);
                std::fs::set_permissions(path, open).unwrap();
            },
            FileFault::Readable { mode: 0o640 },
        ),
        (
            "ca.crt",
            |path| {
                let other = rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap();
                std::fs::write(path, other.cert.pem()).unwrap();
            },
            FileFault::UntrustedChain,
        ),
    ];
    for (name, damage, expected) in cases {
        let (machine, ca) = enrolled().await;
        damage(&machine.dir().join(name));
        let before = whole(&machine.dir());
        let error = machine.bootstrap().await.unwrap_err();
        let text = error.to_string();
        let WorkerError::CertificateFile { path, fault } = error else {
            panic!("{name}: {error:?}")
        };
        assert_eq!(fault, expected, "{name}");
        let named = if expected == FileFault::UntrustedChain { "client.crt" } else { name };
        assert_eq!(path, machine.dir().join(named));
        let remedy = if name == "client.key" && matches!(expected, FileFault::Readable { .. }) {
            "chmod 600"
        } else {
            "CA_SERVICE_URL"
        };
        assert!(text.contains(remedy) && text.contains(named), "{text}");
        assert_eq!(whole(&machine.dir()), before, "{name}: overwritten");
        assert_eq!(ca.seen("POST /certificates/csr").len(), 1);
    }
}

/// Every file and what it holds.
fn whole(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = files
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// Promise: K-15
#[tokio::test]
async fn a_token_replaces_a_bad_file_and_keeps_it() {
    let (mut machine, ca) = enrolled().await;
    std::fs::write(machine.dir().join("client.crt"), "broken").unwrap();
    machine.set("CA_SERVICE_URL", &ca.url_with_token(NAME));
    let identity = machine.bootstrap().await.unwrap();
    assert_eq!(identity.serial(), ca.serials()[1]);
    assert_eq!(machine.file("client.crt.bak"), b"broken");
}

/// Promise: K-15
#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named_with_both_remedies() {
    let (mut machine, _ca) = enrolled().await;
    // Also the superuser makes no directory in a file.
    put(&machine.path("file"), "");
    let dir = machine.path("file/certs");
    machine.set("CERT_DIR", &dir.display().to_string());
    let error = machine.bootstrap().await.unwrap_err();
    assert!(matches!(error, WorkerError::CertDirNotWritable { .. }), "{error:?}");
    let text = error.to_string();
    for part in [&*dir.display().to_string(), "chown", "CERT_DIR", "uid"] {
        assert!(text.contains(part), "{text}");
    }
}

/// Promise: K-13
#[tokio::test]
async fn a_start_finishes_an_exchange_that_was_decided() {
    let (machine, ca) = enrolled().await;
    let dir = machine.dir();
    // As a process leaves it that was killed after the first rename.
    for name in ["client.crt", "client.key", "identity.json"] {
        std::fs::rename(dir.join(name), dir.join(format!("{name}.new"))).unwrap();
        std::fs::write(dir.join(name), "the one before").unwrap();
    }
    let identity = machine.bootstrap().await.unwrap();
    assert_eq!(identity.serial(), ca.serials()[0]);
    assert!(!dir.join("client.key.new").exists());
}
