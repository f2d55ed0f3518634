//! Whole directories over HTTP.
//!
//! Up: everything is looked at and hashed first, then the server is asked from the top down what it lacks, and
//! that is sent, children before parents. Run again, it goes on where it stopped. Down: every node is checked
//! against its key, a file gets its name once it is whole, and nothing is written outside the target, whatever
//! names the tree has and whatever links are already there.

mod error;
mod fetch;
mod folder;
mod get;
mod local;
mod names;
mod plan;
mod put;
mod scan;

pub use error::{GetTreeError, PutTreeError, ScanFault};
pub use get::{Downloaded, GetTree};
pub use put::PutTree;

/// How deep directories are followed.
const DEPTH_MAX: usize = 256;

/// What becomes of symbolic links below what is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symlinks {
    /// They are an error.
    #[default]
    Fail,
    /// They are left out.
    Skip,
    /// What they lead to is uploaded.
    Follow,
}

/// How far a transfer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many bytes of files were found, which will be hashed.
    Found(u64),
    /// So many bytes more were hashed.
    Hashed(u64),
    /// So many bytes of files are missing on the server.
    Missing(u64),
    /// So many bytes more are on their way to the server, or have come from it.
    Moved(u64),
}
