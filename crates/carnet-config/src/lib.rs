//! `carnet.toml`, environment and flags become one typed configuration.
//!
//! A key is one line in [`keys`]; from it come the field of [`Config`], the name in the file, the variable,
//! the check of its form and its default. Precedence: flag, environment, file, default. [`manifest`] reads
//! the secrets of roles; [`Watch`] sees changed files and loads them anew.
//!
//! What this crate is: reading and watching files that configuration names, and making those of a first run.
//! What it is not: it reads no environment by itself (it is handed over), no clock, and starts nothing.
//!
//! Invariants:
//! - a configuration or manifest that has any fault is not loaded, and all its faults are told together;
//! - a reload that fails changes nothing;
//! - no secret is in an error, a warning, a shown row or `Debug`.

mod check;
mod choice;
mod error;
mod files;
pub mod init;
pub mod keys;
mod layers;
mod load;
pub mod manifest;
mod names;
mod network;
mod raw;
mod reload;
mod secret;
mod secrets;
mod sources;
mod text;
mod value;
mod values;
mod watch;

pub use carnet_ticket::duration::parse_duration;
pub use check::{Role, StartFault, is_loopback};
pub use choice::{
    BlobsKind, LogFormat, LogLevel, PolicyDefault, RpcTlsMode, Size, Url, VerifyOnRead,
    WorkerTokenVersion,
};
pub use error::{
    ConfigError, ConfigErrors, ExpectedText, Fault, FaultAt, Faults, KeyText, NamedFile, Position,
    Syntax,
};
pub use keys::{Blobs, Changes, Config, RpcTls, Tasks};
pub use load::{Loaded, Origin, ShownRow, load};
pub use network::{HostName, WebOrigin};
pub use reload::{Reload, ReloadError};
pub use secret::{FileSecret, SealKey};
pub use sources::Sources;
pub use text::parse_size;
pub use watch::Watch;
