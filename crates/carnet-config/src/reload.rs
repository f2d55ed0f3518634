//! Loading anew what is in force: all of it, or nothing.

use std::fmt;

use crate::check::{Role, StartFault};
use crate::error::ConfigErrors;
use crate::files::UsedFile;
use crate::keys::{Changes, Config};
use crate::load::{self, Loaded};
use crate::manifest::{self, Manifest, ManifestErrors, ShortSecret};
use crate::watch::Watch;

/// What a reload would put in force. Keys that need a restart have the values they had.
#[derive(Debug, Clone)]
pub struct Reload {
    /// The configuration.
    pub loaded: Loaded,
    /// The manifest.
    pub manifest: Option<Manifest>,
    /// The keys that changed. A key that names a file is among them when the file changed, and
    /// `namespace.manifest` when anything of the manifest did.
    pub changes: Changes,
}

/// Why a reload is refused. What was in force still is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadError {
    /// The configuration does not load.
    Config(ConfigErrors),
    /// The manifest does not.
    Manifest(ManifestErrors),
    /// A server would not start with it.
    Start(Vec<StartFault>),
    /// Role secrets are too short for a listener that others reach.
    ShortSecrets(Vec<ShortSecret>),
}

impl Watch {
    /// Loads anew from the same sources, and changes nothing: [`Watch::accept`] puts it in force, once the
    /// caller could use everything in it.
    pub fn reload(&mut self) -> Result<Reload, ReloadError> {
        let unread = (self.role == Role::Worker).then_some(load::WORKER_TOKEN);
        let mut loaded = load::try_load(&self.sources, unread).map_err(|failed| {
            self.watch(failed.files);
            ReloadError::Config(failed.errors)
        })?;
        // Until it is accepted its files are watched besides: a change of them may repair what is wrong.
        self.watch(loaded.files.clone());
        let mut changes = self.loaded.config.diff(&loaded.config);
        let wanted = loaded.config.clone();
        loaded.keep_restart_keys(&self.loaded, &changes.needs_restart);
        let manifest = self.reload_manifest(&loaded.config)?;
        check([&wanted, &loaded.config], manifest.as_ref(), self.role)?;
        for key in changed_files(&self.loaded.files, &loaded.files) {
            if !changes.live.contains(&key) {
                changes.live.push(key);
            }
        }
        let files = |manifest: Option<&Manifest>| manifest.map(|manifest| manifest.files.clone());
        let is_same = files(self.manifest.as_ref()) == files(manifest.as_ref());
        if !is_same && !changes.live.contains(&"namespace.manifest") {
            changes.live.push("namespace.manifest");
        }
        Ok(Reload { loaded, manifest, changes })
    }

    /// Puts in force what was loaded anew.
    pub fn accept(&mut self, reload: Reload) {
        self.loaded = reload.loaded;
        self.manifest = reload.manifest;
        self.watch_all();
    }

    fn reload_manifest(&mut self, config: &Config) -> Result<Option<Manifest>, ReloadError> {
        // A worker has no tickets of roles to judge.
        if self.role == Role::Worker {
            return Ok(None);
        }
        let named = config.namespace.manifest.clone();
        // As the configuration's file, one that was found has to stay.
        let held = self.manifest.as_ref().map(|manifest| manifest.path.clone());
        let path = named.or(held).or_else(|| manifest::locate(config, &self.sources.cwd));
        let Some(path) = path else { return Ok(None) };
        match Manifest::try_read(&path, &self.sources.env) {
            Ok(manifest) => {
                self.watch(manifest.files.clone());
                Ok(Some(manifest))
            }
            Err(failed) => {
                self.watch(failed.files);
                Err(ReloadError::Manifest(failed.errors))
            }
        }
    }
}

/// Judges what would be in force now, and what would be after a restart.
fn check(
    configs: [&Config; 2],
    manifest: Option<&Manifest>,
    role: Role,
) -> Result<(), ReloadError> {
    for config in configs {
        let faults = config.start_faults(role);
        if !faults.is_empty() {
            return Err(ReloadError::Start(faults));
        }
        let mut short = manifest.map_or_else(Vec::new, |manifest| manifest.short_secrets(config));
        short.retain(|short| short.is_refused);
        if !short.is_empty() {
            return Err(ReloadError::ShortSecrets(short));
        }
    }
    Ok(())
}

/// The keys whose files have another content.
fn changed_files(old: &[UsedFile], new: &[UsedFile]) -> Vec<&'static str> {
    let is_changed = |file: &&UsedFile| {
        old.iter()
            .any(|held| held.key == file.key && held.path == file.path && held.hash != file.hash)
    };
    new.iter().filter(is_changed).filter_map(|file| file.key).collect()
}

impl std::error::Error for ReloadError {}

impl fmt::Display for ReloadError {
    /// A line for each fault; those that stop a start have their `fix:` below them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |lines: Vec<String>| lines.join("\n");
        match self {
            Self::Config(errors) => errors.fmt(f),
            Self::Manifest(errors) => errors.fmt(f),
            Self::Start(faults) => {
                f.write_str(&lines(faults.iter().map(ToString::to_string).collect()))
            }
            Self::ShortSecrets(short) => {
                f.write_str(&lines(short.iter().map(ToString::to_string).collect()))
            }
        }
    }
}
