//! `carnet revoke`, `inspect` and `verify`, as they are typed: one verb for anything.

use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::capability::Role;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use clap::Args;

use super::{ServerArgs, values};
use crate::output::Format;

/// `carnet revoke`.
#[derive(Debug, Args)]
#[command(
    after_help = "WHAT is one of:\n  ticket:<ULID>   a task ticket\n  key:<ULID>      an API key, with the tickets it \
    issued\n  64 hex digits   a content id\n  subject/ID      everything issued to ID until now\n  key/ID          everything \
    that key signed\n  cert/SERIAL     a certificate\n  worker/NAME     a worker, with all that it has\n  enroll:<ULID>   an enrollment\n  anything else   the id of a worker token or JWT in the ledger\nor, from \
    stdin, a token itself: capability ticket, worker token, JWT, API key.\n\nExample:\n  carnet revoke \
    ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC --preview"
)]
pub struct RevokeArgs {
    /// What to end; - reads it from stdin.
    pub what: String,
    /// Why, for the record.
    #[arg(long)]
    pub reason: Option<String>,
    /// Only say what would end.
    #[arg(long)]
    pub preview: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `carnet inspect`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  carnet inspect node:000B5PHBGEC2A705WTKKMVRS30\n  carnet inspect - < token"
)]
pub struct InspectArgs {
    /// A credential or an id, told by its form; - reads it from stdin.
    pub what: String,
    /// The form of the output.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub format: Format,
}

/// `carnet verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  carnet verify - --role worker-gpu < ticket\n  carnet verify - --jwks-file keys.json < jwt\n  \
    carnet verify - --worker-id worker-a < token\n\nWithout keys the server is asked about JWTs, task tickets, API keys \
    and agent tokens."
)]
pub struct VerifyArgs {
    /// A credential, told by its form; - reads it from stdin.
    pub what: String,
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub capability: CapabilityJudge,
    #[command(flatten)]
    pub jwt: JwtJudge,
    #[command(flatten)]
    pub worker: WorkerJudge,
    /// The server that is asked; else `CARNET_SERVER`, the local socket, the default address.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
}

/// How a credential of several classes is judged.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// strict or compat; else what the configuration says.
    #[arg(long, value_parser = values::profile)]
    pub profile: Option<Profile>,
    /// Judge as of then, RFC 3339; else now.
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub at: Option<Timestamp>,
    /// The audience that it has to be for; of JWTs several may be given, any of which will do.
    #[arg(long)]
    pub audience: Vec<String>,
    /// A JSON Web Key Set.
    #[arg(long, value_name = "FILE")]
    pub jwks_file: Option<PathBuf>,
    /// For capability tickets the manifest with role secrets and limits; for others the configuration.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The form of the output.
    #[arg(long, value_enum, ignore_case = true)]
    pub format: Option<Format>,
}

/// What capability tickets are judged by.
#[derive(Debug, Args)]
pub struct CapabilityJudge {
    /// Capability ticket: the role asked for.
    #[arg(long, value_parser = values::role)]
    pub role: Option<Role>,
    /// Capability ticket: who presents it.
    #[arg(long, value_name = "ID")]
    pub identity: Option<String>,
    /// Capability ticket: a file with the role's secret.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// What JWTs are judged by.
#[derive(Debug, Args)]
pub struct JwtJudge {
    /// JWT: a file with a public key, PEM or JWK, or with a shared secret.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// JWT: the issuer; any of several.
    #[arg(long)]
    pub issuer: Vec<String>,
    /// JWT: the subject.
    #[arg(long)]
    pub subject: Option<String>,
    /// JWT: how far clocks may differ, at most 5m.
    #[arg(long, value_name = "DURATION", value_parser = values::leeway)]
    pub leeway: Option<Duration>,
}

/// What worker tokens are judged by.
#[derive(Debug, Args)]
pub struct WorkerJudge {
    /// Worker token: a file with the HMAC key that signs.
    #[arg(long, value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// Worker token: a file with an HMAC key that verifies; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub verification_key_file: Vec<PathBuf>,
    /// Worker token: the worker that presents it.
    #[arg(long, value_name = "ID")]
    pub worker_id: Option<String>,
    /// Worker token: an id that is withdrawn; may be repeated.
    #[arg(long, value_name = "ID")]
    pub revoked_token_id: Vec<String>,
    /// Refused: a key is never an argument.
    #[arg(long, value_name = "KEY", num_args = 0..=1, default_missing_value = "", hide = true)]
    pub signing_key: Option<String>,
}

impl CapabilityJudge {
    /// A flag of these that was given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--role", self.role.is_some()),
            ("--identity", self.identity.is_some()),
            ("--secret-file", self.secret_file.is_some()),
        ];
        first(&flags)
    }
}

impl JwtJudge {
    /// A flag of these that was given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--key-file", self.key_file.is_some()),
            ("--issuer", !self.issuer.is_empty()),
            ("--subject", self.subject.is_some()),
            ("--leeway", self.leeway.is_some()),
        ];
        first(&flags)
    }
}

impl WorkerJudge {
    /// A flag of these that was given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--signing-key-file", self.signing_key_file.is_some()),
            ("--verification-key-file", !self.verification_key_file.is_empty()),
            ("--worker-id", self.worker_id.is_some()),
            ("--revoked-token-id", !self.revoked_token_id.is_empty()),
        ];
        first(&flags)
    }
}

fn first(flags: &[(&'static str, bool)]) -> Option<&'static str> {
    flags.iter().find(|(_, is_given)| *is_given).map(|(name, _)| *name)
}
