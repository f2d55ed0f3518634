//! `cargo xtask conformance`: schemathesis makes requests of the served description, good ones and bad ones,
//! and checks that a real server answers them as it describes.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::run;

/// The release of schemathesis, from the Python package index.
const VERSION: &str = "4.32.5";

/// How long it may go on making requests.
const SECONDS: &str = "90";

/// Makes requests until the time is over; an error when an answer is not as described.
pub fn run() -> anyhow::Result<()> {
    let target = run::target()?;
    let schemathesis = install(&target.join("schemathesis"))?;
    run::cargo(["build", "--package", "carnet"], &[])?;
    let server = Server::start(&target)?;
    let url = format!("{}/openapi.json", server.url);
    let mut command = Command::new(schemathesis);
    command.args(["--config-file", "xtask/schemathesis.toml", "run", &url, "--max-time", SECONDS]);
    // What is secret is in no argument.
    command.env("CARNET_ADMIN_KEY", &server.admin_key);
    run::finish(command)
}

/// The program, in an environment of its own, which is made anew when it has another release.
fn install(environment: &Path) -> anyhow::Result<PathBuf> {
    let program = environment.join("bin/schemathesis");
    let is_right = run::output(&program.to_string_lossy(), &["--version"])
        .is_ok_and(|version| version.trim().ends_with(VERSION));
    if is_right {
        return Ok(program);
    }
    if !run::is_there("python3", &["-m", "venv", "--help"]) {
        bail!(
            "python3 with venv is missing; install it, for example: sudo apt-get install python3-venv"
        );
    }
    eprintln!("schemathesis {VERSION} is missing: installing it into {}", environment.display());
    let environment = environment.to_string_lossy();
    run::program("python3", &["-m", "venv", "--clear", &environment])?;
    let package = format!("schemathesis=={VERSION}");
    let pip = format!("{environment}/bin/pip");
    run::program(&pip, &["install", "--quiet", "--disable-pip-version-check", &package])
        .context("schemathesis cannot be installed from the Python package index")?;
    Ok(program)
}

/// A server in a folder of its own, killed when it is dropped.
struct Server {
    child: Child,
    url: String,
    admin_key: String,
}

impl Server {
    fn start(target: &Path) -> anyhow::Result<Self> {
        let folder = target.join("conformance");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let mut child = Command::new(target.join("debug/carnet"))
            .arg("serve")
            .args(SETTINGS.iter().flat_map(|setting| ["--set", setting]))
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("log"))?)
            .spawn()?;
        let stdout = child.stdout.take().context("the server says nothing")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let mut server = Self { child, url: String::new(), admin_key: String::new() };
        let log = folder.join("log");
        server.url =
            url.with_context(|| format!("the server did not start: see {}", log.display()))?;
        let key = folder.join("carnet-data/secrets/admin_api_key");
        server.admin_key = std::fs::read_to_string(key)?.trim().to_owned();
        ensure!(!server.admin_key.is_empty(), "the server made no key");
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port, and no limit to how often bad requests come.
const SETTINGS: [&str; 4] = [
    "server.port=0",
    "auth.failure_limit_per_minute=0",
    "realm.rate_per_user=0",
    "realm.rate_upload_per_realm=0",
];
