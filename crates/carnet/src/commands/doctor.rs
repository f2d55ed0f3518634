//! `carnet doctor`: live facts that a server needs.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use carnet_config::{Config, Role};
use carnet_realm::client::{Client, Credential, Endpoint};
use carnet_store::{Store, StoreError, StoreOptions};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::cli::DoctorArgs;
use crate::connect::Surroundings;
use crate::failure::Failure;
use crate::output;

/// Less free space than this is a warning.
const FREE_MIN: u64 = 1 << 30;

struct Finding {
    id: &'static str,
    severity: &'static str,
    message: String,
    fix: Option<String>,
}

/// Checks and tells; exit 1 when something failed.
pub async fn run(args: DoctorArgs, surroundings: &Surroundings) -> anyhow::Result<()> {
    let sources = surroundings.sources(args.config.config.clone(), super::flags(&args.config)?);
    let loaded =
        carnet_config::load(&sources).map_err(|errors| Failure::CouldNotRun(errors.to_string()))?;
    let config = &loaded.config;
    let mut findings = vec![finding(
        "config",
        "pass",
        loaded.file.map_or_else(|| "defaults".to_owned(), |file| file.display().to_string()),
        None,
    )];
    findings.extend(
        loaded.warnings.into_iter().map(|warning| finding("config.warning", "warn", warning, None)),
    );
    for fault in config.start_faults(Role::ControlPlane) {
        findings.push(finding(
            "config.start",
            "fail",
            fault.message.to_owned(),
            Some(fault.fix.to_owned()),
        ));
    }
    findings.push(data_dir(&config.top.data_dir));
    findings.push(disk(&config.top.data_dir));
    findings.extend(server(config).await);
    let is_failed = findings.iter().any(|finding| finding.severity == "fail");
    let rows: Vec<_> = findings.iter().map(row).collect();
    output::show(args.format, &json!({ "findings": rows }), |_| {
        findings.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    if is_failed {
        Err(Failure::Check("something has to be repaired".to_owned()).into())
    } else {
        Ok(())
    }
}

fn finding(
    id: &'static str,
    severity: &'static str,
    message: String,
    fix: Option<String>,
) -> Finding {
    Finding { id, severity, message, fix }
}

fn row(finding: &Finding) -> Value {
    let mut row =
        json!({ "id": finding.id, "severity": finding.severity, "message": finding.message });
    if let Some(fix) = &finding.fix {
        row["fix"] = Value::from(fix.as_str());
    }
    row
}

fn line(finding: &Finding) -> String {
    let fix = finding.fix.as_ref().map(|fix| format!("\n      fix: {fix}")).unwrap_or_default();
    format!("[{}] {}: {}{fix}", finding.severity.to_ascii_uppercase(), finding.id, finding.message)
}

fn data_dir(path: &Path) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            finding("data_dir", "pass", format!("{shown} will be made at the first start"), None)
        }
        Err(error) => finding(
            "data_dir",
            "fail",
            format!("{shown}: {error}"),
            Some(format!("ls -ld {shown}")),
        ),
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => finding(
            "data_dir",
            "warn",
            format!("{shown} is open to others"),
            Some(format!("chmod 700 {shown}")),
        ),
        Ok(_) => finding("data_dir", "pass", shown.to_string(), None),
    }
}

fn disk(data_dir: &Path) -> Finding {
    let folder = data_dir.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::statvfs(folder) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let severity = if free < FREE_MIN { "warn" } else { "pass" };
            let fix = (free < FREE_MIN).then(|| format!("df -h {}", folder.display()));
            finding("disk", severity, format!("{} free", output::bytes(free)), fix)
        }
        Err(error) => finding("disk", "warn", format!("free space is not known: {error}"), None),
    }
}

/// A running server answers for itself; otherwise the database is opened and the address tried.
async fn server(config: &Config) -> Vec<Finding> {
    let socket = config.top.data_dir.join("api.sock");
    let running = match Client::new(&Endpoint::Socket(socket.clone()), Credential::None) {
        Ok(client) if socket.exists() => client.call(Method::GET, "/health", None).await.ok(),
        _ => None,
    };
    if let Some(health) = running {
        let text = format!("running, status {}", output::text(&health["status"]));
        return vec![finding("server", "pass", text, None)];
    }
    let (host, fleet) = (&config.server.host, config.fleet.listen_addr);
    let api = is_free("server.port", host, config.server.port, "server.port=0").await;
    let free = "fleet.listen_addr=127.0.0.1:0";
    let fleet = is_free("fleet.listen_addr", &fleet.ip().to_string(), fleet.port(), free).await;
    vec![database(config).await, api, fleet]
}

/// Whether a server could listen there; `other` is what would have it listen elsewhere.
async fn is_free(key: &'static str, host: &str, port: u16, other: &str) -> Finding {
    match TcpListener::bind((host, port)).await {
        Ok(_) => finding(key, "pass", format!("{host}:{port} is free"), None),
        Err(error) => {
            let fix = Some(format!("carnet serve --set {other}"));
            finding(key, "fail", format!("{host}:{port}: {error}"), fix)
        }
    }
}

async fn database(config: &Config) -> Finding {
    let path = config.database.path.clone();
    let shown = path.display().to_string();
    if !path.exists() {
        return finding(
            "database",
            "pass",
            format!("{shown} will be made at the first start"),
            None,
        );
    }
    let options = StoreOptions { path, busy_timeout: config.database.busy_timeout, readers: 1 };
    match Store::open(&options) {
        Ok(store) => {
            store.close().await;
            finding("database", "pass", format!("{shown} opens, schema up to date"), None)
        }
        Err(error @ StoreError::InUse { .. }) => {
            finding("database", "warn", error.to_string(), None)
        }
        Err(error) => {
            finding("database", "fail", format!("{shown}: {error}"), Some(format!("ls -l {shown}")))
        }
    }
}
