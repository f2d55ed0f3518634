//! Every key: its section, name, type, default, and whether a change needs a restart.

use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::verify::Profile;
use secrecy::SecretString;

use crate::load::Values;
pub use crate::value::Kind;
use crate::value::{LogFormat, LogLevel, Setting, Size, VerifyOnRead};

/// What is known of a key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name in the file: `section.name`.
    pub name: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// Its value when nothing sets it, as text; empty for none.
    pub default: &'static str,
    /// What it is.
    pub doc: &'static str,
}

impl Key {
    /// The variable that sets it: `CARNET_SECTION_NAME`.
    pub fn variable(&self) -> String {
        format!("CARNET_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    /// The key that names a file with its value, for secrets.
    pub fn file_name(&self) -> Option<String> {
        (self.kind == Kind::Secret).then(|| format!("{}_file", self.name))
    }
}

macro_rules! keys {
    ($($(#[doc = $section_doc:literal])+ $section:ident: $Section:ident {
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $name:literal, $default:literal;)+
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
        }
    };
}

keys! {
    /// Where everything is kept.
    top: Top {
        /// The folder of the database, blobs, secrets and the local socket.
        data_dir: PathBuf = "data_dir", "carnet-data";
    }

    /// How strictly formats are judged.
    profile: Profiles {
        /// Every class that has no profile of its own: `strict` or `compat`.
        default: Profile = "profile.default", "strict";
        /// The content store; `profile.default` when unset.
        realm: Option<Profile> = "profile.realm", "";
    }

    /// The HTTP listener.
    server: Server {
        /// The address to listen on. Any but loopback needs TLS.
        host: String = "server.host", "127.0.0.1";
        /// The port; 0 for a free one.
        port: u16 = "server.port", "7423";
        /// Certificate chain, PEM.
        tls_cert_file: Option<PathBuf> = "server.tls_cert_file", "";
        /// Private key of the certificate, PEM.
        tls_key_file: Option<PathBuf> = "server.tls_key_file", "";
        /// Connections served at once; more wait.
        max_connections: u32 = "server.max_connections", "10000";
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
        enabled: bool = "auth.enabled", "true";
        /// The key of the service `key:api`, role `api`.
        api_key: Option<SecretString> = "auth.api_key", "";
        /// The key of the service `key:admin`, role `admin`.
        admin_api_key: Option<SecretString> = "auth.admin_api_key", "";
        /// Whether `api_key` is admin while no admin key is set.
        admin_fallback_enabled: bool = "auth.admin_fallback_enabled", "false";
    }

    /// The database.
    database: Database {
        /// The SQLite file.
        path: PathBuf = "database.path", "<data_dir>/carnet.db";
        /// Connections that read.
        pool: u32 = "database.pool", "10";
        /// How long a lock is waited for.
        busy_timeout: Duration = "database.busy_timeout", "5s";
    }

    /// The content store.
    realm: Realm {
        /// The largest node, header included: a multiple of 16 from 1024 to 16 MiB.
        node_limit: Size = "realm.node_limit", "4MiB";
        /// The longest name in a directory, bytes.
        max_name_bytes: u16 = "realm.max_name_bytes", "255";
        /// The most entries of a directory.
        max_children: u32 = "realm.max_children", "10000";
        /// The largest JSON body.
        max_body: Size = "realm.max_body", "10MiB";
        /// The longest life of a ticket; longer ones are cut.
        max_ticket_ttl: Duration = "realm.max_ticket_ttl", "24h";
        /// The life of a ticket that asks for none.
        default_ticket_ttl: Duration = "realm.default_ticket_ttl", "24h";
        /// The most bytes a realm may hold; 0 for no limit.
        default_quota: Size = "realm.default_quota", "0";
        /// The largest node kept in the database; larger ones are files.
        inline_max: Size = "realm.inline_max", "64KiB";
        /// Nodes one request may search to decide what a ticket reaches.
        scope_step_nodes: u32 = "realm.scope_step_nodes", "50000";
        /// Nodes remembered per ticket for that.
        scope_max_nodes: u32 = "realm.scope_max_nodes", "2000000";
        /// How long space stays set aside for an upload that does not finish.
        upload_reservation: Duration = "realm.upload_reservation", "10m";
        /// When the bytes of large nodes are hashed again: `first`, `always` or `never`.
        verify_on_read: VerifyOnRead = "realm.verify_on_read", "first";
    }

    /// Where large nodes are kept.
    blobs: Blobs {
        /// The folder.
        path: PathBuf = "blobs.path", "<data_dir>/blobs";
    }

    /// How much the gate holds.
    gate: Gate {
        /// Live grants.
        max_grants: u32 = "gate.max_grants", "1000000";
        /// Metered contents.
        max_meters: u32 = "gate.max_meters", "1000000";
    }

    /// The log, on stderr.
    logging: Logging {
        /// `trace`, `debug`, `info`, `warn` or `error`.
        level: LogLevel = "logging.level", "info";
        /// `json` or `text`.
        format: LogFormat = "logging.format", "json";
    }

    /// Metrics, at `/metrics`.
    metrics: Metrics {
        /// Whether they need no credential.
        public: bool = "metrics.public", "false";
    }
}
