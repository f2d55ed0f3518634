//! [`Folder`]: large nodes as files, `<2 hex>/<32 hex>` below one folder.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::task::spawn_blocking;

use super::super::random;
use super::{BlobError, NodeBody, Stamp};

/// How much of a file is read at a time: what is read ahead cannot be called back.
const CHUNK: usize = 64 << 10;

/// The folder of large nodes. Clones are the same.
#[derive(Clone)]
pub(super) struct Folder(Arc<Path>);

impl Folder {
    /// Makes it where it is not, and removes what writes that a crash cut short have left.
    pub(super) fn open(root: &Path) -> Result<Self, BlobError> {
        let tmp = root.join("tmp");
        make_folder(&tmp)?;
        for part in std::fs::read_dir(&tmp).map_err(io_at(&tmp))? {
            let part = part.map_err(io_at(&tmp))?.path();
            std::fs::remove_file(&part).map_err(io_at(&part))?;
        }
        Ok(Self(root.into()))
    }

    /// Written under a temporary name, synced, renamed, and the folder synced.
    pub(super) async fn put(&self, key: NodeKey, bytes: Bytes) -> Result<(), BlobError> {
        let (part, path) = (self.0.join("tmp").join(hex::encode(random::<16>()?)), self.path(key));
        let written = spawn_blocking(move || {
            let written = write(&part, &path, &bytes);
            if written.is_err() {
                // A full disk leaves a part; what cannot be removed is swept with the folder.
                let _ = std::fs::remove_file(&part);
            }
            written
        });
        written.await.map_err(|_| BlobError::Stopping)?
    }

    /// A part of a file, and its stamp if it was hashed: unless it is `trusted`, it is.
    pub(super) async fn get(
        &self,
        key: NodeKey,
        size: u64,
        part: Range<u64>,
        trusted: impl Fn(&Stamp) -> bool,
    ) -> Result<(NodeBody, Option<Stamp>), BlobError> {
        let path = self.path(key);
        let opened = spawn_blocking(move || open(&path, key, size)).await;
        let (mut file, stamp) = opened.map_err(|_| BlobError::Stopping)??;
        let mut hashed = None;
        if !trusted(&stamp) {
            let path = self.path(key);
            let rewound = spawn_blocking(move || check(file, &path, key)).await;
            file = rewound.map_err(|_| BlobError::Stopping)??;
            hashed = Some(stamp);
        }
        Ok((NodeBody::Stream(chunks(file, part)), hashed))
    }

    pub(super) async fn remove(&self, key: NodeKey) -> Result<(), BlobError> {
        let path = self.path(key);
        let removed = spawn_blocking(move || match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_at(&path)(error)),
            _ => Ok(()),
        });
        removed.await.map_err(|_| BlobError::Stopping)?
    }

    pub(super) fn list(&self) -> BoxStream<'_, Result<NodeKey, BlobError>> {
        let folders = stream::iter(0..=u8::MAX).then(|first| {
            let folder = self.0.join(hex::encode([first]));
            async move {
                let listed = spawn_blocking(move || list(&folder)).await;
                let listed = listed.map_err(|_| BlobError::Stopping)??;
                Ok::<_, BlobError>(stream::iter(listed).map(Ok))
            }
        });
        folders.try_flatten().boxed()
    }

    fn path(&self, key: NodeKey) -> PathBuf {
        self.0.join(super::name(key))
    }
}

fn write(part: &Path, path: &Path, bytes: &[u8]) -> Result<(), BlobError> {
    let folder = path.parent().unwrap_or(path);
    // Made again when somebody cleaned up while the server ran.
    make_folder(folder)?;
    make_folder(part.parent().unwrap_or(part))?;
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(part);
    let mut file = file.map_err(io_at(part))?;
    file.write_all(bytes).map_err(io_at(part))?;
    file.sync_all().map_err(io_at(part))?;
    std::fs::rename(part, path).map_err(io_at(path))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_at(folder))
}

/// The nodes in one of the folders, which may not be there yet.
fn list(folder: &Path) -> Result<Vec<NodeKey>, BlobError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io_at(folder))?,
    };
    let first = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut keys = Vec::new();
    for entry in entries {
        let name = entry.map_err(io_at(folder))?.file_name();
        keys.extend(super::key_of(&format!("{first}/{}", name.to_string_lossy())));
    }
    Ok(keys)
}

fn make_folder(path: &Path) -> Result<(), BlobError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io_at(path))
}

/// Opens a file of this length.
fn open(path: &Path, key: NodeKey, size: u64) -> Result<(File, Stamp), BlobError> {
    let io = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => BlobError::Damaged { key },
        _ => io_at(path)(source),
    };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if metadata.len() != size {
        return Err(BlobError::Damaged { key });
    }
    Ok((file, Stamp { modified: metadata.modified().map_err(io)?, tag: None }))
}

/// Hashes a file.
fn check(mut file: File, path: &Path, key: NodeKey) -> Result<File, BlobError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut file).map_err(io_at(path))?;
    if hasher.finalize().as_bytes()[..16] == key.as_bytes()[..] {
        Ok(file)
    } else {
        Err(BlobError::Damaged { key })
    }
}

/// The bytes of a part of a file, a chunk at a time.
fn chunks(file: File, part: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
    let left = part.end.saturating_sub(part.start);
    let chunks =
        stream::try_unfold((file, Some(part.start), left), |(file, seek, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let read = spawn_blocking(move || read_chunk(file, seek, left));
            let (file, chunk) = read.await.map_err(io::Error::other)??;
            let left = left - chunk.len() as u64;
            Ok(Some((chunk, (file, None, left))))
        });
    chunks.boxed()
}

fn read_chunk(mut file: File, seek: Option<u64>, left: u64) -> io::Result<(File, Bytes)> {
    if let Some(position) = seek {
        file.seek(SeekFrom::Start(position))?;
    }
    let mut chunk = vec![0; usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
    file.read_exact(&mut chunk)?;
    Ok((file, Bytes::from(chunk)))
}

fn io_at(path: &Path) -> impl Fn(io::Error) -> BlobError + '_ {
    |source| BlobError::Io { path: path.to_owned(), source }
}
