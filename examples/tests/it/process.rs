//! The example workers as programs of their own: their `main`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use carnet_gate::Clock;
use carnet_worker::WorkerError;
use tempfile::TempDir;

use crate::support::Authority;
use crate::workers;

/// What the programs below run: no tests by themselves.
mod programs {
    use super::{WorkerError, workers};

    #[test]
    #[ignore = "a program of the other tests"]
    fn doc_converter() -> Result<(), WorkerError> {
        workers::doc_converter::main()
    }

    #[test]
    #[ignore = "a program of the other tests"]
    fn email_parser() -> Result<(), WorkerError> {
        workers::email_parser::main()
    }

    #[test]
    #[ignore = "a program of the other tests"]
    fn hello_world() -> Result<(), WorkerError> {
        workers::hello_world::main()
    }

    #[test]
    #[ignore = "a program of the other tests"]
    fn image_classifier() -> Result<(), WorkerError> {
        workers::image_classifier::main()
    }

    #[test]
    #[ignore = "a program of the other tests"]
    fn streaming() -> Result<(), WorkerError> {
        workers::streaming::main()
    }
}

/// An example that runs, at a port that was free.
struct Program {
    child: Child,
    port: u16,
    disk: TempDir,
}

impl Program {
    fn start(example: &str) -> Self {
        let disk = tempfile::tempdir().unwrap();
        Authority::new(Clock::System).certify(disk.path(), example.replace('_', "-").as_str());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("process::programs::{example}")])
            .args(["--ignored", "--nocapture", "--test-threads", "1"])
            .current_dir(disk.path())
            .env_clear()
            .env("CERT_DIR", disk.path())
            // Also where the tests run in a container.
            .env("CARNET_WORKER_HOST", "127.0.0.1")
            .env("CARNET_ADVERTISE_HOST", "localhost")
            .env(format!("{}_HTTPS_PORT", example.to_uppercase()), "0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let serving = lines.find_map(|line| {
            let (_, port) = line.split_once("https://localhost:")?;
            Some(port.chars().take_while(char::is_ascii_digit).collect::<String>())
        });
        // The program goes on to say things; somebody has to read them.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: serving.unwrap().parse().unwrap(), disk }
    }

    /// What a program says about it. `{port}` in its arguments is the worker's port.
    fn asked_by(&self, program: &str, arguments: &[&str]) -> String {
        let arguments = arguments.iter().map(|it| it.replace("{port}", &self.port.to_string()));
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.disk.path()).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().unwrap();
        assert!(status.success(), "{program}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

/// Promise: K-63
#[test]
fn every_example_runs_by_itself_and_ends_when_it_is_told() {
    let examples = [
        ("doc_converter", "document.convert"),
        ("email_parser", "email.parse"),
        ("hello_world", "example.hello_world"),
        ("image_classifier", "image.classify\",\"image.thumbnail"),
        ("streaming", "streaming.email.classify"),
    ];
    for (example, capability) in examples {
        let program = Program::start(example);
        let certificate = ["--cacert", "ca.crt", "--cert", "client.crt", "--key", "client.key"];
        let arguments = [&["-sSf", "https://localhost:{port}/status"], &certificate[..]].concat();
        let told = program.asked_by("curl", &arguments);
        assert!(told.contains(&format!("[\"{capability}\"]")), "{told}");
        program.end();
    }
}

/// Promise: K-67
#[test]
fn openssl_and_curl_find_the_workers_certificate_in_order() {
    let program = Program::start("hello_world");
    let connect = ["s_client", "-connect", "localhost:{port}", "-CAfile", "ca.crt"];
    let told = program.asked_by("openssl", &connect);
    // Some releases put spaces around it.
    let names = told.replace(" = ", "=");
    assert!(names.contains("issuer=CN=Carnet CA"), "{told}");
    assert!(names.contains("subject=CN=hello-world"), "{told}");
    assert!(told.contains("Verify return code: 0 (ok)"), "{told}");
    let health = program.asked_by("curl", &["-sSkf", "https://localhost:{port}/health"]);
    assert!(health.contains("\"status\":\"healthy\""), "{health}");
    program.end();
}
