//! Reading files: bounded, and with what tells a later change.

use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use carnet_ticket::id::UniqueId;

use crate::error::Position;

/// A configuration file, and a manifest.
pub(crate) const FILE_LEN_MAX: u64 = 1 << 20;
const SECRET_LEN_MAX: u64 = 64 << 10;

/// A file that a configuration was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedFile {
    pub path: PathBuf,
    /// The key that names it, when the configuration holds its path alone and somebody else reads it.
    pub key: Option<&'static str>,
    /// The hash of its content, unless it could not be read.
    pub hash: Option<UniqueId>,
}

/// What tells cheaply that a file may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stat {
    /// There is no file, or none that has a content of its own, as pipes and folders.
    NoFile,
    File {
        len: u64,
        /// When it was last written: seconds, nanoseconds.
        written: (i64, i64),
        /// Device and number.
        inode: (u64, u64),
    },
}

/// A text, and the file it came from.
pub(crate) struct FileText {
    pub text: String,
    pub hash: UniqueId,
    mode: u32,
}

/// A file's text, to tell lines and columns in.
pub(crate) struct File<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFault {
    Unreadable(io::ErrorKind),
    Empty,
    TooLarge,
}

impl UsedFile {
    /// A file as it was read, or was not.
    pub fn read(path: &Path, read: &Result<FileText, FileFault>) -> Self {
        let hash = read.as_ref().ok().map(|file| file.hash);
        Self { path: path.to_owned(), key: None, hash }
    }

    /// A file that somebody else reads.
    pub fn look(path: PathBuf, key: Option<&'static str>) -> Self {
        let hash = hash(&path, Stat::of(&path));
        Self { path, key, hash }
    }
}

impl Stat {
    /// A file as it is now; links are followed.
    pub fn of(path: &Path) -> Self {
        match std::fs::metadata(path) {
            Ok(data) if data.is_file() => Self::File {
                len: data.len(),
                written: (data.mtime(), data.mtime_nsec()),
                inode: (data.dev(), data.ino()),
            },
            _ => Self::NoFile,
        }
    }
}

impl FileText {
    /// What to tell of a secret's file that others can read.
    pub fn mode_warning(&self, key: &str, path: &Path) -> Option<String> {
        let (mode, path) = (self.mode & 0o7777, path.display());
        let is_open = mode & 0o077 != 0;
        is_open.then(|| {
            format!("{key}: \"{path}\" is readable by others ({mode:04o}); run chmod 600 {path}")
        })
    }
}

impl File<'_> {
    pub fn position(&self, at: usize) -> Position {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position::File {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// Reads a text of at most `len_max` bytes.
pub(crate) fn read_text(path: &Path, len_max: u64) -> Result<FileText, FileFault> {
    let unreadable = |error: io::Error| FileFault::Unreadable(error.kind());
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    let mut text = String::new();
    file.take(len_max + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > len_max {
        return Err(FileFault::TooLarge);
    }
    let hash = UniqueId::hash(text.as_bytes());
    Ok(FileText { text, hash, mode })
}

/// The hash of a file's content. Of one over 1 MiB, which nobody here reads, it is that of its state.
pub(crate) fn hash(path: &Path, stat: Stat) -> Option<UniqueId> {
    let Stat::File { len, .. } = stat else { return None };
    if len > FILE_LEN_MAX {
        return Some(UniqueId::hash(format!("{stat:?}").as_bytes()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(FILE_LEN_MAX).read_to_end(&mut bytes).ok()?;
    Some(UniqueId::hash(&bytes))
}

/// Reads a secret's file: at most 64 KiB, and not blank. Nothing is trimmed yet.
pub(crate) fn read_secret(path: &Path) -> Result<FileText, FileFault> {
    let file = read_text(path, SECRET_LEN_MAX)?;
    if file.text.trim().is_empty() { Err(FileFault::Empty) } else { Ok(file) }
}
