//! `cargo xtask conformance`: schemathesis makes requests of the served description, good ones and bad ones,
//! and checks that a real server answers them as it describes.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

use crate::{python, run};

/// The release of schemathesis, from the Python package index.
const VERSION: &str = "4.32.5";

/// How long it may go on making requests.
const SECONDS: &str = "90";

/// Makes requests until the time is over, others each time unless they are drawn from a `seed`; an error when an answer
/// is not as described.
pub fn run(seed: Option<u64>) -> anyhow::Result<()> {
    let target = run::target()?;
    let schemathesis = python::install(&target, "schemathesis", "schemathesis", VERSION)?;
    run::cargo(["build", "--package", "carnet"], &[])?;
    let mut server = Server::start(&target)?;
    let url = format!("{}/openapi.json", server.url()?);
    let done = Command::new(schemathesis)
        .arg("--config-file")
        .arg(run::root().join("xtask/schemathesis.toml"))
        .args(["run", &url, "--max-time", SECONDS])
        .args(seed.map(|seed| format!("--seed={seed}")))
        .current_dir(&server.folder)
        // What is secret is in no argument, and in no message.
        .env("CARNET_ADMIN_KEY", server.admin_key()?)
        .status()?;
    ensure!(done.success(), "the server does not answer as it describes");
    Ok(())
}

/// A server in a folder of its own, where what was found is written too. It is killed when it is dropped.
struct Server {
    child: Child,
    folder: PathBuf,
}

impl Server {
    fn start(target: &Path) -> anyhow::Result<Self> {
        let folder = target.join("conformance");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let child = Command::new(target.join("debug/carnet"))
            .arg("serve")
            .args(SETTINGS.iter().flat_map(|setting| ["--set", setting]))
            .current_dir(&folder)
            // Without any, whatever workers ask is answered that nobody set one.
            .env("CARNET_AUTH_WORKER_SIGNING_KEY", "a-worker-signing-key-for-conformance")
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("log"))?)
            .spawn()?;
        Ok(Self { child, folder })
    }

    /// Where it listens, once it does.
    fn url(&mut self) -> anyhow::Result<String> {
        let stdout = self.child.stdout.as_mut().context("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let log = self.folder.join("log");
        url.with_context(|| format!("the server did not start: see {}", log.display()))
    }

    /// The key that it made when it started.
    fn admin_key(&self) -> anyhow::Result<String> {
        let file = self.folder.join("carnet-data/secrets/admin_api_key");
        let key = std::fs::read_to_string(file).context("the server made no key")?;
        Ok(key.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Free ports, and no limit to how often requests come.
const SETTINGS: [&str; 9] = [
    "server.port=0",
    "fleet.listen_addr=127.0.0.1:0",
    "auth.failure_limit_per_minute=0",
    "realm.rate_per_user=0",
    "realm.rate_upload_per_realm=0",
    "realm.rate_init_per_ip=0",
    "realm.rate_poll_per_client=0",
    "realm.rate_mcp_per_credential=0",
    "realm.rate_admin_per_user=0",
];
