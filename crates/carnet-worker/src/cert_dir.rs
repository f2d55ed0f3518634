//! Where certificates are kept.

use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::error::WorkerError;
use crate::surroundings::{Surroundings, is_container};

/// Where they are in a container.
const SYSTEM: &str = "/etc/certs";

/// The directory, first match: `CERT_DIR`; `/etc/certs` where it can be written; `/etc/certs` in a container;
/// `~/.carnet/certs`, or `~/.crank/certs` when only that is there. Paths as they stand on the machine.
pub fn choose(
    env: &BTreeMap<String, String>,
    home: &Path,
    exists: &dyn Fn(&Path) -> bool,
    is_writable: &dyn Fn(&Path) -> bool,
) -> PathBuf {
    if let Some(given) = env.get("CERT_DIR").filter(|given| !given.is_empty()) {
        return match given.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                home.join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(given),
        };
    }
    let system = Path::new(SYSTEM);
    if (exists(system) && is_writable(system)) || is_container(env, exists) {
        return system.to_owned();
    }
    let [own, crank] = [".carnet/certs", ".crank/certs"].map(|end| home.join(end));
    if !exists(&own) && exists(&crank) { crank } else { own }
}

/// The directory of a worker in these surroundings.
pub(crate) fn of(surroundings: &Surroundings) -> PathBuf {
    let home = surroundings.var("HOME").map_or_else(|| surroundings.cwd.clone(), PathBuf::from);
    let exists = |path: &Path| located(surroundings, path).exists();
    let writable = |path: &Path| is_writable(&located(surroundings, path));
    let chosen = choose(&surroundings.env, &home, &exists, &writable);
    surroundings.cwd.join(located(surroundings, &chosen))
}

/// Makes it, for its owner alone, where it is not there.
pub(crate) fn make(dir: &Path) -> Result<(), WorkerError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|_| not_writable(dir))
}

/// Fails unless files can be made in it.
pub(crate) fn require_writable(dir: &Path) -> Result<(), WorkerError> {
    if is_writable(dir) { Ok(()) } else { Err(not_writable(dir)) }
}

fn is_writable(dir: &Path) -> bool {
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

fn not_writable(dir: &Path) -> WorkerError {
    WorkerError::CertDirNotWritable {
        path: dir.to_owned(),
        owner: std::fs::metadata(dir).ok().map(|metadata| metadata.uid()),
        uid: rustix::process::getuid().as_raw(),
    }
}

/// What of the machine is where else in the surroundings.
fn located(surroundings: &Surroundings, path: &Path) -> PathBuf {
    let is_system = ["/etc/certs", "/.dockerenv", "/run/.containerenv"];
    if is_system.iter().any(|system| Path::new(system) == path) {
        surroundings.at_root(path)
    } else {
        path.to_owned()
    }
}
