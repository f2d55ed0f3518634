//! Why a tree was not moved.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use carnet_ticket::claim::ClaimName;
use carnet_ticket::realm::NodeKey;

use crate::client::ClientError;
use crate::layout::{LayoutError, ReadError, WriteError};
use crate::node::NodeError;

/// Something that cannot be uploaded. Paths are escaped where they are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanFault {
    /// More entries than a directory may have.
    #[error("{path:?} has more than {max} entries")]
    TooManyEntries {
        /// The directory.
        path: PathBuf,
        /// The most.
        max: u32,
    },
    /// A name that is not UTF-8.
    #[error("{path:?}: the name is not UTF-8")]
    NameNotUtf8 {
        /// What has it.
        path: PathBuf,
    },
    /// A name that is too long.
    #[error("{path:?}: the name has more than {max} bytes")]
    NameTooLong {
        /// What has it.
        path: PathBuf,
        /// The most bytes.
        max: u16,
    },
    /// Neither a file nor a directory: a socket, a pipe, a device.
    #[error("{path:?} is neither a file nor a directory")]
    Special {
        /// Which.
        path: PathBuf,
    },
    /// A symbolic link, which it was not said what to do with.
    #[error("{path:?} is a symbolic link")]
    Symlink {
        /// Which.
        path: PathBuf,
    },
    /// A symbolic link that leads to a directory which it is in.
    #[error("{path:?} leads back to a directory above it")]
    Loop {
        /// Which.
        path: PathBuf,
    },
    /// Directories too deep in each other.
    #[error("{path:?} is too deep: more than {max} directories in each other")]
    TooDeep {
        /// The directory.
        path: PathBuf,
        /// The most.
        max: usize,
    },
    /// It cannot be made a node: too large for the server.
    #[error("{path:?}")]
    Node {
        /// Which.
        path: PathBuf,
        /// Why.
        source: NodeError,
    },
    /// It cannot be split.
    #[error("{path:?}")]
    Layout {
        /// Which.
        path: PathBuf,
        /// Why.
        source: LayoutError,
    },
    /// It cannot be read.
    #[error("{path:?}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It changed while it was read.
    #[error("{path:?} changed while it was read")]
    Changed {
        /// Which.
        path: PathBuf,
    },
}

impl ScanFault {
    /// What kept a file from being made nodes. A server's failure is none.
    pub(super) fn of_file<E>(path: PathBuf, error: WriteError<E>) -> Result<Self, E> {
        Ok(match error {
            WriteError::Layout(source) => Self::Layout { path, source },
            WriteError::Node(source) => Self::Node { path, source },
            // Shorter than it was.
            WriteError::Source(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Changed { path }
            }
            WriteError::Source(source) => Self::Unreadable { path, source },
            WriteError::Longer { .. } => Self::Changed { path },
            WriteError::Sink(error) => return Err(error),
        })
    }
}

/// Why a tree was not uploaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutTreeError {
    /// What cannot be uploaded, some of it if there is very much. Nothing was.
    #[error("nothing was uploaded{}", lines(.0))]
    Scan(Vec<ScanFault>),
    /// A file could not be read again, or changed since it was hashed.
    #[error(transparent)]
    File(ScanFault),
    /// A name that no entry may have.
    #[error("an entry cannot have the name \"{0}\"")]
    BadName(ClaimName),
    /// The server did not store a file or a directory.
    #[error("{path:?}")]
    NotStored {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ClientError,
    },
    /// The server.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// A line for each fault, which says its source too: many faults have no one source.
fn lines(faults: &[ScanFault]) -> String {
    faults.iter().fold(String::new(), |lines, fault| {
        let source = fault.source().map(|source| format!(": {source}")).unwrap_or_default();
        format!("{lines}\n  {fault}{source}")
    })
}

/// Why a tree was not downloaded, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GetTreeError {
    /// A node is not there.
    #[error("node {0} is missing")]
    Missing(NodeKey),
    /// A node is none.
    #[error("node {key} is damaged")]
    Node {
        /// Which.
        key: NodeKey,
        /// What is wrong with it.
        source: NodeError,
    },
    /// The root is a part of a file.
    #[error("{0} is neither a file nor a directory")]
    NotATree(NodeKey),
    /// A name that cannot be written: empty, a dot name, with a slash or NUL, or that of another's unfinished file.
    #[error("{path:?} has an entry \"{name}\", which is not written")]
    BadName {
        /// The directory.
        path: PathBuf,
        /// The name.
        name: ClaimName,
    },
    /// Two names that are one on some disks.
    #[error("{path:?} has two entries that are \"{name}\" where upper and lower case are the same")]
    SameName {
        /// The directory.
        path: PathBuf,
        /// One of the names.
        name: ClaimName,
    },
    /// Directories too deep in each other.
    #[error("{path:?} is too deep: more than {max} directories in each other")]
    TooDeep {
        /// The directory.
        path: PathBuf,
        /// The most.
        max: usize,
    },
    /// Something of another kind is in its place: it is never replaced.
    #[error("{path:?} is in the way")]
    InTheWay {
        /// Where.
        path: PathBuf,
    },
    /// Another file is in its place.
    #[error("{path:?} is there already and is another file; --force replaces it")]
    Different {
        /// Where.
        path: PathBuf,
    },
    /// Somebody else is downloading the same file to the same place.
    #[error("{path:?} is being downloaded by somebody else")]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The disk.
    #[error("{path:?}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be read from the server, or written.
    #[error("{path:?}")]
    File {
        /// Where it goes.
        path: PathBuf,
        /// Why.
        source: Box<ReadError<ClientError>>,
    },
    /// The server.
    #[error(transparent)]
    Client(#[from] ClientError),
}
