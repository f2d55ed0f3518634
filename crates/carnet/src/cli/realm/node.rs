//! `carnet realm node`, as it is typed.

use std::path::PathBuf;

use carnet_realm::client::Symlinks;
use clap::{Args, Subcommand, ValueEnum};

use super::{ServerArgs, values};
use values::NodePath;

/// `carnet realm node`.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// Store a file, or a directory with everything below it, and print its key.
    ///
    /// Everything is looked at and hashed first; what the server has already is not sent. Run again, it goes on
    /// where it stopped.
    #[command(
        after_help = "Examples:\n  carnet realm node put photo.jpg\n  carnet realm node put pictures/ --symlinks skip\n  \
        pg_dump app | carnet realm node put - --type application/sql"
    )]
    Put(PutArgs),
    /// Fetch a file, or a directory with everything below it.
    ///
    /// What is there already is not fetched again; what was begun is finished. Nothing is written outside the target.
    #[command(
        after_help = "Examples:\n  carnet realm node get node:Q3BPPGM9JV7NEH7XQCPBZENTF0 -o photo.jpg\n  \
        carnet realm node get node:Q3BPPGM9JV7NEH7XQCPBZENTF0/2026/may"
    )]
    Get {
        /// The key, and names that lead on from it: KEY[/path].
        #[arg(value_name = "KEY", value_parser = values::node_path)]
        node: NodePath,
        /// Where it is written; else the last name, or the key without node:.
        #[arg(long, short, value_name = "PATH")]
        output: Option<PathBuf>,
        /// Replace other files that are there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Write a file's content to stdout.
    #[command(
        after_help = "Example:\n  carnet realm node cat node:Q3BPPGM9JV7NEH7XQCPBZENTF0/notes.txt"
    )]
    Cat {
        /// The key, and names that lead on from it: KEY[/path].
        #[arg(value_name = "KEY", value_parser = values::node_path)]
        node: NodePath,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List a directory's entries.
    #[command(after_help = "Example:\n  carnet realm node ls node:Q3BPPGM9JV7NEH7XQCPBZENTF0/2026")]
    Ls {
        /// The key, and names that lead on from it: KEY[/path].
        #[arg(value_name = "KEY", value_parser = values::node_path)]
        node: NodePath,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Tell what a node is.
    #[command(after_help = "Example:\n  carnet realm node info node:Q3BPPGM9JV7NEH7XQCPBZENTF0")]
    Info {
        /// The key, and names that lead on from it: KEY[/path].
        #[arg(value_name = "KEY", value_parser = values::node_path)]
        node: NodePath,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Tell whether there is a node. Exit 1 when there is none.
    #[command(after_help = "Example:\n  carnet realm node exists node:Q3BPPGM9JV7NEH7XQCPBZENTF0")]
    Exists {
        /// The key, and names that lead on from it: KEY[/path].
        #[arg(value_name = "KEY", value_parser = values::node_path)]
        node: NodePath,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Tell what the bytes of a node in a file are, without a server.
    #[command(after_help = "Example:\n  carnet realm node inspect dump.node --format json")]
    Inspect(NodeFileArgs),
    /// Print the key of the node whose bytes are in a file, without a server.
    #[command(after_help = "Example:\n  carnet realm node key dump.node")]
    Key(NodeFileArgs),
}

/// `carnet realm node put`.
#[derive(Debug, Args)]
pub struct PutArgs {
    /// The file or directory; - is stdin.
    pub path: PathBuf,
    /// The content type of every file; else by extension.
    #[arg(long = "type", value_name = "TYPE")]
    pub content_type: Option<String>,
    /// Put it under this name into a directory of its own, and print that one's key.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Nodes sent at a time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// What becomes of symbolic links in a directory.
    #[arg(long, value_enum, default_value_t)]
    pub symlinks: SymlinksArg,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What becomes of symbolic links.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum SymlinksArg {
    /// They are an error.
    #[default]
    Fail,
    /// They are left out.
    Skip,
    /// What they lead to is stored.
    Follow,
}

impl From<SymlinksArg> for Symlinks {
    fn from(symlinks: SymlinksArg) -> Self {
        match symlinks {
            SymlinksArg::Fail => Self::Fail,
            SymlinksArg::Skip => Self::Skip,
            SymlinksArg::Follow => Self::Follow,
        }
    }
}

/// A node in a file.
#[derive(Debug, Args)]
pub struct NodeFileArgs {
    /// The file; - is stdin.
    pub file: PathBuf,
    /// The form of the output.
    #[arg(long, value_enum, default_value_t)]
    pub format: crate::output::Format,
}
