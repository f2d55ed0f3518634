//! [`Watch`]: what is in force, the files it was made of, and whether they changed since.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carnet_ticket::id::UniqueId;

use crate::check::Role;
use crate::files::{self, Stat, UsedFile};
use crate::load::{Loaded, WORKER_TOKEN};
use crate::manifest::{self, Manifest};
use crate::sources::Sources;

/// What is in force, and the files it was made of. It asks no clock: the caller looks every few seconds, or
/// when it is told to.
#[derive(Debug)]
pub struct Watch {
    pub(crate) sources: Sources,
    pub(crate) loaded: Loaded,
    pub(crate) manifest: Option<Manifest>,
    pub(crate) role: Role,
    files: BTreeMap<PathBuf, Seen>,
}

/// A file as it was last seen.
#[derive(Debug)]
struct Seen {
    /// Without one, it was read and not looked at since.
    stat: Option<Stat>,
    hash: Option<UniqueId>,
}

impl Watch {
    /// Watches the files of what a server has loaded from `sources`.
    pub fn new(sources: Sources, loaded: Loaded, manifest: Option<Manifest>) -> Self {
        Self::of(Role::ControlPlane, sources, loaded, manifest)
    }

    /// Watches the files of what a worker has loaded from `sources`.
    pub fn of_worker(sources: Sources, mut loaded: Loaded) -> Self {
        // The file of its token it reads itself.
        let own = loaded.secret_file(WORKER_TOKEN).map(Path::to_owned);
        loaded.files.retain(|file| Some(&file.path) != own.as_ref());
        Self::of(Role::Worker, sources, loaded, None)
    }

    fn of(role: Role, mut sources: Sources, loaded: Loaded, manifest: Option<Manifest>) -> Self {
        // A file that was found has to stay: while it is replaced, no other one and no default counts.
        sources.path = loaded.file.clone().or(sources.path);
        let mut watch = Self { sources, loaded, manifest, role, files: BTreeMap::new() };
        watch.watch_all();
        watch
    }

    /// The configuration in force.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The manifest in force.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Whether any file in use has another content than when this was last asked. A file whose size, time and
    /// inode are the same is not read; links are followed.
    pub fn changed(&mut self) -> bool {
        let mut is_changed = false;
        for (path, seen) in &mut self.files {
            is_changed |= seen.look(path);
        }
        is_changed
    }

    /// Watches the files of what is in force, and no others.
    pub(crate) fn watch_all(&mut self) {
        let places = manifest::places(&self.loaded.config, &self.sources.cwd);
        let absent = places.into_iter().map(|path| UsedFile::look(path, None));
        let manifest = self.manifest.iter().flat_map(|manifest| manifest.files.clone());
        let files: Vec<_> = absent.chain(self.loaded.files.clone()).chain(manifest).collect();
        self.files.clear();
        self.watch(files);
    }

    /// Watches these files too, as they are now.
    pub(crate) fn watch(&mut self, files: Vec<UsedFile>) {
        for UsedFile { path, hash, .. } in files {
            let mut seen = Seen { stat: None, hash };
            if hash.is_none() {
                seen.look(&path);
            }
            self.files.insert(path, seen);
        }
    }
}

impl Seen {
    /// Whether the content is another than before.
    fn look(&mut self, path: &Path) -> bool {
        // The time is taken before the content: a change in between is seen the next time.
        let stat = Stat::of(path);
        if self.stat == Some(stat) {
            return false;
        }
        let hash = files::hash(path, stat);
        let is_changed = hash != self.hash;
        *self = Self { stat: Some(stat), hash };
        is_changed
    }
}
