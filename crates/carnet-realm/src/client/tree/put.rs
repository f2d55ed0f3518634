//! Uploading a tree.

use std::collections::HashSet;
use std::path::Path;

use carnet_ticket::claim::ClaimName;
use carnet_ticket::realm::NodeKey;

use super::plan::{Item, Plan, is_one_node, one_node};
use super::scan::{What, scan};
use super::{PutTreeError, ScanFault, Step, Symlinks};
use crate::client::upload::{FileSink, Upload};
use crate::client::{Client, Uploaded};
use crate::layout::write_file;
use crate::node::{encode_dict, is_forbidden_name};

/// A tree to be uploaded.
pub struct PutTree<'a> {
    /// The file or directory.
    pub path: &'a Path,
    /// The name that it gets in a directory of its own; none for no such directory.
    pub name: Option<&'a str>,
    /// What the content type of a file is.
    pub content_type: &'a (dyn Fn(&Path) -> String + Send + Sync),
    /// How many nodes are sent at a time.
    pub jobs: usize,
    /// What becomes of symbolic links.
    pub symlinks: Symlinks,
    /// Is told how far it has come.
    pub progress: &'a (dyn Fn(Step) + Send + Sync),
}

impl Client {
    /// Uploads a file or a directory with everything below it: what of it the server does not have.
    pub async fn put_tree(&self, put: &PutTree<'_>) -> Result<Uploaded, PutTreeError> {
        if let Some(name) = put.name.filter(|name| is_forbidden_name(name)) {
            return Err(PutTreeError::BadName(ClaimName::new(name)));
        }
        let plan = self.plan(put).await?;
        let wrapper = match put.name {
            Some(name) => {
                let entries = vec![(name.to_owned(), plan.items[0].key)];
                let path = put.path.to_owned();
                let node = encode_dict(entries, &plan.limits)
                    .map_err(|source| PutTreeError::File(ScanFault::Node { path, source }))?;
                Some(node)
            }
            None => None,
        };
        let mut done = count(&plan);
        let moved = |bytes| (put.progress)(Step::Moved(bytes));
        let mut upload = Upload::new(self, put.jobs, &moved);
        let lacking = self.lacking(&plan).await?;
        let sizes = lacking.iter().map(|at| size(&plan.items[*at]));
        (put.progress)(Step::Missing(sizes.sum()));
        let sent = send(&mut upload, &plan, lacking).await;
        sent.map_err(|error| name(error, &plan, upload.failed))?;
        if let Some(node) = wrapper {
            (done.key, done.dirs, done.nodes) = (node.key, done.dirs + 1, done.nodes + 1);
            if !self.missing_nodes(&[node.key]).await?.is_empty() {
                let room = upload.room(node.bytes.len()).await?;
                upload.send(node, room);
                upload.settle().await?;
            }
        }
        (done.uploaded_nodes, done.uploaded_bytes) = (upload.nodes, upload.bytes);
        done.skipped_nodes = done.nodes.saturating_sub(upload.nodes);
        Ok(done)
    }

    /// Looks at everything and hashes it.
    async fn plan(&self, put: &PutTree<'_>) -> Result<Plan, PutTreeError> {
        let limits = self.node_limits().await?;
        let (root, symlinks) = (put.path.to_owned(), put.symlinks);
        let found = tokio::task::spawn_blocking(move || scan(&root, &limits, symlinks));
        let found =
            found.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let found = found.map_err(PutTreeError::Scan)?;
        let sizes = found.iter().map(|found| match found.what {
            What::File { size } => size,
            What::Dict { .. } => 0,
        });
        (put.progress)(Step::Found(sizes.sum()));
        let hashed = |bytes| (put.progress)(Step::Hashed(bytes));
        Plan::of(found, limits, put.content_type, &hashed).await.map_err(PutTreeError::Scan)
    }

    /// What the server lacks, asked from the top down: below what it has, it has everything.
    async fn lacking(&self, plan: &Plan) -> Result<Vec<usize>, PutTreeError> {
        let mut lacking = Vec::new();
        let mut asked = HashSet::from([plan.items[0].key]);
        let mut level = vec![0];
        while !level.is_empty() {
            let keys: Vec<_> = level.iter().map(|at: &usize| plan.items[*at].key).collect();
            let missing = self.missing_nodes(&keys).await?;
            level.retain(|at| missing.contains(&plan.items[*at].key));
            lacking.extend(&level);
            let below = level.iter().flat_map(|at| match &plan.items[*at].found.what {
                What::Dict { entries } => entries.as_slice(),
                What::File { .. } => &[],
            });
            let below = below.map(|(_, entry)| *entry);
            level = below.filter(|entry| asked.insert(plan.items[*entry].key)).collect();
        }
        Ok(lacking)
    }
}

/// Sends what is lacking: what a directory names before the directory.
async fn send(
    upload: &mut Upload<'_>,
    plan: &Plan,
    lacking: Vec<usize>,
) -> Result<(), PutTreeError> {
    send_files(upload, plan, &lacking).await?;
    send_dicts(upload, plan, lacking).await
}

/// Names the file or directory whose node failed.
fn name(error: PutTreeError, plan: &Plan, failed: Option<NodeKey>) -> PutTreeError {
    let item = failed.and_then(|key| plan.items.iter().find(|item| item.key == key));
    match (error, item) {
        (PutTreeError::Client(source), Some(item)) => {
            PutTreeError::NotStored { path: item.found.path.clone(), source }
        }
        (error, _) => error,
    }
}

async fn send_files(
    upload: &mut Upload<'_>,
    plan: &Plan,
    lacking: &[usize],
) -> Result<(), PutTreeError> {
    for item in lacking.iter().map(|at| &plan.items[*at]) {
        let What::File { size } = item.found.what else { continue };
        if is_one_node(size, &plan.limits) {
            let room = upload.room(usize::try_from(size).unwrap_or(usize::MAX)).await?;
            let node = one_node(&item.found.path, size, &item.content_type, &plan.limits).await;
            let node = node.map_err(PutTreeError::File)?;
            check(item, node.key)?;
            upload.send(node, room);
        } else {
            send_large(upload, plan, item, size).await?;
        }
    }
    Ok(upload.settle().await?)
}

/// Sends a file of many nodes: what of them the server does not have.
async fn send_large(
    upload: &mut Upload<'_>,
    plan: &Plan,
    item: &Item,
    size: u64,
) -> Result<(), PutTreeError> {
    let path = &item.found.path;
    let file = tokio::fs::File::open(path).await.map_err(|source| {
        PutTreeError::File(ScanFault::Unreadable { path: path.clone(), source })
    })?;
    let mut sink = FileSink::new(upload);
    let written = write_file(file, size, &item.content_type, &plan.limits, &mut sink).await;
    match written {
        Ok(key) => check(item, key)?,
        Err(error) => {
            return Err(match ScanFault::of_file(path.clone(), error) {
                Ok(fault) => PutTreeError::File(fault),
                Err(error) => error.into(),
            });
        }
    }
    sink.finish().await?;
    Ok(())
}

/// A file that is not what it was is another file.
fn check(item: &Item, key: NodeKey) -> Result<(), PutTreeError> {
    let path = || item.found.path.clone();
    let changed = || PutTreeError::File(ScanFault::Changed { path: path() });
    (item.key == key).then_some(()).ok_or_else(changed)
}

/// Sends directories, the deepest first: what they name is there before.
async fn send_dicts(
    upload: &mut Upload<'_>,
    plan: &Plan,
    lacking: Vec<usize>,
) -> Result<(), PutTreeError> {
    let depths = plan.depths();
    let depth = |at: &usize| depths[&plan.items[*at].key];
    let is_dict = |at: &usize| matches!(plan.items[*at].found.what, What::Dict { .. });
    let mut dicts: Vec<_> = lacking.into_iter().filter(is_dict).collect();
    dicts.sort_by_key(|at| std::cmp::Reverse(depth(at)));
    for level in dicts.chunk_by(|a, b| depth(a) == depth(b)) {
        for at in level {
            let node = plan.encode_dict(*at).map_err(PutTreeError::File)?;
            let room = upload.room(node.bytes.len()).await?;
            upload.send(node, room);
        }
        upload.settle().await?;
    }
    Ok(())
}

fn size(item: &Item) -> u64 {
    match item.found.what {
        What::File { size } => size,
        What::Dict { .. } => 0,
    }
}

/// What the tree is; nothing of it is sent yet.
fn count(plan: &Plan) -> Uploaded {
    let mut counted = HashSet::new();
    let mut done = Uploaded {
        key: plan.items[0].key,
        files: 0,
        dirs: 0,
        bytes: 0,
        nodes: 0,
        uploaded_nodes: 0,
        uploaded_bytes: 0,
        skipped_nodes: 0,
    };
    for item in &plan.items {
        match item.found.what {
            What::File { size } => {
                done.files += 1;
                done.bytes += size;
            }
            What::Dict { .. } => done.dirs += 1,
        }
        if counted.insert(item.key) {
            done.nodes += item.nodes;
        }
    }
    done
}
