//! Reading the directory.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::{CA, CERTIFICATE, FILES, IDENTITY, KEY, Stored};
use crate::error::{FileFault, WorkerError};

/// The longest file that is read.
const LEN_MAX: u64 = 1 << 20;

/// What the files hold, unread.
pub(crate) struct Contents {
    pub(crate) ca: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Zeroizing<Vec<u8>>,
    pub(crate) identity: Vec<u8>,
}

impl Contents {
    /// The bytes of one of the four files.
    pub(crate) fn of(&self, name: &str) -> &[u8] {
        match name {
            CA => &self.ca,
            CERTIFICATE => &self.certificate,
            KEY => &self.key,
            _ => &self.identity,
        }
    }
}

/// What the directory holds: nothing, where there is no file but a CA certificate; otherwise all of it, verified
/// in everything but time.
pub(crate) fn read(dir: &Path) -> Result<Option<Stored>, WorkerError> {
    let is_there = |name: &str| dir.join(name).exists();
    if ![CERTIFICATE, KEY, IDENTITY].into_iter().any(is_there) {
        return Ok(None);
    }
    if let Some((name, _)) = FILES.iter().find(|(name, _)| !is_there(name)) {
        return Err(fault(dir, name, FileFault::Missing));
    }
    let contents = Contents {
        ca: read_one(dir, CA)?,
        certificate: read_one(dir, CERTIFICATE)?,
        key: Zeroizing::new(read_one(dir, KEY)?),
        identity: read_one(dir, IDENTITY)?,
    };
    Stored::parse(&contents).map(Some).map_err(|(name, what)| fault(dir, name, what))
}

/// The serial number of the certificate on disk, as its record says. None while somebody exchanges the files.
pub(crate) fn serial_on_disk(dir: &Path) -> Option<String> {
    let bytes = read_one(dir, IDENTITY).ok()?;
    let record: super::IdentityRecord = serde_json::from_slice(&bytes).ok()?;
    Some(record.serial)
}

fn read_one(dir: &Path, name: &str) -> Result<Vec<u8>, WorkerError> {
    let path = dir.join(name);
    let file = File::open(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => fault(dir, name, FileFault::Missing),
        _ => WorkerError::io(&path)(error),
    })?;
    let mode = file.metadata().map_err(WorkerError::io(&path))?.mode() & 0o7777;
    if name == KEY && mode & 0o077 != 0 {
        return Err(fault(dir, name, FileFault::Readable { mode }));
    }
    let mut bytes = Vec::new();
    file.take(LEN_MAX + 1).read_to_end(&mut bytes).map_err(WorkerError::io(&path))?;
    match bytes.len() as u64 {
        0 => Err(fault(dir, name, FileFault::Empty)),
        len if len > LEN_MAX => Err(fault(dir, name, FileFault::NotPem)),
        _ => Ok(bytes),
    }
}

fn fault(dir: &Path, name: &str, fault: FileFault) -> WorkerError {
    WorkerError::CertificateFile { path: dir.join(name), fault }
}
