//! `carnet worker run`, as it is typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::identity::{CapabilityId, WorkerId, WorkerName};
use clap::Args;

use super::values;

/// `carnet worker run`.
#[derive(Debug, Args)]
pub struct WorkerRunArgs {
    /// A program that does tasks of a capability; may be repeated.
    #[arg(long = "task", value_name = "CAPABILITY=PROGRAM", value_parser = values::task)]
    pub tasks: Vec<(CapabilityId, String)>,
    /// The content type of what programs write.
    #[arg(long, value_name = "TYPE", default_value = "application/octet-stream")]
    pub output_type: String,
    /// A variable of the environment that programs see too; may be repeated.
    #[arg(long = "env", value_name = "NAME")]
    pub env: Vec<String>,
    /// How many tasks are done at once; else as many as there are processors.
    #[arg(long, value_name = "COUNT")]
    pub capacity: Option<usize>,
    /// The service, where the enrollment token does not decide the name. Else `SERVICE_NAME`.
    #[arg(long, default_value = "worker")]
    pub name: WorkerName,
    /// What the registry shall know the worker by; else the id it has, or a random one.
    #[arg(long, value_name = "ID")]
    pub id: Option<WorkerId>,
    /// The control plane; else `PLATFORM_URL`, else the one that the CA names.
    #[arg(long, value_name = "URL")]
    pub control_plane: Option<String>,
    /// The HTTPS port, 0 for any that is free; else `HTTPS_PORT`, else 8500.
    #[arg(long)]
    pub port: Option<u16>,
    /// Be asked for tasks here instead of on the HTTPS port: with a certificate in the handshake.
    #[arg(long, value_name = "ADDRESS", value_parser = values::listen)]
    pub listen: Option<SocketAddr>,
    /// The configuration file, for a worker without a certificate of the fleet.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file with its worker token, read for every request.
    #[arg(long, value_name = "FILE")]
    pub worker_token_file: Option<PathBuf>,
    /// A file with the HMAC key that it mints its own worker tokens with.
    #[arg(long, value_name = "FILE")]
    pub worker_signing_key_file: Option<PathBuf>,
    /// A file with an API key that lets it have worker tokens from the control plane: an issuer's will do.
    #[arg(long, value_name = "FILE")]
    pub bootstrap_admin_key_file: Option<PathBuf>,
    /// The life of such a token, at most 15m; else 5m.
    #[arg(long, value_name = "DURATION", value_parser = values::token_life)]
    pub bootstrap_token_ttl: Option<Duration>,
    /// How often the worker reports, in whole seconds; else `WORKER_HEARTBEAT_INTERVAL`, else 30s.
    #[arg(long, value_name = "DURATION", value_parser = values::life_s)]
    pub heartbeat_interval: Option<u64>,
    /// Register, report once, deregister.
    #[arg(long)]
    pub once: bool,
}
