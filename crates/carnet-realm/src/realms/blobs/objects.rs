//! [`Objects`]: large nodes as objects, `<prefix><2 hex>/<32 hex>` of a bucket, or in memory.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use carnet_gate::Clock;
use carnet_ticket::realm::NodeKey;
use futures::future::FutureExt;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, GetRange, GetResult, ObjectStore,
    ObjectStoreExt, RetryConfig,
};
use secrecy::ExposeSecret;
use tokio::task::spawn_blocking;

use super::{BlobError, NodeBody, S3Options, Stamp};

/// How long one operation may take, its retries included.
const OPERATION_MAX: Duration = Duration::from_secs(30);

/// How long the bucket may say nothing while it sends.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How often something is tried again.
const RETRIES: usize = 3;

/// A bucket, or a stand-in for one. Clones are the same.
#[derive(Clone)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Arc<str>,
    clock: Clock,
}

impl Objects {
    pub(super) fn in_memory(clock: Clock) -> Self {
        Self { store: Arc::new(InMemory::new()), prefix: "".into(), clock }
    }

    /// Nothing is asked of the bucket yet.
    pub(super) fn in_bucket(options: &S3Options, clock: Clock) -> Result<Self, BlobError> {
        let client = ClientOptions::new()
            .with_timeout_disabled()
            .with_read_timeout(SILENCE_MAX)
            .with_connect_timeout(CONNECT_MAX)
            .with_allow_http(true);
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        };
        let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: OPERATION_MAX };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&options.bucket)
            .with_region(&options.region)
            .with_access_key_id(&options.access_key_id)
            .with_secret_access_key(options.secret_access_key.expose_secret())
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &options.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let store = Arc::new(builder.build()?);
        Ok(Self { store, prefix: options.prefix.as_str().into(), clock })
    }

    /// One PUT: an object is there whole or not at all.
    pub(super) async fn put(&self, key: NodeKey, bytes: Bytes) -> Result<(), BlobError> {
        let path = self.path(key);
        self.in_time(self.store.put(&path, bytes.into())).await?;
        Ok(())
    }

    /// A part of an object, and its stamp if it was hashed: unless it is `trusted`, it is, and stays in
    /// memory meanwhile.
    pub(super) async fn get(
        &self,
        key: NodeKey,
        size: u64,
        part: Range<u64>,
        trusted: impl Fn(&Stamp) -> bool,
    ) -> Result<(NodeBody, Option<Stamp>), BlobError> {
        if !part.is_empty() {
            let found = self.open(key, size, part.clone()).await?;
            if trusted(&stamp(&found)) {
                let chunks = found.into_stream();
                let chunks = chunks.map(|chunk| chunk.map_err(io::Error::from));
                return Ok((NodeBody::Stream(chunks.boxed()), None));
            }
        }
        let found = self.open(key, size, 0..size).await?;
        let stamp = stamp(&found);
        let bytes = self.in_time(found.bytes()).await?;
        let whole = bytes.clone();
        let hashed = spawn_blocking(move || NodeKey::of(&whole)).await;
        if bytes.len() as u64 != size || hashed.map_err(|_| BlobError::Stopping)? != key {
            return Err(BlobError::Damaged { key });
        }
        let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
        Ok((NodeBody::Bytes(bytes.slice(at(part.start)..at(part.end))), Some(stamp)))
    }

    pub(super) async fn remove(&self, key: NodeKey) -> Result<(), BlobError> {
        match self.in_time(self.store.delete(&self.path(key))).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn list(&self) -> BoxStream<'_, Result<NodeKey, BlobError>> {
        // Whole folders are listed: a prefix may end within a name.
        let folder = self.prefix.rsplit_once('/').map(|(folder, _)| Path::from(folder));
        let objects = self.store.list(folder.as_ref());
        let keys = stream::try_unfold(objects, move |mut objects| async move {
            let object = self.in_time(objects.next().map(Option::transpose)).await?;
            Ok::<_, BlobError>(object.map(|object| (self.key_of(&object.location), objects)))
        });
        keys.try_filter_map(|key| std::future::ready(Ok(key))).boxed()
    }

    fn key_of(&self, path: &Path) -> Option<NodeKey> {
        super::key_of(path.as_ref().strip_prefix(&*self.prefix)?)
    }

    /// Begins to read a part of an object of this length.
    async fn open(
        &self,
        key: NodeKey,
        size: u64,
        part: Range<u64>,
    ) -> Result<GetResult, BlobError> {
        let options = GetOptions { range: Some(GetRange::Bounded(part)), ..GetOptions::default() };
        let path = self.path(key);
        match self.in_time(self.store.get_opts(&path, options)).await {
            Ok(found) if found.meta.size == size => Ok(found),
            Ok(_) => Err(BlobError::Damaged { key }),
            Err(error) if error.is_not_found() => Err(BlobError::Damaged { key }),
            Err(error) => Err(error),
        }
    }

    fn path(&self, key: NodeKey) -> Path {
        Path::from(format!("{}{}", self.prefix, super::name(key)))
    }

    /// Waits for the bucket, as long as it may take.
    async fn in_time<T>(
        &self,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, BlobError> {
        tokio::select! {
            done = operation => Ok(done?),
            () = self.clock.sleep(OPERATION_MAX) => Err(BlobError::TimedOut),
        }
    }
}

impl BlobError {
    fn is_not_found(&self) -> bool {
        matches!(self, Self::Objects(error) if matches!(**error, Error::NotFound { .. }))
    }
}

fn stamp(found: &GetResult) -> Stamp {
    Stamp { modified: found.meta.last_modified.into(), tag: found.meta.e_tag.clone() }
}
