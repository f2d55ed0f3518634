//! A worker as a program of its own: [`WorkerApplication::run`].

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use carnet_gate::Clock;
use carnet_ticket::identity::Kind;
use carnet_worker::{WorkerApplication, env_port, get};

use crate::health::free_port;
use crate::support::{Ca, Caller, NAME};

/// What the programs below run: not a test by itself.
#[test]
#[ignore = "the program of the other tests"]
fn program() {
    let port = env_port("HELLO_WORLD_HTTPS_PORT", 8500).unwrap();
    let result = WorkerApplication::new(NAME)
        .https_port(port)
        .route("/greet", get(|| async { "hello" }))
        .on_startup(|| async {
            println!("started");
            Ok(())
        })
        .on_shutdown("quick", std::time::Duration::from_secs(30), || async {
            println!("quick");
            Ok(())
        })
        .on_shutdown("slow", std::time::Duration::from_secs(30), || async {
            println!("slow");
            match std::fs::exists("hang") {
                Ok(true) => std::future::pending().await,
                _ => Ok(()),
            }
        })
        .run();
    result.unwrap();
    println!("clean");
}

struct Program {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Program {
    fn start(ca: &Ca, folder: &std::path::Path, port: u16) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "process::program",
                "--ignored",
                "--nocapture",
                "--test-threads",
                "1",
            ])
            .current_dir(folder)
            .env_clear()
            .env("CERT_DIR", folder.join("certs"))
            .env("CA_SERVICE_URL", ca.url_with_token(NAME))
            .env("HELLO_WORLD_HTTPS_PORT", port.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Self { child, lines };
        program.says("started");
        program
    }

    fn says(&mut self, line: &str) {
        let found = self.lines.by_ref().map(Result::unwrap).find(|found| found.ends_with(line));
        assert!(found.is_some(), "it never says {line}");
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

/// Promise: K-11
/// Promise: K-25
/// Promise: K-34
#[tokio::test(flavor = "multi_thread")]
async fn run_enrolls_serves_and_ends_cleanly_on_a_signal() {
    let ca = Ca::start(Clock::System).await;
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut program = Program::start(&ca, folder.path(), port);
        assert!(folder.path().join("certs/client.key").exists());
        let peer = Caller::member(&ca, &format!("https://localhost:{port}"), Kind::Worker, "peer");
        assert_eq!(peer.send("/greet").await.unwrap().text().await.unwrap(), "hello");
        program.signal(signal);
        for line in ["slow", "quick", "clean"] {
            program.says(line);
        }
        assert_eq!(program.exit_code(), Some(0));
    }
    assert_eq!(ca.seen("POST /certificates/csr").len(), 2);
}

/// Promise: K-34
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let ca = Ca::start(Clock::System).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hang"), "").unwrap();
    let mut program = Program::start(&ca, folder.path(), free_port());
    program.signal(rustix::process::Signal::TERM);
    program.says("slow");
    program.signal(rustix::process::Signal::TERM);
    assert_eq!(program.exit_code(), Some(1));
}

/// What a tool says on both streams, and whether it went well.
fn tool(command: &mut Command) -> (bool, String) {
    let done = command.stdin(Stdio::null()).output().expect("cargo xtask test installs it");
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Promise: K-67
#[tokio::test(flavor = "multi_thread")]
async fn openssl_and_curl_meet_a_certificate_of_the_fleet() {
    let ca = Ca::start(Clock::System).await;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut program = Program::start(&ca, folder.path(), port);
    let certs = folder.path().join("certs");
    let (is_well, said) = tool(
        Command::new("openssl")
            .args(["s_client", "-connect", &format!("localhost:{port}"), "-verify_return_error"])
            .arg("-CAfile")
            .arg(certs.join("ca.crt")),
    );
    assert!(is_well, "{said}");
    // Versions of openssl differ in where they put spaces.
    let said = said.replace(' ', "");
    for part in ["subject=CN=hello-world", "issuer=CN=CarnetCA", "Verifyreturncode:0(ok)"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let url = |path: &str| format!("https://localhost:{port}{path}");
    let (is_well, said) = tool(Command::new("curl").args(["-sfk", &url("/health")]));
    assert!(is_well && said.contains("\"healthy\""), "{said}");
    let (is_well, said) = tool(Command::new("curl").args(["-sfk", &url("/greet")]));
    assert!(!is_well, "without a certificate: {said}");
    let mut with_certificate = Command::new("curl");
    for (flag, file) in [("--cacert", "ca.crt"), ("--cert", "client.crt"), ("--key", "client.key")]
    {
        with_certificate.arg(flag).arg(certs.join(file));
    }
    let (is_well, said) = tool(with_certificate.args(["-sf", &url("/greet")]));
    assert!(is_well && said == "hello", "{said}");
    program.signal(rustix::process::Signal::TERM);
    assert_eq!(program.exit_code(), Some(0));
}
