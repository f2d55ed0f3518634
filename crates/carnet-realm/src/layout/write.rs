//! Writing a file as nodes.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;

use carnet_ticket::realm::NodeKey;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Layout, LayoutError, Part, layout};
use crate::node::{Encoded, Limits, NodeError, encode_file, encode_successor};

/// How many keys of sent nodes are remembered: 1 MiB of them, and 256 GiB of file at the usual limit.
const SENT_MAX: usize = 1 << 16;

/// Where nodes go: children before their parents.
pub trait NodeSink: Send {
    /// Why a node could not be stored.
    type Error: Send;

    /// Stores a node.
    fn put(&mut self, node: Encoded) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError<E> {
    /// It cannot be split.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Its content type does not fit.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The source could not be read, or was shorter than said.
    #[error("the content could not be read")]
    Source(#[source] std::io::Error),
    /// The source is longer than said.
    #[error("the content is longer than the {size} bytes it was said to have")]
    Longer {
        /// What was said.
        size: u64,
    },
    /// A node could not be stored.
    #[error("a node could not be stored")]
    Sink(#[source] E),
}

/// Writes the `size` bytes of `source` as a file of `content_type`, and gives its key. Equal nodes are sent
/// once, unless very many others lie between them. Holds one node of each level, and the keys of those sent
/// lately.
pub async fn write_file<S: NodeSink>(
    source: impl AsyncRead + Unpin + Send,
    size: u64,
    content_type: &str,
    limits: &Limits,
    sink: &mut S,
) -> Result<NodeKey, WriteError<S::Error>> {
    let layout = layout(size, limits.node_limit)?;
    // Said before anything is sent.
    encode_file(content_type, 0, &[], &[], limits)?;
    let mut writer = Writer { source, layout, limits, sink, sent: HashSet::new() };
    let root = layout.root;
    let data = writer.read(root.data).await?;
    let children = writer.write_children(&root).await?;
    let node = encode_file(content_type, size, &children, &data, limits)?;
    // It may take long until there is room for a node.
    drop(data);
    let key = writer.put(node).await?;
    match writer.source.read(&mut [0]).await {
        Ok(0) => Ok(key),
        Ok(_) => Err(WriteError::Longer { size }),
        Err(error) => Err(WriteError::Source(error)),
    }
}

struct Writer<'a, R, S> {
    source: R,
    layout: Layout,
    limits: &'a Limits,
    sink: &'a mut S,
    sent: HashSet<NodeKey>,
}

/// Recursion needs a box: one per node.
type Children<'a, E> =
    Pin<Box<dyn Future<Output = Result<Vec<NodeKey>, WriteError<E>>> + Send + 'a>>;

impl<R: AsyncRead + Unpin + Send, S: NodeSink> Writer<'_, R, S> {
    fn write_children<'a>(&'a mut self, part: &'a Part) -> Children<'a, S::Error> {
        Box::pin(async move {
            let mut keys = Vec::with_capacity(usize::try_from(part.children).unwrap_or(0));
            for child in self.layout.children(part) {
                let data = self.read(child.data).await?;
                let children = self.write_children(&child).await?;
                let node = encode_successor(&children, &data, self.limits)?;
                drop(data);
                keys.push(self.put(node).await?);
            }
            Ok(keys)
        })
    }

    async fn read(&mut self, len: u64) -> Result<Vec<u8>, WriteError<S::Error>> {
        // At most a node's length.
        let mut data = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        self.source.read_exact(&mut data).await.map_err(WriteError::Source)?;
        Ok(data)
    }

    async fn put(&mut self, node: Encoded) -> Result<NodeKey, WriteError<S::Error>> {
        let key = node.key;
        if self.sent.len() >= SENT_MAX {
            self.sent.clear();
        }
        if self.sent.insert(key) {
            self.sink.put(node).await.map_err(WriteError::Sink)?;
        }
        Ok(key)
    }
}
