//! Reading a file from nodes, whatever its layout.

use std::collections::HashSet;
use std::future::Future;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::verify::Profile;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{Layout, Part, layout};
use crate::node::{Limits, Node, NodeError, NodeKind, verify};

/// How many nodes a source is told of before they are needed.
const SOON: usize = 3;

/// Where nodes come from.
pub trait NodeSource: Send + Sync {
    /// Why a node could not be had.
    type Error: Send;

    /// The bytes of a node; none when there is no such node.
    fn node(&self, key: NodeKey)
    -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;

    /// Is told which nodes will be asked for, in this order, unless they turn out to be there already.
    fn soon(&self, _: &[NodeKey]) {}
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

/// Where a file's content goes, from its beginning to its end.
pub trait Content: Send {
    /// Whether the next `len` bytes are there already, and are the data of `key`, a node without children. They
    /// are then passed over.
    fn has(
        &mut self,
        key: NodeKey,
        len: u64,
    ) -> impl Future<Output = Result<bool, std::io::Error>> + Send;

    /// Takes the next bytes.
    fn write(&mut self, data: Bytes) -> impl Future<Output = Result<(), std::io::Error>> + Send;
}

/// Writes the content of the file `root` to `out`, and gives its size. Every node is checked against its
/// key. Holds one node, the keys still to come, and those of nodes below which there is nothing: these are
/// read once. Nodes that repeat each other can still be many more than bytes: a source that reads for strangers
/// counts them.
pub async fn read_file<S: NodeSource>(
    root: NodeKey,
    source: &S,
    limits: &Limits,
    out: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<u64, ReadError<S::Error>> {
    let bytes = fetch(root, source).await?;
    let size = read_content(root, bytes, source, limits, &mut Out(&mut *out)).await?;
    out.flush().await.map_err(ReadError::Out)?;
    Ok(size)
}

/// As [`read_file`], from a root whose bytes are at hand, to where some of the content may be already: what is
/// there is not fetched.
pub async fn read_content<S: NodeSource>(
    root: NodeKey,
    bytes: Bytes,
    source: &S,
    limits: &Limits,
    content: &mut impl Content,
) -> Result<u64, ReadError<S::Error>> {
    let node = check(root, &bytes, limits)?;
    let declared = node.file_size().ok_or(ReadError::NotAFile { key: root })?;
    // In compat a file may say anything.
    let most = if limits.profile == Profile::Strict { declared } else { u64::MAX };
    let shape = Shape::of(&node, declared);
    let mut pending: Vec<(NodeKey, Option<Part>)> = Vec::new();
    let mut barren = Barren::default();
    let data = emit(&node, &shape, shape.root(), &mut pending);
    let mut actual = write(bytes.slice_ref(data), most, 0, content).await?;
    loop {
        barren.leave(pending.len(), actual);
        let Some((key, part)) = pending.pop() else { break };
        if barren.known.contains(&key) {
            continue;
        }
        if let Some(Part { data: len, children: 0, .. }) = part
            && actual.saturating_add(len) <= most
            && content.has(key, len).await.map_err(ReadError::Out)?
        {
            actual += len;
            continue;
        }
        if part.is_none_or(|part| part.children == 0) {
            let next = pending.iter().rev().map(|(key, _)| *key);
            source.soon(&std::iter::once(key).chain(next).take(SOON).collect::<Vec<_>>());
        }
        let bytes = fetch(key, source).await?;
        let node = check(key, &bytes, limits)?;
        if limits.profile == Profile::Strict && node.kind() != NodeKind::Successor {
            return Err(ReadError::ChildKind { key });
        }
        if node.data().is_empty() {
            barren.open.push(Open { key, pending: pending.len(), before: actual });
        }
        let data = emit(&node, &shape, part, &mut pending);
        actual = write(bytes.slice_ref(data), most, actual, content).await?;
    }
    if limits.profile == Profile::Strict && actual != declared {
        return Err(ReadError::FileSizeMismatch { declared, actual });
    }
    Ok(actual)
}

/// Content that goes to a writer: nothing of it is there before.
struct Out<'a, W>(&'a mut W);

impl<W: AsyncWrite + Unpin + Send> Content for Out<'_, W> {
    async fn has(&mut self, _: NodeKey, _: u64) -> Result<bool, std::io::Error> {
        Ok(false)
    }

    async fn write(&mut self, data: Bytes) -> Result<(), std::io::Error> {
        self.0.write_all(&data).await
    }
}

/// How a file is split, as far as its root tells: one that is split as files are fills its root to the limit.
/// What is deduced from it is checked against keys.
struct Shape(Option<Layout>);

impl Shape {
    fn of(root: &Node<'_>, declared: u64) -> Self {
        let limit = u32::try_from(root.size()).ok();
        let layout = limit.and_then(|limit| layout(declared, limit).ok());
        Self(layout.filter(|layout| is_like(root, &layout.root)))
    }

    fn root(&self) -> Option<Part> {
        self.0.map(|layout| layout.root)
    }

    /// The parts of a node's children; unknown where the node is not what it should be.
    fn children(&self, node: &Node<'_>, part: Option<Part>) -> impl Iterator<Item = Part> + use<> {
        let known = self.0.zip(part.filter(|part| is_like(node, part)));
        known.into_iter().flat_map(|(layout, part)| layout.children(&part))
    }
}

fn is_like(node: &Node<'_>, part: &Part) -> bool {
    node.data().len() as u64 == part.data && node.children().len() as u64 == part.children
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

/// Puts a node's children next, and gives its own data.
fn emit<'a>(
    node: &Node<'a>,
    shape: &Shape,
    part: Option<Part>,
    pending: &mut Vec<(NodeKey, Option<Part>)>,
) -> &'a [u8] {
    let first = pending.len();
    let parts = shape.children(node, part).map(Some).chain(std::iter::repeat(None));
    pending.extend(node.children().zip(parts));
    pending[first..].reverse();
    node.data()
}

/// Writes data that follows `before` bytes; never more than `most` in all.
async fn write<E>(
    data: Bytes,
    most: u64,
    before: u64,
    content: &mut impl Content,
) -> Result<u64, ReadError<E>> {
    let actual = before.saturating_add(data.len() as u64);
    if actual > most {
        return Err(ReadError::FileSizeMismatch { declared: most, actual });
    }
    if !data.is_empty() {
        content.write(data).await.map_err(ReadError::Out)?;
    }
    Ok(actual)
}
