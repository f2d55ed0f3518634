//! Large nodes outside the database: files of one folder, or objects of an S3 bucket.

mod folder;
mod objects;

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use carnet_gate::Clock;
use carnet_ticket::realm::NodeKey;
use futures::stream::{BoxStream, TryStreamExt};
use moka::sync::Cache;
use secrecy::SecretString;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::{NoRandomness, VerifyOnRead};
use folder::Folder;
use objects::Objects;

/// How many blobs are remembered as hashed.
const VERIFIED_MAX: u64 = 100_000;

/// Over how many locks the keys are spread.
const LOCKS: usize = 256;

/// Where large nodes are kept.
#[derive(Debug, Clone)]
pub enum BlobStorage {
    /// Files below a folder.
    Local(PathBuf),
    /// Nowhere: they are gone with the process.
    Memory,
    /// Objects of a bucket.
    S3(S3Options),
}

/// A bucket, and how it is reached.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// Its name.
    pub bucket: String,
    /// What the names of all objects begin with.
    pub prefix: String,
    /// Where it is; none for the region's own address.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Who asks.
    pub access_key_id: String,
    /// What proves it.
    pub secret_access_key: SecretString,
}

/// Why a blob could not be stored, read or removed.
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
    /// The bucket said no, or nothing.
    #[error("the object store failed")]
    Objects(#[source] Box<object_store::Error>),
    /// The bucket took too long.
    #[error("the object store did not answer in time")]
    TimedOut,
    /// It stopped in the middle.
    #[error("the blob storage stopped answering")]
    Broken(#[source] io::Error),
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

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        Self::Objects(Box::new(error))
    }
}

/// The bytes of a node, checked against its key.
pub enum NodeBody {
    /// In memory.
    Bytes(Bytes),
    /// Read as they are sent.
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

impl NodeBody {
    /// All of them at once.
    pub async fn collect(self) -> Result<Bytes, BlobError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Stream(chunks) => {
                let chunks: Vec<Bytes> = chunks.try_collect().await.map_err(BlobError::Broken)?;
                Ok(chunks.concat().into())
            }
        }
    }
}

/// The storage of large nodes. Clones are the same.
#[derive(Clone)]
pub(super) struct Blobs {
    place: Place,
    verify: VerifyOnRead,
    /// Blobs that were hashed, as they were then.
    verified: Cache<NodeKey, Stamp>,
    locks: Arc<[Arc<RwLock<()>>]>,
}

#[derive(Clone)]
enum Place {
    Folder(Folder),
    Objects(Objects),
}

/// By what it is seen that a blob was changed. Its length is looked at in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    /// S3 tells times in whole seconds, and changes this with the bytes.
    tag: Option<String>,
}

impl Blobs {
    pub(super) fn open(
        storage: &BlobStorage,
        verify: VerifyOnRead,
        clock: &Clock,
    ) -> Result<Self, BlobError> {
        let place = match storage {
            BlobStorage::Local(root) => Place::Folder(Folder::open(root)?),
            BlobStorage::Memory => Place::Objects(Objects::in_memory(clock.clone())),
            BlobStorage::S3(options) => Place::Objects(Objects::in_bucket(options, clock.clone())?),
        };
        let locks = (0..LOCKS).map(|_| Arc::default()).collect();
        Ok(Self { place, verify, verified: Cache::new(VERIFIED_MAX), locks })
    }

    /// Keeps a key's blob from being removed: held from before its bytes are stored until its rows are.
    pub(super) async fn keep(&self, key: NodeKey) -> OwnedRwLockReadGuard<()> {
        Arc::clone(self.lock(key)).read_owned().await
    }

    /// Keeps a key's blob from being stored: held while it is decided that nothing names it, and removed.
    pub(super) async fn hold(&self, key: NodeKey) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(self.lock(key)).write_owned().await
    }

    fn lock(&self, key: NodeKey) -> &Arc<RwLock<()>> {
        &self.locks[usize::from(key.as_bytes()[0]) % LOCKS]
    }

    /// Stores a node durably: whole under its name, or not at all.
    pub(super) async fn put(&self, key: NodeKey, bytes: Bytes) -> Result<(), BlobError> {
        self.verified.invalidate(&key);
        match &self.place {
            Place::Folder(folder) => folder.put(key, bytes).await,
            Place::Objects(objects) => objects.put(key, bytes).await,
        }
    }

    /// A part of a node of `size` bytes, all of which are hashed as often as they have to be.
    pub(super) async fn get(
        &self,
        key: NodeKey,
        size: u64,
        part: Range<u64>,
    ) -> Result<NodeBody, BlobError> {
        let trusted = |stamp: &Stamp| match self.verify {
            VerifyOnRead::Never => true,
            VerifyOnRead::First => self.verified.get(&key).as_ref() == Some(stamp),
            VerifyOnRead::Always => false,
        };
        let (body, hashed) = match &self.place {
            Place::Folder(folder) => folder.get(key, size, part, trusted).await?,
            Place::Objects(objects) => objects.get(key, size, part, trusted).await?,
        };
        if let Some(stamp) = hashed {
            self.verified.insert(key, stamp);
        }
        Ok(body)
    }

    /// Hashes a node of `size` bytes, whatever was found before.
    pub(super) async fn check(&self, key: NodeKey, size: u64) -> Result<(), BlobError> {
        self.verified.invalidate(&key);
        let never = |_: &Stamp| false;
        match &self.place {
            Place::Folder(folder) => folder.get(key, size, 0..0, never).await?,
            Place::Objects(objects) => objects.get(key, size, 0..0, never).await?,
        };
        Ok(())
    }

    /// Removes a node's bytes, if they are there.
    pub(super) async fn remove(&self, key: NodeKey) -> Result<(), BlobError> {
        self.verified.invalidate(&key);
        match &self.place {
            Place::Folder(folder) => folder.remove(key).await,
            Place::Objects(objects) => objects.remove(key).await,
        }
    }

    /// Everything that is stored, in any order. What has no name of a node's is passed over.
    pub(super) fn list(&self) -> BoxStream<'_, Result<NodeKey, BlobError>> {
        match &self.place {
            Place::Folder(folder) => folder.list(),
            Place::Objects(objects) => objects.list(),
        }
    }
}

/// `<2 hex>/<32 hex>`: where a key's blob is.
fn name(key: NodeKey) -> String {
    let name = hex::encode(key.as_bytes());
    format!("{}/{name}", &name[..2])
}

/// The key whose blob is there.
fn key_of(name: &str) -> Option<NodeKey> {
    let (_, hex) = name.split_once('/')?;
    let mut key = [0; 16];
    hex::decode_to_slice(hex, &mut key).ok()?;
    let key = NodeKey::from_bytes(key);
    (self::name(key) == name).then_some(key)
}
