//! [`Surroundings`]: what a worker reads of the process and the machine that it runs on.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use carnet_gate::Clock;

use crate::error::WorkerError;

/// The environment, the files and the clock that a worker goes by. A worker reads no others.
///
/// `Debug` shows the names of variables alone: some hold tokens.
#[derive(Clone)]
pub struct Surroundings {
    /// The environment's variables.
    pub env: BTreeMap<String, String>,
    /// Where `/etc/certs` and what tells a container are looked for.
    pub root: PathBuf,
    /// The working folder.
    pub cwd: PathBuf,
    /// The clock.
    pub clock: Clock,
}

impl Surroundings {
    /// Those of this process.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads a worker's environment"
    )]
    pub fn of_process() -> Self {
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            env,
            root: PathBuf::from("/"),
            cwd: std::env::current_dir().unwrap_or_default(),
            clock: Clock::System,
        }
    }

    /// The port in `var`, else in `HTTPS_PORT`, else `default`.
    pub fn port(&self, var: &str, default: u16) -> Result<u16, WorkerError> {
        let set = [var, "HTTPS_PORT"].into_iter().find_map(|var| Some((var, self.env.get(var)?)));
        let Some((var, text)) = set else { return Ok(default) };
        text.parse().map_err(|_| WorkerError::BadPort { var: var.to_owned() })
    }

    /// Whether this is a container: its engine left a mark, or it is a pod.
    pub fn is_container(&self) -> bool {
        is_container(&self.env, &|path| self.at_root(path).exists())
    }

    /// A variable that is set to something.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An absolute path on this machine.
    pub(crate) fn at_root(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Plain HTTP is refused, also where somebody asks for it.
    pub(crate) fn require_https(&self) -> Result<(), WorkerError> {
        match self.env.get("HTTPS_ONLY").map(String::as_str) {
            None | Some("true" | "1" | "yes") => Ok(()),
            Some(_) => Err(WorkerError::PlainHttpRefused { var: "HTTPS_ONLY" }),
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("env", &self.env.keys())
            .field("root", &self.root)
            .field("cwd", &self.cwd)
            .finish_non_exhaustive()
    }
}

/// The port in the variable `var`, else in `HTTPS_PORT`, else `default`.
///
/// ```
/// assert_eq!(carnet_worker::env_port("NO_SUCH_VARIABLE", 8500).unwrap(), 8500);
/// ```
pub fn env_port(var: &str, default: u16) -> Result<u16, WorkerError> {
    Surroundings::of_process().port(var, default)
}

pub(crate) fn is_container(env: &BTreeMap<String, String>, exists: &dyn Fn(&Path) -> bool) -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| exists(Path::new(mark)))
        || env.contains_key("KUBERNETES_SERVICE_HOST")
}
