//! Whole files over HTTP.

use carnet_ticket::realm::NodeKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::{Client, ClientError};
use crate::layout::{NodeSink, ReadError, WriteError, read_file, write_file};
use crate::node::{Encoded, HEADER_LEN, Limits};

/// What an upload did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploaded {
    /// The file.
    pub key: NodeKey,
    /// Its content's bytes.
    pub bytes: u64,
    /// The nodes that were sent.
    pub nodes: u64,
    /// Their bytes.
    pub node_bytes: u64,
}

/// What a download did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downloaded {
    /// The file.
    pub key: NodeKey,
    /// Its content's bytes.
    pub bytes: u64,
}

impl Client {
    /// Uploads `size` bytes as a file of `content_type`, at most `jobs` nodes at a time. `progress` is told
    /// the bytes of each node that was stored.
    pub async fn put_file(
        &self,
        source: impl AsyncRead + Unpin + Send,
        size: u64,
        content_type: &str,
        jobs: usize,
        progress: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<Uploaded, WriteError<ClientError>> {
        let limits = self.node_limits().await.map_err(WriteError::Sink)?;
        let mut upload = Upload {
            client: self.clone(),
            jobs: jobs.max(1),
            tasks: JoinSet::new(),
            nodes: 0,
            node_bytes: 0,
            progress: Box::new(progress),
        };
        let key = write_file(source, size, content_type, &limits, &mut upload).await?;
        upload.finish().await.map_err(WriteError::Sink)?;
        Ok(Uploaded { key, bytes: size, nodes: upload.nodes, node_bytes: upload.node_bytes })
    }

    /// Downloads the content of the file `key`. Every node is checked against its key.
    pub async fn get_file(
        &self,
        key: NodeKey,
        out: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<Downloaded, ReadError<ClientError>> {
        let bytes =
            read_file(key, self, &Limits { node_limit: 16 << 20, ..Limits::default() }, out)
                .await?;
        Ok(Downloaded { key, bytes })
    }

    /// What the server takes for a node.
    async fn node_limits(&self) -> Result<Limits, ClientError> {
        let info = self.call_realm(reqwest::Method::GET, "", None).await?;
        let number = |name: &str| info[name].as_u64().ok_or(ClientError::BadAnswer);
        let node_limit = u32::try_from(number("nodeLimit")?).map_err(|_| ClientError::BadAnswer)?;
        let max_name_bytes =
            u16::try_from(number("maxNameBytes")?).map_err(|_| ClientError::BadAnswer)?;
        Ok(Limits { node_limit, max_name_bytes, ..Limits::default() })
    }
}

/// Sends leaves side by side; a node with children waits until those are stored.
struct Upload {
    client: Client,
    jobs: usize,
    tasks: JoinSet<Result<u64, ClientError>>,
    nodes: u64,
    node_bytes: u64,
    progress: Box<dyn Fn(u64) + Send + Sync>,
}

impl NodeSink for Upload {
    type Error = ClientError;

    async fn put(&mut self, node: Encoded) -> Result<(), ClientError> {
        let has_children = node.bytes.get(HEADER_LEN - 4..HEADER_LEN) != Some(&[0; 4]);
        let running = if has_children { 0 } else { self.jobs - 1 };
        self.wait_until_at_most(running).await?;
        self.nodes += 1;
        self.node_bytes += node.bytes.len() as u64;
        let client = self.client.clone();
        self.tasks.spawn(async move {
            let len = node.bytes.len() as u64;
            client.put_node(node).await.map(|()| len)
        });
        Ok(())
    }
}

impl Upload {
    async fn finish(&mut self) -> Result<(), ClientError> {
        self.wait_until_at_most(0).await
    }

    async fn wait_until_at_most(&mut self, running: usize) -> Result<(), ClientError> {
        while self.tasks.len() > running {
            match self.tasks.join_next().await {
                Some(Ok(stored)) => (self.progress)(stored?),
                // A task that panicked, or the last one.
                _ => return Err(ClientError::BadAnswer),
            }
        }
        Ok(())
    }
}
