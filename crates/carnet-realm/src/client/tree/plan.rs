//! Hashing what was found: the key of everything, before anything is sent.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use carnet_ticket::realm::NodeKey;
use tokio::task::{JoinError, JoinSet};

use super::ScanFault;
use super::scan::{Found, What};
use crate::layout::{NodeSink, layout, write_file};
use crate::node::{Encoded, Limits, encode_dict, encode_file};

/// How many files of one node are hashed at a time. Of larger ones, which take up to three nodes of memory, one is.
const HASHERS: usize = 4;

/// Everything that was found, and what it is called.
pub(super) struct Plan {
    /// The root comes first, entries after their directory.
    pub(super) items: Vec<Item>,
    pub(super) limits: Limits,
}

pub(super) struct Item {
    pub(super) found: Found,
    pub(super) key: NodeKey,
    /// A file's; empty for others.
    pub(super) content_type: String,
    /// How many nodes it is made of, without what a directory names.
    pub(super) nodes: u64,
}

impl Plan {
    /// Hashes what was found. `content_type` says what a file is; `hashed` is told the bytes of each.
    pub(super) async fn of(
        found: Vec<Found>,
        limits: Limits,
        content_type: &(dyn Fn(&Path) -> String + Send + Sync),
        hashed: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Self, Vec<ScanFault>> {
        let item = |found: Found| {
            let content_type = match found.what {
                What::File { .. } => content_type(&found.path),
                What::Dict { .. } => String::new(),
            };
            Item { found, key: NodeKey::EMPTY_DICT, content_type, nodes: 1 }
        };
        let mut plan = Self { items: found.into_iter().map(item).collect(), limits };
        plan.hash_files(hashed).await?;
        plan.hash_dicts().map_err(|fault| vec![fault])?;
        Ok(plan)
    }

    /// The node of a directory, whose entries have their keys.
    pub(super) fn encode_dict(&self, at: usize) -> Result<Encoded, ScanFault> {
        let found = &self.items[at].found;
        let entries = match &found.what {
            What::Dict { entries } => entries.as_slice(),
            What::File { .. } => &[],
        };
        let named = entries.iter().map(|(name, entry)| (name.clone(), self.items[*entry].key));
        encode_dict(named.collect(), &self.limits)
            .map_err(|source| ScanFault::Node { path: found.path.clone(), source })
    }

    /// How deep each directory is, where it is deepest: what it names is deeper.
    pub(super) fn depths(&self) -> HashMap<NodeKey, usize> {
        let mut depths = HashMap::new();
        for item in &self.items {
            let deepest = depths.entry(item.key).or_insert(0);
            *deepest = item.found.depth.max(*deepest);
        }
        depths
    }

    async fn hash_files(
        &mut self,
        hashed: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Vec<ScanFault>> {
        let mut tasks = JoinSet::new();
        let mut faults = Vec::new();
        for at in 0..self.items.len() {
            let What::File { size } = self.items[at].found.what else { continue };
            if tasks.len() >= HASHERS {
                self.take(tasks.join_next().await, &mut faults, hashed);
            }
            if !faults.is_empty() {
                break;
            }
            let (item, limits) = (&self.items[at], self.limits);
            let (path, content_type) = (item.found.path.clone(), item.content_type.clone());
            let hashing =
                async move { (at, size, hash(&path, size, &content_type, &limits).await) };
            if is_one_node(size, &limits) {
                tasks.spawn(hashing);
            } else {
                let done = hashing.await;
                self.take(Some(Ok(done)), &mut faults, hashed);
            }
        }
        while let Some(done) = tasks.join_next().await {
            self.take(Some(done), &mut faults, hashed);
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn take(
        &mut self,
        done: Option<Result<Hashed, JoinError>>,
        faults: &mut Vec<ScanFault>,
        hashed: &(dyn Fn(u64) + Send + Sync),
    ) {
        match done {
            Some(Ok((at, size, Ok((key, nodes))))) => {
                hashed(size);
                (self.items[at].key, self.items[at].nodes) = (key, nodes);
            }
            Some(Ok((_, _, Err(fault)))) => faults.push(fault),
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => {}
        }
    }

    fn hash_dicts(&mut self) -> Result<(), ScanFault> {
        for at in (0..self.items.len()).rev() {
            if let What::Dict { .. } = self.items[at].found.what {
                self.items[at].key = self.encode_dict(at)?.key;
            }
        }
        Ok(())
    }
}

/// A file's place in the list, its size, and its key and number of nodes.
type Hashed = (usize, u64, Result<(NodeKey, u64), ScanFault>);

async fn hash(
    path: &Path,
    size: u64,
    content_type: &str,
    limits: &Limits,
) -> Result<(NodeKey, u64), ScanFault> {
    if is_one_node(size, limits) {
        return Ok((one_node(path, size, content_type, limits).await?.key, 1));
    }
    let unreadable = |source| ScanFault::Unreadable { path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut counter = Counter(0);
    match write_file(file, size, content_type, limits, &mut counter).await {
        Ok(key) => Ok((key, counter.0)),
        Err(error) => {
            let Ok(fault) = ScanFault::of_file(path.to_owned(), error);
            Err(fault)
        }
    }
}

/// Whether a file of `size` bytes is one node.
pub(super) fn is_one_node(size: u64, limits: &Limits) -> bool {
    layout(size, limits.node_limit).is_ok_and(|layout| layout.root.children == 0)
}

/// The node of a file that is one.
pub(super) async fn one_node(
    path: &Path,
    size: u64,
    content_type: &str,
    limits: &Limits,
) -> Result<Encoded, ScanFault> {
    let (path, content_type, limits) = (path.to_owned(), content_type.to_owned(), *limits);
    let read = tokio::task::spawn_blocking(move || {
        let mut data = Vec::with_capacity(usize::try_from(size + 1).unwrap_or(0));
        match File::open(&path).and_then(|file| file.take(size + 1).read_to_end(&mut data)) {
            Ok(len) if len as u64 != size => Err(ScanFault::Changed { path }),
            Ok(_) => encode_file(&content_type, size, &[], &data, &limits)
                .map_err(|source| ScanFault::Node { path, source }),
            Err(source) => Err(ScanFault::Unreadable { path, source }),
        }
    });
    read.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Counts nodes and drops them.
struct Counter(u64);

impl NodeSink for Counter {
    type Error = Infallible;

    async fn put(&mut self, _: Encoded) -> Result<(), Infallible> {
        self.0 += 1;
        Ok(())
    }
}
