//! [`Folder`]: a directory on disk that is held open, so that what is done in it is done in it, whatever becomes
//! of its name and whatever links are put into it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, CWD, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::GetTreeError;

/// A directory that is held open.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    /// Where it was found, for messages.
    path: PathBuf,
}

impl Folder {
    /// Opens the directory at `path`, which somebody named; links in it are followed.
    pub(super) fn open(path: &Path) -> Result<Self, GetTreeError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = fs::openat(CWD, path, flags, Mode::empty()).map_err(|error| disk(path, error))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens the directory `name` in this one; makes it when there is none. A link is not followed.
    pub(super) fn make(&self, name: &str) -> Result<Self, GetTreeError> {
        let path = self.path_of(name);
        match fs::mkdirat(&self.fd, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(disk(&path, error)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path }),
            Err(Errno::NOTDIR | Errno::LOOP | Errno::MLINK) => Err(GetTreeError::InTheWay { path }),
            Err(error) => Err(disk(&path, error)),
        }
    }

    /// The file `name` in this directory, if there is one. Anything else of that name is in the way.
    pub(super) fn file(&self, name: &str) -> Result<Option<File>, GetTreeError> {
        let path = self.path_of(name);
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {}
            Ok(_) => return Err(GetTreeError::InTheWay { path }),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(disk(&path, error)),
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = fs::openat(&self.fd, name, flags, Mode::empty());
        Ok(Some(fd.map_err(|error| disk(&path, error))?.into()))
    }

    /// Opens a file that is not whole yet, or begins one. Nobody else has it open like this.
    pub(super) fn part(&self, name: &str) -> Result<File, GetTreeError> {
        let path = self.path_of(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match fs::openat(&self.fd, name, flags, Mode::from_raw_mode(0o666)) {
            Ok(fd) => fd,
            Err(Errno::LOOP | Errno::MLINK | Errno::ISDIR | Errno::NXIO) => {
                return Err(GetTreeError::InTheWay { path });
            }
            Err(error) => return Err(disk(&path, error)),
        };
        match fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(GetTreeError::Busy { path }),
            Err(error) => return Err(disk(&path, error)),
        }
        let held = fs::fstat(&fd).map_err(|error| disk(&path, error))?;
        if !FileType::from_raw_mode(held.st_mode).is_file() || held.st_nlink > 1 {
            return Err(GetTreeError::InTheWay { path });
        }
        // Whoever had it before may have finished it: then it has another name by now.
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) if named.st_ino == held.st_ino => Ok(fd.into()),
            _ => Err(GetTreeError::Busy { path }),
        }
    }

    /// Gives a file that is whole and on disk its name.
    pub(super) fn finish(&self, part: &str, name: &str) -> Result<(), GetTreeError> {
        fs::renameat(&self.fd, part, &self.fd, name)
            .map_err(|error| disk(&self.path_of(name), error))
    }

    /// Where something in it is.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn disk(path: &Path, error: Errno) -> GetTreeError {
    GetTreeError::Disk { path: path.to_owned(), source: io::Error::from(error) }
}
