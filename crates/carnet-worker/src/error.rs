//! [`WorkerError`]: why a worker does not start, and what to do about it.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use carnet_ticket::enrollment::EnrollmentTokenError;
use carnet_ticket::identity::{InvalidName, InvalidWorkerId, ScheduleError};
use reqwest::Url;

use crate::ca::CaError;
use crate::capability::CapabilityError;
use crate::deployed::RingError;

/// An error of a hook, of whatever type.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What is wrong with a file in the certificate directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Others are there, it is not.
    #[error("is missing")]
    Missing,
    /// Nothing is in it.
    #[error("is empty")]
    Empty,
    /// It begins like what it should be, and is cut short or damaged.
    #[error("is cut short or damaged")]
    Truncated,
    /// It is not PEM.
    #[error("is not PEM")]
    NotPem,
    /// It is the key, or the record, of another certificate.
    #[error("belongs to another certificate")]
    KeyMismatch,
    /// `ca.crt` did not sign it.
    #[error("is not signed by a CA certificate in ca.crt")]
    UntrustedChain,
    /// Others than its owner can read it.
    #[error("can be read by others ({mode:04o})")]
    Readable {
        /// Its mode.
        mode: u32,
    },
    /// The certificate lives for too short or too long.
    #[error("lives for too short or too long: {0}")]
    Lifetime(ScheduleError),
}

/// Why a worker does not start or ended badly. Each says what to do. `Debug` shows message and sources, since a
/// `main` that returns it shows that.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// There is no certificate that counts, and no token for one.
    #[error(
        "{dir:?} holds no certificate that counts, and there is no enrollment token: make one with `carnet enroll new \
         --name NAME`, and set CA_SERVICE_URL, or CARNET_ENROLL_TOKEN_FILE and CA_SERVICE_URL; a worker with \
         certificates of your own has them named in worker.rpc_tls"
    )]
    NoIdentity {
        /// The certificate directory.
        dir: PathBuf,
    },
    /// A file of the certificate directory cannot be used.
    #[error("{}", file_remedy(path, *fault))]
    CertificateFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// The configuration does not load.
    #[error("the configuration does not load\n{0}\n  fix: carnet config show")]
    Config(carnet_config::ConfigErrors),
    /// What the configuration says does not do.
    #[error("the worker does not start\n{}", lines(.0))]
    Start(Vec<carnet_config::StartFault>),
    /// A file of TLS that somebody else looks after cannot be used.
    #[error("{key}: {path:?} {fault}\n  fix: ls -l {}", path.display())]
    DeployedFile {
        /// The key of the configuration that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// Keys that tokens verify with cannot be used.
    #[error("the keys of worker tokens cannot be used")]
    Ring(#[from] RingError),
    /// Calls in plain are for this machine alone.
    #[error(
        "worker.rpc_tls.enabled is false, and {addr} is not a loopback address\n  fix: CARNET_WORKER_HOST=127.0.0.1 \
         carnet worker run"
    )]
    PlainNotLoopback {
        /// The address.
        addr: SocketAddr,
    },
    /// Nothing can be written into the certificate directory.
    #[error("{}", directory_remedy(path, *owner, *uid))]
    CertDirNotWritable {
        /// The directory.
        path: PathBuf,
        /// The uid that it belongs to, where it is there.
        owner: Option<u32>,
        /// The uid of this process.
        uid: u32,
    },
    /// The CA does not answer, or not as a CA does.
    #[error(
        "the CA at {url} is not available: is `carnet serve` running, and is CA_SERVICE_URL right?"
    )]
    CaUnavailable {
        /// Where it is.
        url: Box<Url>,
        /// What went wrong last.
        source: CaError,
    },
    /// The CA at that address is not the one that the token names.
    #[error(
        "the CA at {url} is not the one that the enrollment token names; the token was not sent. Take the address and \
         a token from the same `carnet enroll new`"
    )]
    FingerprintMismatch {
        /// Where it is.
        url: Box<Url>,
    },
    /// Nothing says which CA to trust.
    #[error(
        "nothing says whether to trust the CA at {url}: set CA_SERVICE_URL to the whole line that `carnet enroll new` \
         printed, with its token"
    )]
    UntrustedCa {
        /// Where it is.
        url: Box<Url>,
    },
    /// The CA does not take the token, or not for this.
    #[error(
        "the CA at {url} refused the enrollment ({status}): a token is good once, for one name, and not for long. \
         Make another with `carnet enroll new --name NAME`"
    )]
    EnrollmentRefused {
        /// Where it is.
        url: Box<Url>,
        /// What it answered.
        status: u16,
    },
    /// The service's name is none.
    #[error("SERVICE_NAME, or the name given to WorkerApplication::new: {0}")]
    InvalidName(#[from] InvalidName),
    /// The worker's id is none.
    #[error("worker_id: {0}")]
    InvalidWorkerId(#[from] InvalidWorkerId),
    /// A variable is not a port.
    #[error("{var} is not a port: give a number from 0 to 65535")]
    BadPort {
        /// The variable.
        var: String,
    },
    /// A variable is not a URL.
    #[error("{var} is not an https URL with a host and without a query")]
    BadUrl {
        /// The variable.
        var: &'static str,
    },
    /// A variable is not the address of a host.
    #[error("{var} is not an IP address")]
    BadHost {
        /// The variable.
        var: &'static str,
    },
    /// A variable is not a number of seconds.
    #[error("{var} is not a number of seconds from 1 to 3600")]
    BadInterval {
        /// The variable.
        var: &'static str,
    },
    /// An enrollment token cannot be read.
    #[error("{var}: {fault}; take the whole text that `carnet enroll new` printed")]
    BadToken {
        /// Where it came from.
        var: &'static str,
        /// What is wrong with it.
        fault: EnrollmentTokenError,
    },
    /// A capability cannot be offered.
    #[error("a capability cannot be offered")]
    Capability(#[from] CapabilityError),
    /// `run` was called where tasks run.
    #[error(
        "WorkerApplication::run was called inside an async runtime: call run() from a plain `fn main`, or use \
         `serve().await`"
    )]
    InsideAsyncRuntime,
    /// Something asks for plain HTTP.
    #[error("{var} asks for plain HTTP, which a worker never speaks: unset it")]
    PlainHttpRefused {
        /// The variable.
        var: &'static str,
    },
    /// Somebody else listens there.
    #[error("{addr} is in use: end whoever listens there, or take another port")]
    AddressInUse {
        /// The address.
        addr: SocketAddr,
    },
    /// A hook of `on_startup` failed.
    #[error("the worker's own startup failed")]
    Startup(#[source] BoxError),
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
    /// An HTTP client could not be made.
    #[error("an HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    /// A key or a signing request could not be made.
    #[error("a key or a signing request could not be made")]
    Csr(#[from] rcgen::Error),
    /// The machine refused something.
    #[error("{path:?} cannot be read or written")]
    Io {
        /// The file or address.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl WorkerError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

impl fmt::Debug for WorkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self))
    }
}

/// An error and what led to it.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn lines(faults: &[carnet_config::StartFault]) -> String {
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn file_remedy(path: &Path, fault: FileFault) -> String {
    let shown = path.display();
    match fault {
        FileFault::Readable { .. } => format!("{shown} {fault}; run `chmod 600 {shown}`"),
        _ => format!(
            "{shown} {fault}; restore it, or set CA_SERVICE_URL with a new enrollment token: the files are replaced, \
             and the old ones kept as *.bak"
        ),
    }
}

fn directory_remedy(path: &Path, owner: Option<u32>, uid: u32) -> String {
    let shown = path.display();
    let owner =
        owner.map_or_else(|| "is not there".to_owned(), |owner| format!("belongs to uid {owner}"));
    format!(
        "nothing can be written into {shown}: it {owner}, this process is uid {uid}; run `chown {uid} {shown}`, or \
         set CERT_DIR to another directory"
    )
}
