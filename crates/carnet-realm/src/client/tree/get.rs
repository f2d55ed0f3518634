//! Downloading a tree.

use std::path::{Component, Path};
use std::sync::Arc;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use futures::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;

use super::fetch::Fetched;
use super::folder::Folder;
use super::{DEPTH_MAX, GetTreeError, Step, names};
use crate::client::Client;
use crate::node::{Limits, NodeKind, decode};

/// How many entries are fetched at a time.
const JOBS: usize = 8;

/// A tree to be downloaded.
pub struct GetTree<'a> {
    /// The file or directory.
    pub key: NodeKey,
    /// Where it goes: the name that it gets, or a directory that is there.
    pub target: &'a Path,
    /// Whether other files in its place are replaced.
    pub is_forced: bool,
    /// Is told how far it has come.
    pub progress: &'a (dyn Fn(Step) + Send + Sync),
}

/// What a download did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Downloaded {
    /// The file or directory.
    pub key: NodeKey,
    /// How many files it has.
    pub files: u64,
    /// How many directories.
    pub dirs: u64,
    /// The bytes of its files.
    pub bytes: u64,
    /// How many of them came from the server.
    pub fetched_bytes: u64,
    /// How many files were there already.
    pub skipped_files: u64,
}

/// Something to be fetched: what, where it goes, and how many directories it is in.
struct Entry {
    key: NodeKey,
    folder: Arc<Folder>,
    name: String,
    depth: usize,
}

/// What an entry turned out to be.
enum Got {
    File(Fetched),
    Dict(Vec<Entry>),
}

impl Client {
    /// Downloads a file, or a directory with everything below it. Every node is checked against its key; a file has
    /// its name once it is whole. Nothing is written outside the target.
    pub async fn get_tree(&self, get: &GetTree<'_>) -> Result<Downloaded, GetTreeError> {
        let mut done = Downloaded {
            key: get.key,
            files: 0,
            dirs: 0,
            bytes: 0,
            fetched_bytes: 0,
            skipped_files: 0,
        };
        // Deepest first, so that few directories are open at a time.
        let mut waiting = Vec::new();
        let mut running = FuturesUnordered::new();
        done.add(self.root(get).await?, &mut waiting);
        loop {
            while running.len() < JOBS
                && let Some(entry) = waiting.pop()
            {
                running.push(self.entry_of_tree(entry, get));
            }
            let Some(got) = running.next().await else { return Ok(done) };
            done.add(got?, &mut waiting);
        }
    }

    /// Fetches the root. Nothing is made on disk before it is there.
    async fn root(&self, get: &GetTree<'_>) -> Result<Got, GetTreeError> {
        let bytes = self.tree_node(get.key).await?;
        let target = get.target;
        if kind(get.key, &bytes)? == NodeKind::Dict && target.is_dir() {
            let entries = entries(get.key, &bytes, target)?;
            return Ok(list(entries, Folder::open(target)?, 1));
        }
        let name = target.components().next_back();
        let name = match name {
            Some(Component::Normal(name)) => name.to_str(),
            _ => None,
        };
        let name = name.ok_or_else(|| GetTreeError::InTheWay { path: target.to_owned() })?;
        let parent = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let folder = Arc::new(Folder::open(parent)?);
        let entry = Entry { key: get.key, folder, name: name.to_owned(), depth: 0 };
        self.write_entry(entry, bytes, get).await
    }

    async fn entry_of_tree(&self, entry: Entry, get: &GetTree<'_>) -> Result<Got, GetTreeError> {
        let bytes = self.tree_node(entry.key).await?;
        self.write_entry(entry, bytes, get).await
    }

    async fn write_entry(
        &self,
        entry: Entry,
        bytes: Bytes,
        get: &GetTree<'_>,
    ) -> Result<Got, GetTreeError> {
        let Entry { key, folder, name, depth } = entry;
        match kind(key, &bytes)? {
            NodeKind::Dict if depth >= DEPTH_MAX => {
                Err(GetTreeError::TooDeep { path: folder.path_of(&name), max: DEPTH_MAX })
            }
            NodeKind::Dict => {
                // Nothing is made for a directory that cannot be written.
                let entries = entries(key, &bytes, &folder.path_of(&name))?;
                Ok(list(entries, folder.make(&name)?, depth + 1))
            }
            NodeKind::File => {
                self.fetch_file((key, bytes), &folder, &name, get).await.map(Got::File)
            }
            NodeKind::Successor => Err(GetTreeError::NotATree(key)),
        }
    }

    async fn tree_node(&self, key: NodeKey) -> Result<Bytes, GetTreeError> {
        self.node_bytes(key).await?.ok_or(GetTreeError::Missing(key))
    }
}

impl Downloaded {
    fn add(&mut self, got: Got, waiting: &mut Vec<Entry>) {
        match got {
            Got::File(file) => {
                self.files += 1;
                self.bytes += file.bytes;
                self.fetched_bytes += file.moved;
                self.skipped_files += u64::from(file.is_skipped);
            }
            Got::Dict(entries) => {
                self.dirs += 1;
                waiting.extend(entries);
            }
        }
    }
}

fn kind(key: NodeKey, bytes: &[u8]) -> Result<NodeKind, GetTreeError> {
    let node = decode(bytes, &Limits::ANY);
    node.map(|node| node.kind()).map_err(|source| GetTreeError::Node { key, source })
}

/// The entries of a directory, all of which can be written.
fn entries(
    key: NodeKey,
    bytes: &[u8],
    path: &Path,
) -> Result<Vec<(String, NodeKey)>, GetTreeError> {
    let node = decode(bytes, &Limits::ANY).map_err(|source| GetTreeError::Node { key, source })?;
    let entries: Vec<_> = node.names().map(str::to_owned).zip(node.children()).collect();
    names::check(path, &entries)?;
    Ok(entries)
}

fn list(entries: Vec<(String, NodeKey)>, folder: Folder, depth: usize) -> Got {
    let folder = Arc::new(folder);
    let entry = |(name, key)| Entry { key, folder: folder.clone(), name, depth };
    Got::Dict(entries.into_iter().map(entry).collect())
}
