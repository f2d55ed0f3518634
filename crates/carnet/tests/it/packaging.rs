//! What containers are made of, run here as it is run there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Server;

fn file(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join("examples/docker").join(name)).unwrap()
}

/// Promise: K-66
#[test]
fn the_image_of_a_worker_belongs_to_the_worker() {
    let text = file("Dockerfile.worker").replace("\\\n", " ");
    let (_, image) = text.split_once("AS carnet-worker-base").unwrap();
    assert!(image.contains("useradd --uid 1000") && image.contains("USER 1000"));
    assert!(image.contains("--owner=worker --group=worker --mode=0700 /etc/certs"));
    let copies: Vec<_> = image.lines().filter(|line| line.starts_with("COPY ")).collect();
    assert!(copies.len() >= 2);
    assert!(copies.iter().all(|copy| copy.contains("--chown=worker:worker")), "{copies:?}");
    assert!(image.contains(
        "ENV MY_WORKER_HTTPS_PORT=8500 HTTPS_PORT=8500 HTTPS_ONLY=true CERT_DIR=/etc/certs"
    ));
    let health = "HEALTHCHECK --interval=10s --timeout=5s --retries=3";
    assert!(image.contains(health) && image.contains(r#""-k", "https://localhost:8500/health"]"#));
    let command = image.lines().last().unwrap();
    assert_eq!(command, r#"CMD ["sh", "-c", "carnet worker enroll && exec my-worker"]"#);
}

/// Promise: K-66
#[test]
fn each_worker_of_the_compose_file_has_its_own_volume_and_is_enrolled() {
    let text = file("compose.yml");
    for line in [
        r#"MY_WORKER_HTTPS_PORT: "8500""#,
        r#"HTTPS_PORT: "8500""#,
        r#"HTTPS_ONLY: "true""#,
        "CERT_DIR: /etc/certs",
        "certs-my-worker:/etc/certs",
        r#"test: ["CMD", "curl", "-f", "-k", "https://localhost:8500/health"]"#,
        "interval: 10s",
        "timeout: 5s",
        "retries: 3",
        "condition: service_completed_successfully",
        r#"restart: "no""#,
    ] {
        assert!(text.contains(line), "{line}");
    }
    // Whoever writes into a new volume has to own the folder that it covers.
    let server = file("Dockerfile").replace("\\\n", " ");
    assert!(
        server.contains("--owner=carnet --group=carnet") && server.contains("/enroll/my-worker")
    );
    assert!(text.contains("enroll-my-worker:/enroll/my-worker"));
    // What runs there is what is tested here.
    assert!(text.contains(r#"command: ["enroll-workers", "my-worker"]"#));
    assert!(text.contains(COMMAND.replace('$', "$$").as_str()));
    assert!(!text.contains("carnet-enroll-v1"), "no token");
}

/// The command of a worker in the compose file.
const COMMAND: &str =
    r#"CA_SERVICE_URL="$(cat /run/enroll/url 2>/dev/null)" carnet worker enroll && exec my-worker"#;

/// Runs what a container runs: its folders are below `server`'s, `carnet` and `my-worker` are found.
fn contain(server: &Server, program: &str, arguments: &[&str]) -> std::process::Output {
    let folder = server.folder.path();
    let carnet = PathBuf::from(env!("CARGO_BIN_EXE_carnet"));
    let path = format!("{}:{}:/usr/bin:/bin", carnet.parent().unwrap().display(), folder.display());
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("CARNET_DATA_DIR", folder.join("carnet-data"))
        .env("ENROLL_DIR", folder.join("enroll"))
        .env("CERTS_DIR", folder.join("certs"))
        .env("CERT_DIR", folder.join("certs/my-worker"))
        .output()
        .unwrap()
}

/// Promise: K-66
#[test]
fn a_worker_enrolls_by_itself_and_once() {
    // As in a container, nobody comes in without a token.
    let server = Server::start_with(&["--set", "ca.local_enroll=false"]);
    let folder = server.folder.path();
    fs::create_dir_all(folder.join("enroll/my-worker")).unwrap();
    fs::create_dir_all(folder.join("certs/my-worker")).unwrap();
    let worker = folder.join("my-worker");
    // It is all that is left of the shell, and has no token.
    fs::write(&worker, "#!/bin/sh\necho \"runs ${CA_SERVICE_URL:-without a token}\"\n").unwrap();
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o755)).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/docker/enroll-workers");
    let init = || {
        let done = contain(&server, root.to_str().unwrap(), &["my-worker"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let url = folder.join("enroll/my-worker/url");
    assert!(init().contains("my-worker can enroll"));
    assert_eq!(fs::metadata(&url).unwrap().permissions().mode() & 0o777, 0o600);
    let command = COMMAND.replace("/run/enroll/url", url.to_str().unwrap());
    let start = || {
        let done = contain(&server, "/bin/sh", &["-c", &command]);
        let said = String::from_utf8(done.stdout).unwrap();
        assert!(
            done.status.success() && said.ends_with("runs without a token\n"),
            "{said}{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    start();
    let identity = folder.join("certs/my-worker/identity.json");
    let first = fs::read_to_string(&identity).unwrap();
    assert!(first.contains("spiffe://carnet.local/worker/my-worker"), "{first}");
    // The next start finds what is there, with the URL and without.
    assert!(init().contains("my-worker has an identity"));
    start();
    fs::remove_file(&url).unwrap();
    start();
    assert_eq!(fs::read_to_string(&identity).unwrap(), first);
}
