//! Every key: its section, name, type, default, and whether a change needs a restart.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use carnet_authority::ca::Curve;
use carnet_authority::enroll::CloneAction;
use carnet_ticket::identity::TrustDomain;
use carnet_ticket::verify::Profile;
use ipnet::IpNet;
use secrecy::SecretString;

use crate::choice::{
    BlobsKind, LogFormat, LogLevel, PolicyDefault, RpcTlsMode, Size, Url, VerifyOnRead,
    WorkerTokenVersion,
};
use crate::names;
use crate::network::{HostName, WebOrigin};
use crate::secret::{FileSecret, SealKey};
pub use crate::value::Kind;
use crate::value::Setting;
use crate::values::Values;

/// What is known of a key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name in the file: `section.name`.
    pub name: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// Its value when nothing sets it, as text; empty for none.
    pub default: &'static str,
    /// What a change of it takes.
    pub change: Change,
    /// What it is.
    pub doc: &'static str,
}

/// What a change of a key's value takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it is in force after a reload.
    Live,
    /// Nothing; and a change of the file that it names counts as one of it.
    File,
    /// A restart.
    Restart,
}

/// The keys in which two configurations differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that a reload puts in force.
    pub live: Vec<&'static str>,
    /// Those that wait for a restart.
    pub needs_restart: Vec<&'static str>,
}

impl Key {
    /// The variable that sets it: `CARNET_SECTION_NAME`.
    pub fn variable(&self) -> String {
        names::variable(self.name)
    }

    /// The key that names a file with its value, for secrets; the files, for lists of them.
    pub fn file_name(&self) -> Option<String> {
        match self.kind {
            Kind::Secret | Kind::SecretMap => Some(format!("{}_file", self.name)),
            Kind::SecretList => Some(format!("{}_files", self.name)),
            Kind::SecretFile => Some(self.name.to_owned()),
            _ => None,
        }
    }
}

macro_rules! change {
    () => {
        Change::Live
    };
    (file) => {
        Change::File
    };
    (restart) => {
        Change::Restart
    };
}

macro_rules! keys {
    ($($(#[doc = $section_doc:literal])+ $section:ident: $Section:ident {
        $($(#[doc = $doc:literal])+
        $field:ident: $type:ty = $name:literal, $default:literal $(, $change:ident)?;)+
    })+) => {
        $($(#[doc = $section_doc])+
        #[derive(Debug, Clone)]
        pub struct $Section {
            $($(#[doc = $doc])+ pub $field: $type,)+
        })+

        /// The whole configuration, typed and with every default filled in.
        #[derive(Debug, Clone)]
        pub struct Config {
            $($(#[doc = $section_doc])+ pub $section: $Section,)+
        }

        /// Every key, in the order of the documentation.
        pub const KEYS: &[Key] = &[$($(Key {
            name: $name,
            kind: <$type as Setting>::KIND,
            default: $default,
            change: change!($($change)?),
            doc: concat!($($doc),+),
        },)+)+];

        impl Config {
            /// Reads every value; those that do not parse stand in the values' faults.
            pub(crate) fn from_values(values: &mut Values<'_>) -> Option<Self> {
                $(let $section = {
                    $(let $field = values.take::<$type>($name);)+
                    (|| Some($Section { $($field: $field?,)+ }))()
                };)+
                Some(Self { $($section: $section?,)+ })
            }

            /// The keys that have another value in `new`.
            pub fn diff(&self, new: &Self) -> Changes {
                let mut changes = Changes::default();
                $($(if !self.$section.$field.is_same(&new.$section.$field) {
                    match change!($($change)?) {
                        Change::Restart => changes.needs_restart.push($name),
                        Change::Live | Change::File => changes.live.push($name),
                    }
                })+)+
                changes
            }

            /// Takes back what does not change without a restart.
            pub(crate) fn keep_restart_keys(&mut self, running: &Self) {
                $($(if change!($($change)?) == Change::Restart {
                    self.$section.$field = running.$section.$field.clone();
                })+)+
            }
        }
    };
}

keys! {
    /// Where everything is kept.
    top: Top {
        /// The folder of the database, blobs, secrets and the local socket.
        data_dir: PathBuf = "data_dir", "carnet-data", restart;
    }

    /// How strictly formats are judged.
    profile: Profiles {
        /// Every class that has no profile of its own: `strict` or `compat`.
        default: Profile = "profile.default", "strict";
        /// Capability tickets; `profile.default` when unset, as for the others.
        capability: Option<Profile> = "profile.capability", "";
        /// Worker tokens.
        worker_token: Option<Profile> = "profile.worker_token", "";
        /// JSON Web Tokens.
        jwt: Option<Profile> = "profile.jwt", "";
        /// The content store.
        realm: Option<Profile> = "profile.realm", "";
    }

    /// The HTTP listener.
    server: Server {
        /// The address to listen on. Any but loopback needs TLS.
        host: String = "server.host", "127.0.0.1", restart;
        /// The port; 0 for a free one.
        port: u16 = "server.port", "7423", restart;
        /// Where others reach it, when that is another address: `https://carnet.example`.
        public_url: Option<Url> = "server.public_url", "";
        /// Hosts and addresses that certificates of this server name, beside those of this machine.
        names: Vec<HostName> = "server.names", "";
        /// Certificate chain, PEM.
        tls_cert_file: Option<PathBuf> = "server.tls_cert_file", "", file;
        /// Private key of the certificate, PEM.
        tls_key_file: Option<PathBuf> = "server.tls_key_file", "", file;
        /// The origins that browsers may call from: `*` for any, none for no answer to them.
        cors_allowed_origins: Vec<WebOrigin> = "server.cors_allowed_origins", "*";
        /// Networks of proxies that are believed about the address of their clients.
        trusted_proxies: Vec<IpNet> = "server.trusted_proxies", "";
        /// Connections served at once; more wait.
        max_connections: u32 = "server.max_connections", "10000", restart;
        /// The largest body of a request, nodes aside.
        max_body: Size = "server.max_body", "2MiB";
        /// The largest head of a request.
        max_header: Size = "server.max_header", "32KiB";
        /// How long the head of a request may take.
        header_timeout: Duration = "server.header_timeout", "10s";
        /// How long the next piece of a body may take.
        read_timeout: Duration = "server.read_timeout", "30s";
        /// How long a connection may be idle.
        idle_timeout: Duration = "server.idle_timeout", "60s";
        /// How long requests may go on after the server was told to stop.
        shutdown_timeout: Duration = "server.shutdown_timeout", "10s";
    }

    /// Who gets in.
    auth: Auth {
        /// Whether credentials are asked for. Off only on loopback.
        enabled: bool = "auth.enabled", "true", restart;
        /// The key of the service `key:api`, role `api`.
        api_key: Option<SecretString> = "auth.api_key", "";
        /// The key of the service `key:admin`, role `admin`.
        admin_api_key: Option<SecretString> = "auth.admin_api_key", "";
        /// Whether `api_key` is admin while no admin key is set.
        admin_fallback_enabled: bool = "auth.admin_fallback_enabled", "false";
        /// The secret of development users: an HS256 token with any subject signs in. Loopback only.
        dev_jwt_secret: Option<SecretString> = "auth.dev_jwt_secret", "";
        /// Subjects of development users that are administrators.
        dev_admin_subs: Vec<String> = "auth.dev_admin_subs", "";
        /// The token that every worker without its own may present.
        worker_token: Option<SecretString> = "auth.worker_token", "";
        /// Tokens of single workers, by worker id, which is case-exact.
        worker_tokens: BTreeMap<String, SecretString> = "auth.worker_tokens", "";
        /// The HMAC key that worker tokens are minted and verified with.
        worker_signing_key: Option<SecretString> = "auth.worker_signing_key", "";
        /// Further HMAC keys that worker tokens are verified with.
        worker_signing_keys: Vec<SecretString> = "auth.worker_signing_keys", "";
        /// Ids of worker tokens that are refused, whatever the store says.
        worker_revoked_token_ids: Vec<String> = "auth.worker_revoked_token_ids", "";
        /// The longest life of a worker token: at most 15 minutes.
        worker_token_max_ttl: Duration = "auth.worker_token_max_ttl", "15m";
        /// Bad credentials an address may present per minute before it is refused unheard; 0 for any number.
        failure_limit_per_minute: u32 = "auth.failure_limit_per_minute", "20";
    }

    /// Keys of this server.
    keys: Keys {
        /// What managed private keys are sealed with at rest: 32 bytes as hex or base64.
        seal_key: Option<SealKey> = "keys.seal_key", "", restart;
    }

    /// How tickets are minted.
    tickets: Minting {
        /// The format of worker tokens: 1, 2, or 0 for what the active key asks for.
        worker_token_version: WorkerTokenVersion = "tickets.worker_token_version", "0";
        /// A worker's copy of the keys that worker tokens verify with; when unset, the control plane is asked.
        worker_jwks_file: Option<PathBuf> = "tickets.worker_jwks_file", "", file;
    }

    /// Which JSON Web Tokens are taken.
    jwt: JwtTickets {
        /// The issuers, any of them.
        issuers: Vec<String> = "tickets.jwt.issuers", "";
        /// The audiences, any of them.
        audiences: Vec<String> = "tickets.jwt.audiences", "";
        /// A JSON Web Key Set.
        jwks_file: Option<PathBuf> = "tickets.jwt.jwks_file", "", file;
        /// Public keys, PEM.
        keys_pem_files: Vec<PathBuf> = "tickets.jwt.keys_pem_files", "", file;
        /// A file with a shared secret.
        hmac_key_file: Option<FileSecret> = "tickets.jwt.hmac_key_file", "";
        /// How far clocks may differ: at most 5 minutes.
        leeway: Duration = "tickets.jwt.leeway", "0s";
        /// The longest life of a token; none for any.
        max_lifetime: Option<Duration> = "tickets.jwt.max_lifetime", "";
        /// The longest time since a token was issued; none for any.
        max_age: Option<Duration> = "tickets.jwt.max_age", "";
    }

    /// The database.
    database: Database {
        /// The SQLite file.
        path: PathBuf = "database.path", "<data_dir>/carnet.db", restart;
        /// Connections that read.
        pool: u32 = "database.pool", "10", restart;
        /// How long a lock is waited for.
        busy_timeout: Duration = "database.busy_timeout", "5s", restart;
    }

    /// The content store.
    realm: Realm {
        /// The largest node, header included: a multiple of 16 from 1024 to 16 MiB.
        node_limit: Size = "realm.node_limit", "4MiB", restart;
        /// The longest name in a directory, bytes.
        max_name_bytes: u16 = "realm.max_name_bytes", "255", restart;
        /// The most entries of a directory.
        max_children: u32 = "realm.max_children", "10000", restart;
        /// The largest JSON body.
        max_body: Size = "realm.max_body", "10MiB";
        /// The longest life of a ticket; longer ones are cut.
        max_ticket_ttl: Duration = "realm.max_ticket_ttl", "24h", restart;
        /// The life of a ticket that asks for none.
        default_ticket_ttl: Duration = "realm.default_ticket_ttl", "24h", restart;
        /// The longest life of an agent token, and that of one that asks for none.
        max_agent_token_ttl: Duration = "realm.max_agent_token_ttl", "720h";
        /// How long an approved client counts.
        client_ttl: Duration = "realm.client_ttl", "720h";
        /// Whether users may sign in with a token of an issuer.
        jwt_auth: bool = "realm.jwt_auth", "true";
        /// Whether requests may be signed with a client's key.
        awp_auth: bool = "realm.awp_auth", "true";
        /// The most bytes a realm may hold; 0 for no limit.
        default_quota: Size = "realm.default_quota", "0", restart;
        /// The largest node kept in the database; larger ones are files.
        inline_max: Size = "realm.inline_max", "64KiB", restart;
        /// Nodes one request may search to decide what a ticket reaches.
        scope_step_nodes: u32 = "realm.scope_step_nodes", "50000", restart;
        /// Nodes remembered per ticket for that.
        scope_max_nodes: u32 = "realm.scope_max_nodes", "2000000", restart;
        /// How long space stays set aside for an upload that does not finish.
        upload_reservation: Duration = "realm.upload_reservation", "10m", restart;
        /// The most bytes written under a ticket that an agent's tool made; 0 for no limit.
        mcp_ticket_quota: Size = "realm.mcp_ticket_quota", "100MiB";
        /// When the bytes of large nodes are hashed again: `first`, `always` or `never`.
        verify_on_read: VerifyOnRead = "realm.verify_on_read", "first", restart;
        /// How long a node that nothing names is kept after somebody last named or stored it.
        gc_grace: Duration = "realm.gc_grace", "24h";
        /// How often nodes that nothing names are removed; 0 for never.
        gc_interval: Duration = "realm.gc_interval", "1h";
        /// Approvals of clients begun per minute and address; 0 for any number, as for the others.
        rate_init_per_ip: u32 = "realm.rate_init_per_ip", "60";
        /// Looks per minute at whether one client is approved.
        rate_poll_per_client: u32 = "realm.rate_poll_per_client", "12";
        /// Requests per minute of one caller in the content store.
        rate_per_user: u32 = "realm.rate_per_user", "6000";
        /// Nodes uploaded per minute into one realm.
        rate_upload_per_realm: u32 = "realm.rate_upload_per_realm", "6000";
        /// Tool calls per minute under one credential.
        rate_mcp_per_credential: u32 = "realm.rate_mcp_per_credential", "300";
        /// Requests per minute of one administrator of the content store.
        rate_admin_per_user: u32 = "realm.rate_admin_per_user", "600";
    }

    /// Where large nodes are kept.
    blobs: Blobs {
        /// `local` for files, `s3` for objects of a bucket, `memory` for a server that forgets.
        kind: BlobsKind = "blobs.kind", "local", restart;
        /// The folder of `local`.
        path: PathBuf = "blobs.path", "<data_dir>/blobs", restart;
        /// The bucket of `s3`.
        bucket: Option<String> = "blobs.bucket", "", restart;
        /// What the names of its objects begin with.
        prefix: String = "blobs.prefix", "cas/blake3s/", restart;
        /// Where the bucket is, as a URL; when unset, the region's own address.
        endpoint: Option<String> = "blobs.endpoint", "", restart;
        /// Whether the endpoint may be `http` beyond this machine: then everybody in between reads along.
        allow_http: bool = "blobs.allow_http", "false", restart;
        /// The region of the bucket.
        region: String = "blobs.region", "us-east-1", restart;
        /// Who asks for objects.
        access_key_id: Option<String> = "blobs.access_key_id", "", restart;
        /// What proves it.
        secret_access_key: Option<SecretString> = "blobs.secret_access_key", "", restart;
    }

    /// The listener of the fleet: certificate authority, registry, workers.
    fleet: Fleet {
        /// The address to listen on, always with TLS; port 0 for a free one.
        listen_addr: SocketAddr = "fleet.listen_addr", "127.0.0.1:9090", restart;
        /// Whether workers of other systems may come without a certificate.
        compat: bool = "fleet.compat", "false";
    }

    /// The certificate authority of the fleet.
    ca: Ca {
        /// Whose members are certified: the host in their SPIFFE IDs.
        trust_domain: TrustDomain = "ca.trust_domain", "carnet.local", restart;
        /// The organization that CA certificates name.
        organization: String = "ca.organization", "Carnet";
        /// The key of the next CA certificate: `p256` or `p384`.
        key_type: Curve = "ca.key_type", "p256";
        /// The life of the next CA certificate.
        lifetime: Duration = "ca.lifetime", "8760h";
        /// The life of a member's certificate that was enrolled without one.
        leaf_ttl: Duration = "ca.leaf_ttl", "24h";
        /// The longest life of a member's certificate: at most 90 days.
        max_leaf_ttl: Duration = "ca.max_leaf_ttl", "2160h";
        /// What happens when a copy of a certificate is seen: `quarantine` or `alert`.
        clone_action: CloneAction = "ca.clone_action", "quarantine";
        /// Whether the CA turns itself over at half of its life.
        auto_rotate: bool = "ca.auto_rotate", "true";
        /// Whether workers on this machine need no token while the fleet's listener is on loopback.
        local_enroll: bool = "ca.local_enroll", "true", restart;
        /// Where certificates say that the revocation list is.
        crl_url: Option<Url> = "ca.crl_url", "";
        /// A file with the passphrase that the keys of the CA are sealed with.
        key_passphrase_file: Option<FileSecret> = "ca.key_passphrase_file", "", restart;
    }

    /// The registry of workers.
    registry: Registry {
        /// How long a worker may be silent before it counts as lost.
        lost_after: Duration = "registry.lost_after", "120s";
        /// How often workers are asked to say that they are there.
        heartbeat_interval: Duration = "registry.heartbeat_interval", "30s";
    }

    /// A worker without a certificate of the fleet.
    worker: Worker {
        /// An API key that lets it have tokens from the control plane: that of an issuer for it will do.
        bootstrap_admin_key: Option<SecretString> = "worker.bootstrap_admin_key", "";
        /// The life of such a token.
        bootstrap_token_ttl: Duration = "worker.bootstrap_token_ttl", "5m";
    }

    /// TLS between control plane and workers by certificates that are not the fleet's own.
    rpc_tls: RpcTls {
        /// `auto` where files are named, `true` to demand them, `false` for plain HTTP on this machine, in compat.
        enabled: RpcTlsMode = "worker.rpc_tls.enabled", "auto", restart;
        /// A worker's certificate chain, PEM.
        server_cert_file: Option<PathBuf> = "worker.rpc_tls.server_cert_file", "", file;
        /// Its private key, PEM.
        server_key_file: Option<PathBuf> = "worker.rpc_tls.server_key_file", "", file;
        /// The CAs whose certificates callers of a worker have to show, PEM.
        client_ca_file: Option<PathBuf> = "worker.rpc_tls.client_ca_file", "", file;
        /// The CAs of the workers that the control plane calls, PEM.
        ca_file: Option<PathBuf> = "worker.rpc_tls.ca_file", "", file;
        /// The certificate chain that the control plane calls them with, PEM.
        client_cert_file: Option<PathBuf> = "worker.rpc_tls.client_cert_file", "", file;
        /// Its private key, PEM.
        client_key_file: Option<PathBuf> = "worker.rpc_tls.client_key_file", "", file;
        /// The name that their certificates have to be for; when unset, the host that is called.
        server_name: Option<String> = "worker.rpc_tls.server_name", "";
        /// Whether any certificate of theirs will do: in compat alone.
        insecure_skip_verify: bool = "worker.rpc_tls.insecure_skip_verify", "false";
    }

    /// What tasks may ask for.
    policy: Policy {
        /// What is said of values that no rule is about: `allow` or `deny`.
        default: PolicyDefault = "policy.default", "allow";
    }

    /// Tasks.
    tasks: Tasks {
        /// How long a task waits for a worker that can do it.
        pending_timeout: Duration = "tasks.pending_timeout", "5m";
        /// How long a worker that is silent keeps a task: 1s to 15m.
        lease_ttl: Duration = "tasks.lease_ttl", "30s";
        /// The longest time that a task may ask for: at most 24h.
        max_timeout: Duration = "tasks.max_timeout", "24h";
        /// Tasks that workers have.
        max_active: u32 = "tasks.max_active", "10000";
        /// Tasks of one tenant, waiting or with workers.
        max_active_per_tenant: u32 = "tasks.max_active_per_tenant", "1000";
        /// Tasks that wait for a worker.
        max_pending: u32 = "tasks.max_pending", "100000";
        /// The image of tasks that name none; when unset, their capability and its version.
        default_image: Option<String> = "tasks.default_image", "";
        /// What runs tasks that do not say; when unset, `task`.
        default_provider: Option<String> = "tasks.default_provider", "";
        /// The network of tasks that name none; when unset, `none`.
        default_network: Option<String> = "tasks.default_network", "";
    }

    /// How much the gate holds.
    gate: Gate {
        /// Live grants.
        max_grants: u32 = "gate.max_grants", "1000000", restart;
        /// Metered contents.
        max_meters: u32 = "gate.max_meters", "1000000", restart;
        /// How often what was spent is written down.
        meter_flush: Duration = "gate.meter_flush", "1s";
    }

    /// The operator namespace.
    namespace: Namespace {
        /// The manifest; when unset `configs/root_task.toml`, else `root_task.toml` in the data folder.
        manifest: Option<PathBuf> = "namespace.manifest", "";
    }

    /// Revocations.
    revocation: Revocation {
        /// The file that each is appended to, signed: what is in it counts, however old the database is.
        log_file: PathBuf = "revocation.log_file", "<data_dir>/revocations.log", restart;
    }

    /// What is written down of who did what.
    audit: Audit {
        /// How long rows are kept; 0 for ever. `auth.admin_audit_retention` is this key too.
        retention: Duration = "audit.retention", "0s";
        /// How often a checkpoint is signed.
        checkpoint_interval: Duration = "audit.checkpoint_interval", "1m";
        /// After how many new rows one is signed at the latest.
        checkpoint_rows: u32 = "audit.checkpoint_rows", "1000";
        /// The file that checkpoints are appended to as well.
        checkpoint_file: Option<PathBuf> = "audit.checkpoint_file", "";
        /// Whether it is written down that an administrator read something.
        reads: bool = "audit.reads", "true";
    }

    /// The admin UI, at `/ui`.
    ui: Ui {
        /// Whether there is one.
        enabled: bool = "ui.enabled", "true";
        /// How long a session may be unused.
        session_idle: Duration = "ui.session_idle", "1h";
        /// The longest a session lasts, however much it is used.
        session_max: Duration = "ui.session_max", "12h";
    }

    /// The log, on stderr.
    logging: Logging {
        /// `trace`, `debug`, `info`, `warn` or `error`.
        level: LogLevel = "logging.level", "info", restart;
        /// `json` or `text`.
        format: LogFormat = "logging.format", "json", restart;
    }

    /// Metrics, at `/metrics`.
    metrics: Metrics {
        /// Whether they need no credential.
        public: bool = "metrics.public", "false";
    }
}

impl Profiles {
    /// How strictly worker tokens are judged and minted.
    pub fn of_worker_tokens(&self) -> Profile {
        self.worker_token.unwrap_or(self.default)
    }
}
