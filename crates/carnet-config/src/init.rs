//! The first run: a private data folder, random secrets, and a commented `carnet.toml` that names them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carnet_ticket::capability::Role;

/// What a first run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The configuration file.
    pub config: PathBuf,
    /// The file with the API key.
    pub api_key: PathBuf,
    /// The file with the admin key.
    pub admin_api_key: PathBuf,
}

/// Why a first run could not be prepared.
#[derive(Debug, thiserror::Error)]
#[error("{path:?} cannot be made")]
pub struct InitError {
    /// What could not be made.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Makes the data folder with its secrets and configuration. The configuration comes last and names the
/// rest, so a run that was interrupted is simply made again. What is there is kept.
pub fn generate(data_dir: &Path) -> Result<Made, InitError> {
    let secrets = data_dir.join("secrets");
    for folder in [data_dir, &secrets] {
        make_private_folder(folder)?;
    }
    let made = Made {
        config: data_dir.join("carnet.toml"),
        api_key: secrets.join("api_key"),
        admin_api_key: secrets.join("admin_api_key"),
    };
    let roles = Role::ALL.map(|role| secrets.join(role.label()));
    for path in [&made.api_key, &made.admin_api_key].into_iter().chain(&roles) {
        if !path.exists() {
            write_whole(path, random_secret::<48>(path)?.as_bytes())?;
        }
    }
    let seal_key = secrets.join("seal_key");
    if !seal_key.exists() {
        write_whole(&seal_key, random_secret::<32>(&seal_key)?.as_bytes())?;
    }
    let manifest = data_dir.join("root_task.toml");
    if !manifest.exists() {
        write_whole(&manifest, manifest_text().as_bytes())?;
    }
    if !made.config.exists() {
        write_whole(&made.config, TEMPLATE.as_bytes())?;
    }
    Ok(made)
}

const TEMPLATE: &str = r#"# Carnet's configuration. Every key has a default; `carnet config show` prints them all.
# A key a.b is set by the variable CARNET_A_B as well, and by `--set a.b=VALUE`, which comes first.

# Everything is kept in the folder of this file.
data_dir = "."

[server]
# Any address but loopback needs a certificate: tls_cert_file and tls_key_file.
host = "127.0.0.1"
port = 7423

[auth]
# The keys of programs. The local operator needs none: the command line uses api.sock in this folder.
api_key_file = "secrets/api_key"
admin_api_key_file = "secrets/admin_api_key"
# Worker tokens: the key that mints them, and further ones that they verify with. Each is a file with a
# text of at least 32 bytes, as of `openssl rand -hex 32`.
# worker_signing_key_file = "secrets/worker_signing_key"
# worker_signing_keys_files = []

[keys]
# What the keys that `carnet keys` manages are sealed with in the database. Losing it loses them.
seal_key_file = "secrets/seal_key"

[realm]
# The longest life of a task ticket.
# max_ticket_ttl = "24h"
# The most bytes that a realm may hold; 0 for no limit.
# default_quota = "0"

[logging]
format = "text"
"#;

/// A manifest that gives every role a secret of its own.
fn manifest_text() -> String {
    let entry = |role: Role| {
        let label = role.label();
        format!("\n[[tickets]]\nrole = \"{label}\"\nsecret_file = \"secrets/{label}\"\n")
    };
    MANIFEST.to_owned() + &Role::ALL.map(entry).concat()
}

const MANIFEST: &str = r#"# Roles of the operator namespace: who may attach, and what their tickets may say.

[root_task]
schema = "1.5"

# [ticket_limits]
# max_scopes = 8
# bandwidth_bytes = 131072
"#;

fn make_private_folder(path: &Path) -> Result<(), InitError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| InitError { path: path.to_owned(), source })
}

/// `N` random bytes as base64url.
fn random_secret<const N: usize>(path: &Path) -> Result<String, InitError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| InitError { path: path.to_owned(), source: error.into() })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Writes a private file that is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), InitError> {
    let part = path.with_extension("part");
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(bytes)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&part, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(|source| InitError { path: path.to_owned(), source })
}
