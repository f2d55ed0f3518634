//! `carnet audit`, as it is typed.

use std::path::PathBuf;

use carnet_ticket::time::Timestamp;
use clap::{Args, Subcommand, ValueEnum};

use super::values;
use crate::output::Format;

/// `carnet audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write who did what, row by row.
    #[command(
        after_help = "Example:\n  carnet audit export --since 2026-05-01T00:00:00Z --format csv --output may.csv"
    )]
    Export(ExportArgs),
    /// Check that no row was changed, removed, put in or moved. Exit 1, naming the first, when one was.
    #[command(
        after_help = "Examples:\n  carnet audit verify\n  carnet audit verify --file audit.jsonl --checkpoint checkpoints \
        --jwks-file keys.json\n\nRows alone prove that nobody changed a part of them. A checkpoint that was kept elsewhere \
        (audit.checkpoint_file) proves that nobody wrote all of them anew, or cut off their end."
    )]
    Verify(VerifyArgs),
}

/// `carnet audit export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Rows from then on, RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub since: Option<Timestamp>,
    /// Rows until then, RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub until: Option<Timestamp>,
    /// Rows of one tenant.
    #[arg(long, value_name = "ID", value_parser = values::tenant)]
    pub tenant: Option<String>,
    /// The form: jsonl can be verified afterwards, csv opens in a spreadsheet.
    #[arg(long, value_enum, ignore_case = true)]
    pub format: ExportFormat,
    /// The file, which must not be there yet; else stdout.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The server's URL; else `CARNET_SERVER`, the local socket, the default address.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The data folder whose local socket is used.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A file with an API key or token; - is stdin. Else `CARNET_TOKEN`.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// `carnet audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// An export as jsonl; else the server is asked for all rows.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Signed checkpoints, one a line.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// The public keys of checkpoints, a JSON Web Key Set; else those of the server.
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    pub jwks_file: Option<PathBuf>,
    /// What the rows are meant to be.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub extent: ExportExtent,
    /// The form of the output.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub format: Format,
    /// The server's URL; else `CARNET_SERVER`, the local socket, the default address.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The data folder whose local socket is used.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A file with an API key or token; - is stdin. Else `CARNET_TOKEN`.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// What the rows of an export are meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ExportExtent {
    /// Every row, or every row behind a checkpoint.
    #[default]
    Whole,
    /// Those of some time: no gaps.
    Stretch,
    /// Those of a tenant: gaps.
    Excerpt,
}

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A JSON document on each line, with its hash.
    Jsonl,
    /// RFC 4180.
    Csv,
}

impl ExportFormat {
    /// Its name in a query.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}
