//! Whole files over HTTP, from and to streams.

use carnet_ticket::realm::NodeKey;
use tokio::io::{AsyncRead, AsyncWrite};

use super::ahead::Ahead;
use super::upload::{FileSink, Upload};
use super::{Client, ClientError, Uploaded};
use crate::layout::{ReadError, WriteError, read_file, write_file};
use crate::node::Limits;

impl Client {
    /// Uploads `size` bytes as a file of `content_type`, at most `jobs` nodes at a time; none that the server has.
    /// `progress` is told the bytes of each node that is sent.
    pub async fn put_file(
        &self,
        source: impl AsyncRead + Unpin + Send,
        size: u64,
        content_type: &str,
        jobs: usize,
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<Uploaded, WriteError<ClientError>> {
        let limits = self.node_limits().await.map_err(WriteError::Sink)?;
        let mut upload = Upload::new(self, jobs, &progress);
        let mut sink = FileSink::new(&mut upload);
        let key = write_file(source, size, content_type, &limits, &mut sink).await?;
        let nodes = sink.finish().await.map_err(WriteError::Sink)?;
        Ok(Uploaded {
            key,
            files: 1,
            dirs: 0,
            bytes: size,
            nodes,
            uploaded_nodes: upload.nodes,
            uploaded_bytes: upload.bytes,
            skipped_nodes: nodes - upload.nodes,
        })
    }

    /// Downloads the content of the file `key`, and gives its size. Every node is checked against its key.
    pub async fn get_file(
        &self,
        key: NodeKey,
        out: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<u64, ReadError<ClientError>> {
        read_file(key, &Ahead::new(self), &Limits::ANY, out).await
    }
}
