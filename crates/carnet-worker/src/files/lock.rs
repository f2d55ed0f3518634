//! [`DirLock`]: who may change the files of a directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const NAME: &str = ".lock";

/// The right to change the files, among all processes that share the directory. Ends when it is dropped, or with
/// the process.
#[derive(Debug)]
pub(crate) struct DirLock(#[expect(dead_code, reason = "the file is the lock")] File);

impl DirLock {
    /// The lock, unless another process has it.
    pub(crate) fn try_acquire(dir: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(dir.join(NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
