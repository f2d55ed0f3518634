//! What a server refuses to start with.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::verify::Profile;
use http::Uri;
use secrecy::ExposeSecret;

use crate::choice::{BlobsKind, RpcTlsMode};
use crate::keys::{Blobs, Config, RpcTls};

/// The fewest bytes that the secret of development users has.
const DEV_SECRET_LEN_MIN: usize = 16;

/// The least time that a node is kept though nothing names it yet.
const GC_GRACE_MIN: Duration = Duration::from_mins(1);

/// How long something may be leased at once.
const LEASE_TTL: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(15);

/// The longest time that a task may take.
const TIMEOUT_MAX: Duration = Duration::from_hours(24);

/// Who starts with a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A server.
    ControlPlane,
    /// A worker without a certificate of the fleet.
    Worker,
}

/// Why a server or a worker does not start with a configuration, and the command that repairs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFault {
    /// What is wrong.
    pub message: &'static str,
    /// The command.
    pub fix: &'static str,
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  fix: {}", self.message, self.fix)
    }
}

impl Config {
    /// Whether every listener is on this machine alone.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.server.host)
    }

    /// Everything that keeps a server or a worker from starting with this.
    pub fn start_faults(&self, role: Role) -> Vec<StartFault> {
        let is_strict = self.profile.default == Profile::Strict;
        match role {
            Role::Worker => self.rpc_tls.faults_of_worker(is_strict),
            Role::ControlPlane => {
                let mut faults = self.faults_of_server();
                faults.extend(self.rpc_tls.faults_of_server(is_strict));
                faults
            }
        }
    }

    fn faults_of_server(&self) -> Vec<StartFault> {
        let (server, auth) = (&self.server, &self.auth);
        let is_loopback = self.is_loopback();
        let has_tls = server.tls_cert_file.is_some() && server.tls_key_file.is_some();
        let has_admin = auth.dev_jwt_secret.is_some()
            || auth.admin_api_key.is_some()
            || (auth.admin_fallback_enabled && auth.api_key.is_some());
        let dev_secret = auth.dev_jwt_secret.as_ref().map(|secret| secret.expose_secret().len());
        let node_limit = self.realm.node_limit.0;
        let is_node_limit =
            (1024..=16 << 20).contains(&node_limit) && node_limit.is_multiple_of(16);
        let checks = [
            (
                !is_loopback && !has_tls,
                "server.host is not a loopback address and there is no TLS certificate",
                "carnet serve --set server.host=127.0.0.1",
            ),
            (
                server.tls_cert_file.is_some() != server.tls_key_file.is_some(),
                "server.tls_cert_file and server.tls_key_file go together, and one is missing",
                "carnet serve --set server.tls_cert_file= --set server.tls_key_file=",
            ),
            (
                !auth.enabled && !is_loopback,
                "auth.enabled is false and server.host is not a loopback address",
                "carnet serve --set auth.enabled=true",
            ),
            (
                auth.enabled && !has_admin,
                "auth.enabled is true and nothing signs in an administrator",
                "(umask 077; head -c 36 /dev/urandom | base64 > admin_key) && carnet serve --set auth.admin_api_key_file=admin_key",
            ),
            (
                dev_secret.is_some() && !is_loopback,
                "auth.dev_jwt_secret is set and server.host is not a loopback address",
                "carnet serve --set server.host=127.0.0.1",
            ),
            (
                dev_secret.is_some_and(|len| len < DEV_SECRET_LEN_MIN),
                "auth.dev_jwt_secret has fewer than 16 bytes",
                "(umask 077; head -c 36 /dev/urandom | base64 > dev_secret) && carnet serve --set auth.dev_jwt_secret_file=dev_secret",
            ),
            (
                !is_node_limit,
                "realm.node_limit is not a multiple of 16 from 1024 to 16MiB",
                "carnet serve --set realm.node_limit=4MiB",
            ),
            (
                self.realm.gc_grace < GC_GRACE_MIN,
                "realm.gc_grace is less than 1m: an upload of several nodes would lose some before it is whole",
                "carnet serve --set realm.gc_grace=24h",
            ),
            (
                self.ca.leaf_ttl > self.ca.max_leaf_ttl,
                "ca.leaf_ttl is longer than ca.max_leaf_ttl",
                "carnet serve --set ca.leaf_ttl=24h --set ca.max_leaf_ttl=2160h",
            ),
            (
                self.registry.lost_after <= self.registry.heartbeat_interval,
                "registry.lost_after is no longer than registry.heartbeat_interval: every worker would be lost",
                "carnet serve --set registry.lost_after=120s --set registry.heartbeat_interval=30s",
            ),
            (
                !LEASE_TTL.contains(&self.tasks.lease_ttl),
                "tasks.lease_ttl is not from 1s to 15m",
                "carnet serve --set tasks.lease_ttl=30s",
            ),
            (
                self.tasks.max_timeout > TIMEOUT_MAX || self.tasks.max_timeout.is_zero(),
                "tasks.max_timeout is not from 1ms to 24h",
                "carnet serve --set tasks.max_timeout=24h",
            ),
            (
                self.blobs.is_incomplete_bucket(),
                "blobs.kind is s3, and blobs.bucket, blobs.access_key_id or blobs.secret_access_key is missing",
                "carnet serve --set blobs.bucket=NAME --set blobs.access_key_id=ID --set blobs.secret_access_key_file=FILE",
            ),
            (
                !self.blobs.is_endpoint_private(),
                "blobs.endpoint is neither https nor http on a loopback address",
                "carnet serve --set blobs.endpoint=https://HOST, or --set blobs.allow_http=true where the network is trusted",
            ),
        ];
        faults(checks)
    }
}

impl RpcTls {
    /// Whether workers are called in plain, on this machine.
    pub fn is_off(&self) -> bool {
        self.enabled == RpcTlsMode::Off
    }

    fn faults_of_server(&self, is_strict: bool) -> Vec<StartFault> {
        let (has_pair, is_half) =
            pair(self.client_cert_file.as_ref(), self.client_key_file.as_ref());
        let has_ca = self.ca_file.is_some() || self.insecure_skip_verify;
        faults([
            (
                is_half,
                "worker.rpc_tls.client_cert_file and worker.rpc_tls.client_key_file go together, and one is missing",
                "carnet serve --set worker.rpc_tls.client_cert_file= --set worker.rpc_tls.client_key_file= --set worker.rpc_tls.ca_file=",
            ),
            (
                self.enabled == RpcTlsMode::On && !(has_pair && has_ca),
                "worker.rpc_tls.enabled is true, and worker.rpc_tls.ca_file, worker.rpc_tls.client_cert_file or worker.rpc_tls.client_key_file is missing",
                "carnet serve --set worker.rpc_tls.enabled=auto",
            ),
            (
                !is_half && has_pair != has_ca,
                "worker.rpc_tls.ca_file goes with worker.rpc_tls.client_cert_file, and one is missing",
                "carnet serve --set worker.rpc_tls.client_cert_file= --set worker.rpc_tls.client_key_file= --set worker.rpc_tls.ca_file= --set worker.rpc_tls.insecure_skip_verify=false",
            ),
            (
                self.insecure_skip_verify && is_strict,
                "worker.rpc_tls.insecure_skip_verify is true, and profile.default is strict",
                "carnet serve --set worker.rpc_tls.insecure_skip_verify=false",
            ),
            (
                self.is_off() && is_strict,
                "worker.rpc_tls.enabled is false, and profile.default is strict",
                "carnet serve --set worker.rpc_tls.enabled=auto",
            ),
        ])
    }

    fn faults_of_worker(&self, is_strict: bool) -> Vec<StartFault> {
        let (has_pair, is_half) =
            pair(self.server_cert_file.as_ref(), self.server_key_file.as_ref());
        let has_ca = self.client_ca_file.is_some();
        faults([
            (
                is_half,
                "worker.rpc_tls.server_cert_file and worker.rpc_tls.server_key_file go together, and one is missing",
                "CARNET_WORKER_RPC_TLS_SERVER_CERT_FILE= CARNET_WORKER_RPC_TLS_SERVER_KEY_FILE= CARNET_WORKER_RPC_TLS_CLIENT_CA_FILE= carnet worker run",
            ),
            (
                self.enabled == RpcTlsMode::On && !(has_pair && has_ca),
                "worker.rpc_tls.enabled is true, and worker.rpc_tls.server_cert_file, worker.rpc_tls.server_key_file or worker.rpc_tls.client_ca_file is missing",
                "CARNET_WORKER_RPC_TLS_ENABLED=auto carnet worker run",
            ),
            (
                !is_half && has_pair != has_ca,
                "worker.rpc_tls.client_ca_file goes with worker.rpc_tls.server_cert_file, and one is missing",
                "CARNET_WORKER_RPC_TLS_SERVER_CERT_FILE= CARNET_WORKER_RPC_TLS_SERVER_KEY_FILE= CARNET_WORKER_RPC_TLS_CLIENT_CA_FILE= carnet worker run",
            ),
            (
                self.insecure_skip_verify && is_strict,
                "worker.rpc_tls.insecure_skip_verify is true, and profile.default is strict",
                "CARNET_WORKER_RPC_TLS_INSECURE_SKIP_VERIFY=false carnet worker run",
            ),
            (
                self.is_off() && is_strict,
                "worker.rpc_tls.enabled is false, and profile.default is strict",
                "CARNET_WORKER_RPC_TLS_ENABLED=auto carnet worker run",
            ),
        ])
    }
}

/// Whether both are named, and whether one alone is.
fn pair(certificate: Option<&PathBuf>, key: Option<&PathBuf>) -> (bool, bool) {
    let (has_certificate, has_key) = (certificate.is_some(), key.is_some());
    (has_certificate && has_key, has_certificate != has_key)
}

fn faults<const N: usize>(checks: [(bool, &'static str, &'static str); N]) -> Vec<StartFault> {
    let fault =
        |(is_fault, message, fix): (bool, _, _)| is_fault.then_some(StartFault { message, fix });
    checks.into_iter().filter_map(fault).collect()
}

impl Blobs {
    fn is_incomplete_bucket(&self) -> bool {
        let has_all = self.bucket.is_some()
            && self.access_key_id.is_some()
            && self.secret_access_key.is_some();
        self.kind == BlobsKind::S3 && !has_all
    }

    /// Whether nobody between here and the bucket can read along, or somebody may.
    fn is_endpoint_private(&self) -> bool {
        let Some(endpoint) = self.endpoint.as_deref() else { return true };
        let Ok(uri) = endpoint.parse::<Uri>() else { return false };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        match uri.scheme_str() {
            Some("https") => true,
            Some("http") => self.allow_http || is_loopback(host),
            _ => false,
        }
    }
}

/// Whether a host is this machine alone. An IPv6 address has no brackets around it.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
