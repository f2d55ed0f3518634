//! Large nodes as files: `<2 hex>/<32 hex>` below one folder.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use moka::sync::Cache;

use super::{NoRandomness, VerifyOnRead, random};

/// How many files are remembered as hashed.
const VERIFIED_MAX: u64 = 100_000;

const CHUNK: usize = 64 << 10;

/// Why a blob could not be stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The file system said no.
    #[error("{path:?} in the blob storage")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The bytes are not what the key names, or are not there.
    #[error("the stored bytes of {key} are damaged")]
    Damaged {
        /// Which.
        key: NodeKey,
    },
    /// A temporary name could not be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The task that did the work is gone: the process is stopping.
    #[error("the server is stopping")]
    Stopping,
}

/// The folder of large nodes.
#[derive(Clone)]
pub(super) struct Blobs {
    root: Arc<Path>,
    verify: VerifyOnRead,
    /// Files that were hashed, as they were then.
    verified: Cache<NodeKey, (SystemTime, u64)>,
}

impl Blobs {
    pub(super) fn open(root: PathBuf, verify: VerifyOnRead) -> Result<Self, BlobError> {
        let tmp = root.join("tmp");
        make_folder(&tmp)?;
        sweep(&tmp)?;
        Ok(Self { root: root.into(), verify, verified: Cache::new(VERIFIED_MAX) })
    }

    /// Stores a node durably: written under a temporary name, synced, renamed, and the folder synced.
    pub(super) async fn put(&self, key: NodeKey, bytes: Bytes) -> Result<(), BlobError> {
        let (part, path) =
            (self.root.join("tmp").join(hex::encode(random::<16>()?)), self.path(key));
        self.verified.invalidate(&key);
        let written = tokio::task::spawn_blocking(move || {
            let written = write(&part, &path, &bytes);
            if written.is_err() {
                // A full disk leaves a part; what cannot be removed is swept with the folder.
                let _ = std::fs::remove_file(&part);
            }
            written
        });
        written.await.map_err(|_| BlobError::Stopping)?
    }

    /// Opens a node of `size` bytes, hashed as far as it has to be.
    pub(super) async fn get(&self, key: NodeKey, size: u64) -> Result<File, BlobError> {
        let blobs = self.clone();
        let opened = tokio::task::spawn_blocking(move || blobs.open_checked(key, size));
        opened.await.map_err(|_| BlobError::Stopping)?
    }

    fn open_checked(&self, key: NodeKey, size: u64) -> Result<File, BlobError> {
        let path = self.path(key);
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => BlobError::Damaged { key },
            _ => BlobError::Io { path: path.clone(), source },
        };
        let file = File::open(&path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let stamp = (metadata.modified().map_err(io)?, metadata.len());
        if metadata.len() != size {
            return Err(BlobError::Damaged { key });
        }
        let is_trusted = match self.verify {
            VerifyOnRead::Never => true,
            VerifyOnRead::First => self.verified.get(&key) == Some(stamp),
            VerifyOnRead::Always => false,
        };
        if !is_trusted {
            let hashed = hash(File::open(&path).map_err(io)?).map_err(io)?;
            if hashed != key {
                return Err(BlobError::Damaged { key });
            }
            self.verified.insert(key, stamp);
        }
        Ok(file)
    }

    fn path(&self, key: NodeKey) -> PathBuf {
        let name = hex::encode(key.as_bytes());
        self.root.join(&name[..2]).join(name)
    }
}

fn write(part: &Path, path: &Path, bytes: &[u8]) -> Result<(), BlobError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| BlobError::Io { path, source }
    };
    let folder = path.parent().unwrap_or(path);
    // Made again when somebody cleaned up while the server ran.
    make_folder(folder)?;
    make_folder(part.parent().unwrap_or(part))?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(part).map_err(io(part))?;
    file.write_all(bytes).map_err(io(part))?;
    file.sync_all().map_err(io(part))?;
    std::fs::rename(part, path).map_err(io(path))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io(folder))
}

/// Removes what writes that a crash cut short have left.
fn sweep(tmp: &Path) -> Result<(), BlobError> {
    let io = |source| BlobError::Io { path: tmp.to_owned(), source };
    for part in std::fs::read_dir(tmp).map_err(io)? {
        std::fs::remove_file(part.map_err(io)?.path()).map_err(io)?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), BlobError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| BlobError::Io { path: path.to_owned(), source })
}

fn hash(mut file: File) -> io::Result<NodeKey> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            len => hasher.update(&chunk[..len]),
        };
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Ok(NodeKey::from_bytes(key))
}
