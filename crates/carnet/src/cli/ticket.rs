//! `carnet ticket`, as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::capability::{MountSpec, Role, TicketScope};
use carnet_ticket::jwt::Algorithm;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::credential::{CapabilityJudge, JudgeArgs, JwtJudge};
use super::values::Amount;
use super::{ServerArgs, values};
use crate::output::Format;

/// `carnet ticket`.
#[derive(Debug, Subcommand)]
pub enum TicketCommand {
    /// Make a ticket and print it.
    #[command(subcommand)]
    Mint(MintCommand),
    /// Tell what a capability ticket or JWT says, without a key and without belief.
    #[command(after_help = "Example:\n  carnet ticket inspect - < ticket")]
    Inspect {
        /// The ticket; - reads it from stdin.
        token: String,
        /// The form of the output.
        #[arg(long, value_enum, ignore_case = true, default_value_t)]
        format: Format,
    },
    /// Judge a capability ticket or JWT. Exit 1 with the reason when it does not count.
    #[command(
        after_help = "Examples:\n  carnet ticket verify - --role worker-gpu --identity worker-1 < ticket\n  carnet ticket \
        verify - --key-file public.pem --audience my-app --at 2026-05-09T12:00:00Z < jwt"
    )]
    Verify(Box<VerifyArgs>),
    /// Make a narrower ticket from a capability ticket, with the role's secret from here.
    #[command(
        after_help = "Example:\n  carnet ticket attenuate - --scope /proc:read --ttl 1m < ticket\n\nWhat is not named, the \
        child has from its parent."
    )]
    Attenuate(Box<AttenuateArgs>),
    /// End a ticket everywhere at once.
    #[command(after_help = "Example:\n  carnet ticket revoke 01HQXK5V8N3Y7M2P4R6T9W0ABC")]
    Revoke {
        /// Its id in the ledger, its content id, or itself; - reads that from stdin.
        what: String,
        /// Why, for the record.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List what was minted, newest first.
    #[command(after_help = "Example:\n  carnet ticket list --class capability --status active")]
    List {
        /// Only those of one class: capability, worker-token, jwt.
        #[arg(long)]
        class: Option<String>,
        /// Only those of one subject.
        #[arg(long)]
        subject: Option<String>,
        /// Only those of one status: active, expired, revoked.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `carnet ticket mint`.
#[derive(Debug, Subcommand)]
pub enum MintCommand {
    /// Make a capability ticket: by the server that is named or runs here, else with a role's secret from here.
    #[command(
        after_help = "Example:\n  carnet ticket mint capability --role worker-gpu --subject worker-1 --ttl 10m --scope \
        /proc:read:8\n\nWith --secret-file, CARNET_TICKET_SECRET, COHSH_TICKET_SECRET or a manifest that is named (--config, \
        CARNET_TICKET_CONFIG, COHSH_TICKET_CONFIG) no server is asked. A secret is never an argument."
    )]
    Capability(Box<CapabilityArgs>),
    /// Sign a JSON Web Token with a key from a file.
    #[command(
        after_help = "Example:\n  carnet ticket mint jwt --key-file private.pem --subject agent-7 --audience my-app --claim \
        'groups=[\"ops\"]'"
    )]
    Jwt(Box<JwtArgs>),
}

/// `carnet ticket mint capability`.
#[derive(Debug, Args)]
pub struct CapabilityArgs {
    /// The role.
    #[arg(long, value_parser = values::role)]
    pub role: Role,
    /// Whom it is for; workers need one.
    #[arg(long)]
    pub subject: Option<String>,
    /// Telemetry writes; else the role's.
    #[arg(long, value_name = "N|none", value_parser = values::amount)]
    pub ticks: Option<Amount>,
    /// Operations; else the role's.
    #[arg(long, value_name = "N|none", value_parser = values::amount)]
    pub ops: Option<Amount>,
    /// How long it counts; else as the role's.
    #[arg(long, value_name = "DURATION|none", value_parser = values::life)]
    pub ttl: Option<Amount>,
    /// When it counts as issued, RFC 3339; else now.
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub issued_at: Option<Timestamp>,
    /// What is mounted for its session.
    #[arg(long, value_name = "SERVICE=PATH", value_parser = values::mount)]
    pub mount: Option<MountSpec>,
    /// What it reaches; may be repeated.
    #[arg(long, value_name = "PATH:VERB[:RATE]", value_parser = values::scope)]
    pub scope: Vec<TicketScope>,
    #[command(flatten)]
    pub quotas: QuotaArgs,
    #[command(flatten)]
    pub secret: SecretArgs,
    /// Ask no server: the ledger will not know the ticket.
    #[arg(long, conflicts_with = "server")]
    pub offline: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// How much a ticket may move.
#[derive(Debug, Clone, Copy, Args)]
pub struct QuotaArgs {
    /// Bytes.
    #[arg(long, value_name = "N")]
    pub bandwidth: Option<u64>,
    /// Cursors taken up again.
    #[arg(long, value_name = "N")]
    pub cursor_resumes: Option<u32>,
    /// Cursor steps.
    #[arg(long, value_name = "N")]
    pub cursor_advances: Option<u32>,
}

/// Where a role's secret comes from.
#[derive(Debug, Args)]
pub struct SecretArgs {
    /// The manifest; else `CARNET_TICKET_CONFIG`, `COHSH_TICKET_CONFIG`, `configs/root_task.toml`, that of the data
    /// folder.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file with the role's secret.
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    pub secret_file: Option<PathBuf>,
}

/// `carnet ticket mint jwt`.
#[derive(Debug, Args)]
pub struct JwtArgs {
    /// A file with a private key, PEM or JWK, or with a shared secret.
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// The algorithm; else by the key's type.
    #[arg(long, value_parser = values::algorithm)]
    pub alg: Option<Algorithm>,
    /// The key id in the header; else the key's own.
    #[arg(long)]
    pub kid: Option<String>,
    /// Whom it is for.
    #[arg(long)]
    pub subject: String,
    /// Who issues it.
    #[arg(long)]
    pub issuer: Option<String>,
    /// Where it counts; may be repeated.
    #[arg(long)]
    pub audience: Vec<String>,
    /// How long it counts.
    #[arg(long, value_name = "DURATION|none", default_value = "1h", value_parser = values::life)]
    pub ttl: Amount,
    /// After how long it begins to count.
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub not_before: Option<Duration>,
    /// Its own id; else a random one.
    #[arg(long, value_name = "ID")]
    pub token_id: Option<String>,
    /// A private claim; may be repeated.
    #[arg(long, value_name = "NAME=JSON", value_parser = values::claim)]
    pub claim: Vec<(String, Value)>,
    /// Ask no server: the ledger will not know the token.
    #[arg(long)]
    pub offline: bool,
    /// The form of the output.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub format: Format,
}

/// `carnet ticket verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The ticket; - reads it from stdin.
    pub token: String,
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub capability: CapabilityJudge,
    #[command(flatten)]
    pub jwt: JwtJudge,
}

/// `carnet ticket attenuate`.
#[derive(Debug, Args)]
pub struct AttenuateArgs {
    /// The parent; - reads it from stdin.
    pub token: String,
    /// What the child reaches; may be repeated.
    #[arg(long, value_name = "PATH:VERB[:RATE]", value_parser = values::scope)]
    pub scope: Vec<TicketScope>,
    /// How long it counts.
    #[arg(long, value_name = "DURATION", value_parser = values::life_s)]
    pub ttl: Option<u64>,
    /// Operations.
    #[arg(long, value_name = "N")]
    pub ops: Option<u64>,
    /// Telemetry writes.
    #[arg(long, value_name = "N")]
    pub ticks: Option<u64>,
    #[command(flatten)]
    pub quotas: QuotaArgs,
    /// It mounts nothing.
    #[arg(long)]
    pub no_mount: bool,
    /// strict or compat; else what the configuration says.
    #[arg(long, value_parser = values::profile)]
    pub profile: Option<Profile>,
    /// The manifest; see `mint capability`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file with the role's secret.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub format: Format,
}
