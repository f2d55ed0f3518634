//! Reading a file from nodes, whatever its layout.

use std::collections::HashSet;
use std::future::Future;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::node::{Limits, Node, NodeError, NodeKind, verify};

/// Where nodes come from.
pub trait NodeSource: Send + Sync {
    /// Why a node could not be had.
    type Error: Send;

    /// The bytes of a node; none when there is no such node.
    fn node(&self, key: NodeKey)
    -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError<E> {
    /// A node of it is not there.
    #[error("node {key} is missing")]
    MissingNode {
        /// Which.
        key: NodeKey,
    },
    /// The root is something else than a file.
    #[error("{key} is not a file")]
    NotAFile {
        /// The root.
        key: NodeKey,
    },
    /// Something else than data is below a file.
    #[error("{key} does not belong below a file")]
    ChildKind {
        /// Which.
        key: NodeKey,
    },
    /// The data is not as long as the file says.
    #[error("the file says {declared} bytes, its data has {actual}")]
    FileSizeMismatch {
        /// What the file says.
        declared: u64,
        /// What there is.
        actual: u64,
    },
    /// A node is not what its key names.
    #[error("node {key} is damaged")]
    Node {
        /// Which.
        key: NodeKey,
        /// What is wrong with it.
        source: NodeError,
    },
    /// A node could not be had.
    #[error("a node could not be read")]
    Source(#[source] E),
    /// The content could not be written where it goes.
    #[error("the content could not be written")]
    Out(#[source] std::io::Error),
}

/// Writes the content of the file `root` to `out`, and gives its size. Every node is checked against its
/// key. Holds one node, the keys still to come, and those of nodes below which there is nothing: these are
/// read once, so that a few nodes that repeat each other cannot keep a reader busy for ever.
pub async fn read_file<S: NodeSource>(
    root: NodeKey,
    source: &S,
    limits: &Limits,
    out: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<u64, ReadError<S::Error>> {
    let bytes = fetch(root, source).await?;
    let node = check(root, &bytes, limits)?;
    let declared = node.file_size().ok_or(ReadError::NotAFile { key: root })?;
    let mut pending: Vec<NodeKey> = Vec::new();
    let mut barren = Barren::default();
    let mut actual = emit(&node, &mut pending, declared, 0, out).await?;
    loop {
        barren.leave(pending.len(), actual);
        let Some(key) = pending.pop() else { break };
        if barren.known.contains(&key) {
            continue;
        }
        let bytes = fetch(key, source).await?;
        let node = check(key, &bytes, limits)?;
        if node.kind() != NodeKind::Successor {
            return Err(ReadError::ChildKind { key });
        }
        if node.data().is_empty() {
            barren.open.push(Open { key, pending: pending.len(), before: actual });
        }
        actual = emit(&node, &mut pending, declared, actual, out).await?;
    }
    out.flush().await.map_err(ReadError::Out)?;
    if actual != declared {
        return Err(ReadError::FileSizeMismatch { declared, actual });
    }
    Ok(actual)
}

/// Nodes that have no data, nor has anything below them.
#[derive(Default)]
struct Barren {
    known: HashSet<NodeKey>,
    /// Those without data of their own on the way to where the reader is.
    open: Vec<Open>,
}

struct Open {
    key: NodeKey,
    /// How many keys were to come after it.
    pending: usize,
    /// How much was written before it.
    before: u64,
}

impl Barren {
    /// Closes the nodes below which all has been read when `pending` keys are still to come.
    fn leave(&mut self, pending: usize, actual: u64) {
        while let Some(closed) = self.open.pop_if(|open| open.pending == pending) {
            if closed.before == actual {
                self.known.insert(closed.key);
            }
        }
    }
}

async fn fetch<S: NodeSource>(key: NodeKey, source: &S) -> Result<Bytes, ReadError<S::Error>> {
    source.node(key).await.map_err(ReadError::Source)?.ok_or(ReadError::MissingNode { key })
}

fn check<'a, E>(key: NodeKey, bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, ReadError<E>> {
    let verified = verify(bytes, key, limits).map_err(|source| ReadError::Node { key, source })?;
    Ok(verified.node())
}

/// Writes a node's data and puts its children next. Stops before more is written than the file says.
async fn emit<E>(
    node: &Node<'_>,
    pending: &mut Vec<NodeKey>,
    declared: u64,
    before: u64,
    out: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<u64, ReadError<E>> {
    let actual = before + node.data().len() as u64;
    if actual > declared {
        return Err(ReadError::FileSizeMismatch { declared, actual });
    }
    out.write_all(node.data()).await.map_err(ReadError::Out)?;
    let first = pending.len();
    pending.extend(node.children());
    pending[first..].reverse();
    Ok(actual)
}
