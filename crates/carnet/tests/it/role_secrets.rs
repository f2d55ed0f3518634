//! Secrets of roles: how long they are, and where they never appear.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{Server, carnet, run};

const SHORT: &str =
    "role secret of worker-gpu has 5 bytes, strict needs 32; fix: openssl rand -hex 32 > ";

/// A folder whose manifest names a secret of five bytes, and a certificate.
fn folder(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("configs")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("configs/root_task.toml", &format!("[root_task]\nschema = \"1.5\"\n{manifest}"));
    write("configs/short", "short\n");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    write("cert.pem", &made.cert.pem());
    write("key.pem", &made.signing_key.serialize_pem());
    folder
}

const MANIFEST: &str = "[[tickets]]\nrole = \"worker-gpu\"\nsecret_file = \"short\"\n";

const EVERYWHERE: [&str; 6] = [
    "--set",
    "server.host=0.0.0.0",
    "--set",
    "server.tls_cert_file=cert.pem",
    "--set",
    "server.tls_key_file=key.pem",
];

fn serve(folder: &Path) -> crate::support::Ran {
    run(carnet(folder).args(["serve", "--set", "server.port=0"]).args(EVERYWHERE))
}

/// Promise: C-17
#[test]
fn a_short_role_secret_is_warned_of_on_loopback_and_refuses_a_start_elsewhere() {
    let server = Server::start_in(folder(MANIFEST));
    let log = server.log();
    let warning = log.lines().find(|line| line.contains(SHORT)).unwrap_or_default();
    assert!(warning.contains("WARN") && warning.ends_with("> short"), "{log}");
    assert_eq!(log.matches("role secret of").count(), 1, "once for each role");
    let mint = ["ticket", "mint", "capability", "--role", "worker-gpu", "--subject", "w"];
    let ticket = server.run(&mint).line().to_owned();
    let judge = ["--role", "worker-gpu", "--secret-file", "configs/short"];
    assert_eq!(server.run(&[&["ticket", "verify", &ticket], &judge[..]].concat()).code, 0);
    let (code, folder) = server.terminate();
    assert_eq!(code, 0);

    let refused = serve(folder.path());
    let said = refused.failed(3);
    assert!(said.contains(SHORT), "{said}");
    assert!(!refused.out.contains("listening"), "{}", refused.out);

    // An inline one, and one that only verifies, are no better.
    for manifest in [
        "[[tickets]]\nrole = \"worker-gpu\"\nsecret = \"short\"\n",
        &MANIFEST.replace("\"short\"", "\"long\"\nprevious_secret_files = [\"short\"]"),
    ] {
        let folder = self::folder(manifest);
        std::fs::write(folder.path().join("configs/long"), "x".repeat(32)).unwrap();
        assert!(serve(folder.path()).failed(3).contains(SHORT), "{manifest}");
    }

    let compat = [&EVERYWHERE[..], &["--set", "profile.capability=compat"]].concat();
    let server = Server::start_in_with(folder, &compat);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    assert!(!server.log().contains("role secret of"), "{}", server.log());
    let (_, folder) = server.terminate();
    let server = Server::start_in_with(folder, &compat[6..]);
    assert!(!server.log().contains("role secret of"), "{}", server.log());

    // What the line says repairs it.
    let (_, folder) = server.terminate();
    std::fs::write(folder.path().join("configs/short"), "07".repeat(32)).unwrap();
    let server = Server::start_in_with(folder, &EVERYWHERE);
    assert!(!server.log().contains("role secret of"), "{}", server.log());
}
