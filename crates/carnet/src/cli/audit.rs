//! `carnet audit`, as it is typed.

use std::path::PathBuf;

use carnet_ticket::time::Timestamp;
use clap::{Args, Subcommand, ValueEnum};

use super::values;

/// `carnet audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write who did what, row by row.
    #[command(
        after_help = "Example:\n  carnet audit export --since 2026-05-01T00:00:00Z --format csv --output may.csv"
    )]
    Export(ExportArgs),
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
