//! [`CaFault`]: why the CA cannot do its work.

use std::io;
use std::path::PathBuf;

use carnet_authority::ca::{
    ActivateError, CaError, CaLoadError, CaSettingsError, KeyFileError, SignError,
};
use carnet_store::StoreError;

/// Why the CA cannot do its work. Nobody who asks for a certificate is to blame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaFault {
    /// Its settings.
    #[error(transparent)]
    Settings(#[from] CaSettingsError),
    /// Its records do not fit together.
    #[error("the records of the CA do not fit together")]
    Load(#[from] CaLoadError),
    /// The file of a key cannot be read or written.
    #[error("{path:?} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of a key holds none that opens.
    #[error("{path:?} holds no key that can be used")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// A CA certificate or a revocation list was not made.
    #[error("a CA certificate or a revocation list was not made")]
    Make(#[from] CaError),
    /// The next CA was not activated.
    #[error(transparent)]
    Activate(#[from] ActivateError),
    /// A certificate was not signed.
    #[error("a certificate was not signed")]
    Sign(#[from] SignError),
    /// This server's own certificate cannot be used.
    #[error("the own certificate cannot be used")]
    Own(#[from] rustls::Error),
    /// A certificate of ours cannot be read.
    #[error("a certificate of our own cannot be read")]
    Unreadable,
    /// No random bytes.
    #[error("the machine gives no random bytes")]
    NoRandomness,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], CaFault> {
    crate::random::bytes().map_err(|_| CaFault::NoRandomness)
}
