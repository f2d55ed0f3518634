//! [`Upload`]: many nodes sent side by side, within bounds, and none that the server has.

use std::sync::Arc;

use carnet_ticket::realm::NodeKey;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};

use super::{Client, ClientError};
use crate::layout::NodeSink;
use crate::node::{Encoded, HEADER_LEN};

/// How many bytes of nodes are on their way at a time, KiB: with what is read and split of one file, a process
/// takes some 40 MiB.
const IN_FLIGHT_KIB: u32 = 12 << 10;

/// How many bytes of a file's nodes are asked about at a time.
const WINDOW: usize = 4 << 20;

/// How many of a file's nodes are asked about at a time.
const WINDOW_NODES: usize = 256;

/// What an upload did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Uploaded {
    /// The file or directory.
    pub key: NodeKey,
    /// How many files it has.
    pub files: u64,
    /// How many directories.
    pub dirs: u64,
    /// The bytes of its files.
    pub bytes: u64,
    /// How many nodes it is made of, each counted once.
    pub nodes: u64,
    /// How many of them were sent.
    pub uploaded_nodes: u64,
    /// Their bytes.
    pub uploaded_bytes: u64,
    /// How many the server had.
    pub skipped_nodes: u64,
}

/// An upload that is going on. Dropped, it ends what is on its way.
pub(super) struct Upload<'a> {
    pub(super) client: &'a Client,
    /// Nodes on their way.
    jobs: Arc<Semaphore>,
    /// KiB in memory.
    memory: Arc<Semaphore>,
    tasks: JoinSet<Result<(), (NodeKey, ClientError)>>,
    /// The node that was not stored.
    pub(super) failed: Option<NodeKey>,
    pub(super) nodes: u64,
    pub(super) bytes: u64,
    progress: &'a (dyn Fn(u64) + Send + Sync),
}

/// The room that a node takes while it is on its way.
pub(super) struct Room {
    _job: OwnedSemaphorePermit,
    _memory: OwnedSemaphorePermit,
}

impl<'a> Upload<'a> {
    /// Sends at most `jobs` nodes at a time. `progress` is told the bytes of each node that is sent.
    pub(super) fn new(
        client: &'a Client,
        jobs: usize,
        progress: &'a (dyn Fn(u64) + Send + Sync),
    ) -> Self {
        Self {
            client,
            jobs: Arc::new(Semaphore::new(jobs.max(1))),
            memory: Arc::new(Semaphore::new(IN_FLIGHT_KIB as usize)),
            tasks: JoinSet::new(),
            failed: None,
            nodes: 0,
            bytes: 0,
            progress,
        }
    }

    /// Waits until there is room for a node of `len` bytes.
    pub(super) async fn room(&mut self, len: usize) -> Result<Room, ClientError> {
        while let Some(done) = self.tasks.try_join_next() {
            self.settled(done)?;
        }
        let kib = u32::try_from(len >> 10).unwrap_or(u32::MAX).clamp(1, IN_FLIGHT_KIB);
        let (jobs, memory) = (self.jobs.clone(), self.memory.clone());
        // Neither is ever closed.
        let job = jobs.acquire_owned().await.map_err(|_| ClientError::BadAnswer)?;
        let memory = memory.acquire_many_owned(kib).await.map_err(|_| ClientError::BadAnswer)?;
        Ok(Room { _job: job, _memory: memory })
    }

    /// Sends a node for which there is room.
    pub(super) fn send(&mut self, node: Encoded, room: Room) {
        let len = node.bytes.len() as u64;
        self.nodes += 1;
        self.bytes += len;
        (self.progress)(len);
        let client = self.client.clone();
        self.tasks.spawn(async move {
            let _room = room;
            let key = node.key;
            client.put_node(node).await.map_err(|error| (key, error))
        });
    }

    /// Waits until everything that was sent is stored.
    pub(super) async fn settle(&mut self) -> Result<(), ClientError> {
        while let Some(done) = self.tasks.join_next().await {
            self.settled(done)?;
        }
        Ok(())
    }

    fn settled(
        &mut self,
        done: Result<Result<(), (NodeKey, ClientError)>, JoinError>,
    ) -> Result<(), ClientError> {
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err((key, error))) => {
                self.failed = Some(key);
                Err(error)
            }
            // A panic was told where it happened.
            Err(_) => Err(ClientError::BadAnswer),
        }
    }
}

/// Takes the nodes of one file, asks which of them are missing, and sends those. A node with children waits
/// until these are stored.
pub(super) struct FileSink<'a, 'b> {
    upload: &'a mut Upload<'b>,
    window: Vec<Encoded>,
    window_bytes: usize,
    /// How many nodes there were.
    pub(super) nodes: u64,
}

impl<'a, 'b> FileSink<'a, 'b> {
    pub(super) fn new(upload: &'a mut Upload<'b>) -> Self {
        Self { upload, window: Vec::new(), window_bytes: 0, nodes: 0 }
    }

    /// Sends what is left, and waits until all is stored.
    pub(super) async fn finish(mut self) -> Result<u64, ClientError> {
        self.flush().await?;
        self.upload.settle().await?;
        Ok(self.nodes)
    }

    async fn flush(&mut self) -> Result<(), ClientError> {
        self.window_bytes = 0;
        let window = std::mem::take(&mut self.window);
        let keys: Vec<_> = window.iter().map(|node| node.key).collect();
        let missing = self.upload.client.missing_nodes(&keys).await?;
        for node in window.into_iter().filter(|node| missing.contains(&node.key)) {
            let room = self.upload.room(node.bytes.len()).await?;
            self.upload.send(node, room);
        }
        Ok(())
    }
}

impl NodeSink for FileSink<'_, '_> {
    type Error = ClientError;

    async fn put(&mut self, node: Encoded) -> Result<(), ClientError> {
        let has_children = node.bytes.get(HEADER_LEN - 4..HEADER_LEN) != Some(&[0; 4]);
        let len = node.bytes.len();
        if has_children || self.window_bytes + len > WINDOW || self.window.len() >= WINDOW_NODES {
            self.flush().await?;
        }
        if has_children {
            self.upload.settle().await?;
        }
        self.nodes += 1;
        self.window_bytes += len;
        self.window.push(node);
        Ok(())
    }
}
