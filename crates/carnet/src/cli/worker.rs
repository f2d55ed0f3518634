//! `carnet worker`, as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use carnet_ticket::identity::{WorkerId, WorkerName};
use carnet_ticket::worker_token::{Audience, WorkerScope};
use clap::{Args, Subcommand, ValueEnum};

use super::credential::{JudgeArgs, WorkerJudge};
use super::run::WorkerRunArgs;
use super::{ServerArgs, values};
use crate::output::Format;

/// `carnet worker`.
#[derive(Debug, Subcommand)]
pub enum WorkerCommand {
    /// Mint a worker token, or read one.
    #[command(
        args_conflicts_with_subcommands = true,
        subcommand_negates_reqs = true,
        after_help = "Examples:\n  carnet worker token worker-a --signing-key-file worker.key\n  carnet worker token \
        inspect - < token\n  carnet worker token -- inspect    for a worker of that name\n\nThe key comes from a file, \
        CARNET_AUTH_WORKER_SIGNING_KEY, STACYVM_AUTH_WORKER_SIGNING_KEY or the configuration; it is never an argument."
    )]
    Token(Box<TokenArgs>),
    /// Be a worker: any program does the tasks.
    #[command(
        after_help = "Examples:\n  carnet worker run --task text.sort=sort\n  carnet worker run --task image.invert=./invert.sh \
        --output-type image/png --capacity 2\n  carnet task run text.sort --input words.txt --output sorted.txt    as \
        whoever wants it done\n\nThe program is run without a shell and without arguments, in the working folder. It reads \
        the first input on stdin and writes the output to stdout; its lines on stderr are the task's log. \
        CARNET_TASK_PARAMS has the parameters as JSON, CARNET_TASK_ID and CARNET_TASK_ATTEMPT say which task it is; of \
        the worker's environment it sees PATH, HOME, LANG, LC_ALL, TZ, TMPDIR, USER and what --env names. Exit 0: done. \
        75: may be tried again. Anything else: failed, with code EXIT_<n> or SIGNAL_<n>. When the task is cancelled, it \
        and its children get SIGTERM, 2 seconds later SIGKILL.\n\nThe certificate comes as for carnet worker enroll. With certificates of your own instead, name them as \
        worker.rpc_tls.server_cert_file, server_key_file and client_ca_file in the configuration, or in \
        CARNET_WORKER_RPC_TLS_SERVER_CERT_FILE and the like; the worker then shows the control plane a worker token."
    )]
    Run(Box<WorkerRunArgs>),
    /// Bring a certificate of the fleet into the certificate directory, unless one that counts is there.
    #[command(
        after_help = "Examples:\n  carnet worker enroll    beside `carnet serve` on this machine\n  CA_SERVICE_URL=https://\
        enroll:<token>@<host>:9090 carnet worker enroll\n\nEvery worker does this by itself when it starts. The token comes \
        from CA_SERVICE_URL, CARNET_ENROLL_TOKEN_FILE or CARNET_ENROLL_TOKEN; it is never an argument. CERT_DIR names the \
        directory."
    )]
    Enroll(WorkerEnrollArgs),
    /// List the workers that have registered.
    #[command(after_help = "Examples:\n  carnet worker list\n  carnet worker list --format json")]
    List(ServerArgs),
    /// Show a worker: what it can do, how it is, which certificate it has.
    #[command(after_help = "Example:\n  carnet worker show worker-656bc5db")]
    Show {
        /// Its id.
        id: WorkerId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a worker no more work, until it is uncordoned. It keeps what it has.
    #[command(
        after_help = "Example:\n  carnet worker cordon worker-656bc5db --reason \"a new disk\""
    )]
    Cordon(OrderArgs),
    /// Give a worker that was cordoned or drained work again.
    #[command(after_help = "Example:\n  carnet worker uncordon worker-656bc5db")]
    Uncordon(OrderArgs),
    /// Have a worker finish what it has, until it is uncordoned.
    #[command(
        after_help = "Example:\n  carnet worker drain worker-656bc5db --reason \"an upgrade\""
    )]
    Drain(OrderArgs),
    /// Keep a worker out: its certificates are revoked, its work goes to others.
    #[command(
        after_help = "Example:\n  carnet worker quarantine worker-656bc5db --reason \"it mines coins\"\n\nThe way back is \
        carnet worker release, then a new enrollment."
    )]
    Quarantine(OrderArgs),
    /// Let a quarantined worker be enrolled again.
    #[command(
        after_help = "Example:\n  carnet worker release worker-656bc5db\n  carnet enroll new --name gpu-1"
    )]
    Release(OrderArgs),
}

/// A worker that something is done to.
#[derive(Debug, Args)]
pub struct OrderArgs {
    /// Its id.
    pub id: WorkerId,
    /// Why, for the record and whoever asks.
    #[arg(long)]
    pub reason: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `carnet worker enroll`.
#[derive(Debug, Args)]
pub struct WorkerEnrollArgs {
    /// The service, where the enrollment token does not decide the name. Else `SERVICE_NAME`.
    #[arg(long, default_value = "worker")]
    pub name: WorkerName,
    /// What the registry shall know the worker by; else the id it has, or a random one.
    #[arg(long, value_name = "ID")]
    pub id: Option<WorkerId>,
    /// The form of the output.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub format: Format,
}

/// `carnet worker token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    pub command: Option<TokenCommand>,
    #[command(flatten)]
    pub mint: MintArgs,
}

/// What is done with worker tokens beside minting.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Tell what a token says, without a key and without belief.
    #[command(after_help = "Example:\n  carnet worker token inspect - < token")]
    Inspect {
        /// The token; - reads it from stdin.
        token: String,
    },
    /// Judge a token. Exit 1 with the reason when it does not count.
    #[command(
        after_help = "Example:\n  carnet worker token verify - --signing-key-file worker.key --worker-id worker-a < \
        token\n\nWith key files or a JWKS those keys count alone; else those of the configuration."
    )]
    Verify {
        /// The token; - reads it from stdin.
        token: String,
        #[command(flatten)]
        judge: JudgeArgs,
        #[command(flatten)]
        worker: WorkerJudge,
    },
    /// Print how the signing key is turned over without a refused token. Needs no key.
    #[command(after_help = "Example:\n  carnet worker token rotation-plan --ttl 10m")]
    RotationPlan {
        /// Where the new key will be.
        #[arg(long, value_name = "REF", default_value = "auth.worker_signing_key")]
        new_key_ref: String,
        /// Where the previous key will be.
        #[arg(long, value_name = "REF", default_value = "auth.worker_signing_keys[0]")]
        previous_key_ref: String,
        /// The longest life of tokens.
        #[arg(long, default_value = "5m", value_parser = values::duration)]
        ttl: Duration,
        /// The form of the output.
        #[arg(long, value_enum, ignore_case = true, default_value_t)]
        format: Format,
    },
}

/// What a worker token shall say, and the key it is signed with.
#[derive(Debug, Args)]
pub struct MintArgs {
    /// The worker.
    #[arg(required = true)]
    pub worker_id: Option<String>,
    /// A file with the HMAC key.
    #[arg(long, value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// A file with the Ed25519 key: PKCS#8 in PEM, or the seed in hex.
    #[arg(long, value_name = "FILE")]
    pub ed25519_key_file: Option<PathBuf>,
    /// 1: HMAC; 2: Ed25519. Else by the configuration and the keys there are.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub version: Option<u8>,
    /// How long it counts, at most 15m.
    #[arg(long, default_value = "5m", value_parser = values::token_life)]
    pub ttl: Duration,
    /// The endpoint it is for: worker:control-plane or worker:rpc.
    #[arg(long, default_value = "worker:control-plane", value_parser = values::audience)]
    pub audience: Audience,
    /// Its own id; else a random one.
    #[arg(long, value_name = "ID")]
    pub token_id: Option<String>,
    /// After how long it begins to count.
    #[arg(long, default_value = "0s", value_parser = values::duration)]
    pub not_before: Duration,
    /// What it allows; may be repeated. Else all eight scopes.
    #[arg(long, value_parser = values::worker_scope)]
    pub scope: Vec<WorkerScope>,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The token alone, or all that was minted.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub format: TokenFormat,
    /// Refused: a key is never an argument.
    #[arg(long, value_name = "KEY", num_args = 0..=1, default_missing_value = "", hide = true)]
    pub signing_key: Option<String>,
}

/// The form in which a minted token is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TokenFormat {
    /// The token alone.
    #[default]
    Token,
    /// What was minted, as one document.
    Json,
}
