//! Looking at a tree on disk: what there is, and what of it cannot be uploaded. No byte of a file is read.

use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{DEPTH_MAX, ScanFault, Symlinks};
use crate::node::Limits;

/// How many faults are told.
const FAULTS_MAX: usize = 20;

/// A file or directory that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// How many directories it is in.
    pub(super) depth: usize,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// A file of so many bytes.
    File { size: u64 },
    /// A directory: the names of its entries, and where in the list they are.
    Dict { entries: Vec<(String, usize)> },
}

/// The tree at `root`, entries after their directory. A root that is a link is followed.
pub(super) fn scan(
    root: &Path,
    limits: &Limits,
    symlinks: Symlinks,
) -> Result<Vec<Found>, Vec<ScanFault>> {
    let mut scan =
        Scan { limits, symlinks, found: Vec::new(), faults: Vec::new(), above: Vec::new() };
    match fs::metadata(root) {
        Ok(metadata) => drop(scan.take(root.to_owned(), &metadata)),
        Err(source) => {
            scan.faults.push(ScanFault::Unreadable { path: root.to_owned(), source });
        }
    }
    if scan.faults.is_empty() { Ok(scan.found) } else { Err(scan.faults) }
}

struct Scan<'a> {
    limits: &'a Limits,
    symlinks: Symlinks,
    found: Vec<Found>,
    faults: Vec<ScanFault>,
    /// The directories on the way to where this is: device and number.
    above: Vec<(u64, u64)>,
}

impl Scan<'_> {
    /// Takes what is at `path`: its place in the list, if it can be uploaded.
    fn take(&mut self, path: PathBuf, metadata: &Metadata) -> Option<usize> {
        let at = self.found.len();
        let depth = self.above.len();
        if metadata.is_file() {
            self.found.push(Found { path, depth, what: What::File { size: metadata.len() } });
        } else if metadata.is_dir() {
            let place = (metadata.dev(), metadata.ino());
            if self.above.contains(&place) {
                return self.fault(ScanFault::Loop { path });
            }
            if depth >= DEPTH_MAX {
                return self.fault(ScanFault::TooDeep { path, max: DEPTH_MAX });
            }
            let what = What::Dict { entries: Vec::new() };
            self.found.push(Found { path: path.clone(), depth, what });
            self.above.push(place);
            let entries = self.entries(path);
            self.above.pop();
            self.found[at].what = What::Dict { entries };
        } else {
            return self.fault(ScanFault::Special { path });
        }
        Some(at)
    }

    fn entries(&mut self, path: PathBuf) -> Vec<(String, usize)> {
        let mut entries = Vec::new();
        let max = self.limits.max_children;
        let listed = fs::read_dir(&path).and_then(|listed| {
            // One more than there may be tells that there are too many.
            listed.take(max as usize + 1).collect::<io::Result<Vec<_>>>()
        });
        match listed {
            Ok(listed) if listed.len() > max as usize => {
                self.tell(ScanFault::TooManyEntries { path, max });
            }
            Ok(listed) => {
                for entry in listed {
                    if self.faults.len() >= FAULTS_MAX {
                        break;
                    }
                    entries.extend(self.entry(&entry));
                }
            }
            Err(source) => self.tell(ScanFault::Unreadable { path, source }),
        }
        entries
    }

    fn entry(&mut self, entry: &DirEntry) -> Option<(String, usize)> {
        let path = entry.path();
        let mut metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(source) => return self.fault(ScanFault::Unreadable { path, source }),
        };
        if metadata.is_symlink() {
            match self.symlinks {
                Symlinks::Fail => return self.fault(ScanFault::Symlink { path }),
                Symlinks::Skip => return None,
                Symlinks::Follow => match fs::metadata(&path) {
                    Ok(target) => metadata = target,
                    Err(source) => return self.fault(ScanFault::Unreadable { path, source }),
                },
            }
        }
        let Ok(name) = entry.file_name().into_string() else {
            return self.fault(ScanFault::NameNotUtf8 { path });
        };
        let max = self.limits.max_name_bytes;
        if name.len() > usize::from(max) {
            return self.fault(ScanFault::NameTooLong { path, max });
        }
        Some((name, self.take(path, &metadata)?))
    }

    fn fault<T>(&mut self, fault: ScanFault) -> Option<T> {
        self.tell(fault);
        None
    }

    fn tell(&mut self, fault: ScanFault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}
