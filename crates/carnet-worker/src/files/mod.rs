//! The files of the certificate directory.
//!
//! | file | content | mode |
//! |---|---|---|
//! | `ca.crt` | the CA certificates that are trusted, PEM | 0644 |
//! | `client.crt` | the worker's certificate, PEM | 0644 |
//! | `client.key` | its key, PKCS#8 in PEM | 0600 |
//! | `identity.json` | whose it is and when it is due: [`IdentityRecord`] | 0600 |

mod exchange;
mod lock;
mod read;
mod record;
mod stored;

pub(crate) use exchange::{exchange, recover, replace_ca};
pub(crate) use lock::DirLock;
pub(crate) use read::{Contents, read, serial_on_disk};
pub use record::IdentityRecord;
pub(crate) use record::moment;
pub(crate) use stored::Stored;

/// The CA certificates.
pub(crate) const CA: &str = "ca.crt";
/// The worker's certificate.
pub(crate) const CERTIFICATE: &str = "client.crt";
/// Its key.
pub(crate) const KEY: &str = "client.key";
/// Whose it is.
pub(crate) const IDENTITY: &str = "identity.json";

/// Every file and its mode, in the order in which they are written, exchanged and looked at.
pub(crate) const FILES: [(&str, u32); 4] =
    [(CA, 0o644), (CERTIFICATE, 0o644), (KEY, 0o600), (IDENTITY, 0o600)];
