//! [`RevocationLog`]: every revocation once more, in a file of signed lines beside the database. A database that is
//! restored from an old copy learns from it what was revoked since, so that nothing comes back to life.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carnet_authority::jws;
use carnet_authority::keyring::{Key, Keyring, Purpose};
use carnet_authority::revocation_feed::FeedSigner;
use carnet_gate::Entry;
use carnet_store::{Store, StoreError};
use carnet_ticket::ed25519::{SigningKey, VerifyingKey};
use carnet_ticket::id::KeyId;
use carnet_ticket::revocation_feed::{Message, MessageError, News, TYPE};
use carnet_ticket::time::Timestamp;
use tokio::sync::Mutex;

/// A line by which the key that signed so far introduces the next one.
const KEY_TYPE: &str = "carnet-revocations-key+jws";

/// The longest line, whatever older versions wrote.
const LINE_MAX: u64 = 2 << 20;

/// Entries of one line.
const PAGE: u32 = 200;

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file.
    #[error("{path:?} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of it is not what this server wrote.
    #[error("line {line} of {path:?} is not a revocation that this server signed")]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: MessageError,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The file, and how far it is written.
pub(crate) struct RevocationLog {
    path: PathBuf,
    end: Mutex<End>,
}

/// Where the file ends.
#[derive(Default)]
struct End {
    /// The number of its last entry.
    seq: u64,
    /// The length of its whole lines, in bytes.
    len: u64,
    /// The key that the next line is expected from.
    signer: Option<KeyId>,
}

impl RevocationLog {
    /// Reads the file, and takes back into the store what that does not know.
    pub(crate) async fn open(
        path: &Path,
        store: &Store,
        keyring: &Keyring,
    ) -> Result<Self, LogError> {
        let known = store.last_revocation().await?;
        let (end, mut entries) = read(path, public_keys(keyring))?;
        entries.retain(|entry| entry.seq > known);
        if !entries.is_empty() {
            let count = entries.len();
            tracing::warn!(
                count,
                "the database is older than revocations.log: these are taken back in"
            );
            store.restore_revocations(entries).await?;
        }
        Ok(Self { path: path.to_owned(), end: Mutex::new(end) })
    }

    /// Appends what the store has and the file has not, signed and synced. Without a key nothing is written.
    pub(crate) async fn catch_up(
        &self,
        store: &Store,
        keyring: &Keyring,
        issuer: &str,
        now: Timestamp,
    ) -> Result<(), LogError> {
        let Some(key) = keyring.active(Purpose::RevocationFeed).and_then(Key::signing_key) else {
            return Ok(());
        };
        let signer = FeedSigner::new(issuer.to_owned(), Arc::clone(key));
        let mut end = self.end.lock().await;
        loop {
            let entries = store.revocations_after(end.seq, PAGE).await?;
            let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(()) };
            let mut lines = introduction(end.signer, key, keyring).unwrap_or_default();
            for delta in signer.deltas(entries, now) {
                lines += &delta.text;
                lines.push('\n');
            }
            self.append(&mut end, &lines)?;
            (end.seq, end.signer) = (last, Some(key.verifying_key().key_id()));
        }
    }

    /// Appends whole lines behind the whole lines that are there: what a crash or a full disk left of a line is cut
    /// off first.
    fn append(&self, end: &mut End, lines: &str) -> Result<(), LogError> {
        let append = || {
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
            file.set_len(end.len)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(lines.as_bytes())?;
            file.sync_data()?;
            if end.len == 0
                && let Some(folder) = self.path.parent()
            {
                File::open(folder)?.sync_all()?;
            }
            Ok(())
        };
        append().map_err(|source| LogError::File { path: self.path.clone(), source })?;
        end.len += lines.len() as u64;
        Ok(())
    }
}

/// The line by which the key that signed last introduces `key`; nothing where that is the same one.
fn introduction(signer: Option<KeyId>, key: &SigningKey, keyring: &Keyring) -> Option<String> {
    let last = keyring.find(signer.filter(|id| *id != key.verifying_key().key_id())?)?;
    let payload = hex::encode(key.verifying_key().as_bytes());
    Some(jws::sign(KEY_TYPE, &payload, last.signing_key()?) + "\n")
}

/// Every key that ever signed the log: also one that is retired wrote what still counts.
fn public_keys(keyring: &Keyring) -> Vec<VerifyingKey> {
    let of_feed = keyring.keys().iter().filter(|key| key.info.purpose == Purpose::RevocationFeed);
    of_feed.filter_map(Key::signing_key).map(|key| key.verifying_key().clone()).collect()
}

/// The file, read to its end; nothing when there is no file. A last line without an end was being written when the
/// process died: its revocation is in the store.
fn read(path: &Path, mut keys: Vec<VerifyingKey>) -> Result<(End, Vec<Entry>), LogError> {
    let fault = |source| LogError::File { path: path.to_owned(), source };
    let (mut end, mut entries) = (End::default(), Vec::new());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((end, entries)),
        Err(error) => return Err(fault(error)),
    };
    let mut reader = BufReader::new(file);
    for number in 1.. {
        let bad = |source| LogError::Line { path: path.to_owned(), line: number, source };
        let mut text = Vec::new();
        (&mut reader).take(LINE_MAX).read_until(b'\n', &mut text).map_err(fault)?;
        let Some(line) = text.strip_suffix(b"\n") else {
            let is_cut_off = (text.len() as u64) < LINE_MAX;
            return if is_cut_off { Ok((end, entries)) } else { Err(bad(MessageError::Malformed)) };
        };
        let line = std::str::from_utf8(line).map_err(|_| bad(MessageError::Malformed))?;
        end.signer = take_line(line, &mut keys, &mut entries).map_err(bad)?;
        end.len += text.len() as u64;
        end.seq = entries.last().map_or(0, |entry: &Entry| entry.seq);
    }
    Ok((end, entries))
}

/// Takes the entries of a line, or the key that it introduces. Gives the key that the next line is expected from.
fn take_line(
    line: &str,
    keys: &mut Vec<VerifyingKey>,
    entries: &mut Vec<Entry>,
) -> Result<Option<KeyId>, MessageError> {
    if let Ok(payload) = jws::verify(KEY_TYPE, line, keys) {
        let introduced = introduced(&payload).ok_or(MessageError::Malformed)?;
        let id = introduced.key_id();
        keys.push(introduced);
        return Ok(Some(id));
    }
    let payload = jws::verify(TYPE, line, keys)?;
    let signed_by =
        |key: &&VerifyingKey| jws::verify(TYPE, line, std::slice::from_ref(key)).is_ok();
    let News::Delta { entries: read, .. } = Message::decode(&payload)?.news else {
        return Err(MessageError::Malformed);
    };
    entries.extend(read);
    Ok(keys.iter().find(signed_by).map(VerifyingKey::key_id))
}

fn introduced(payload: &[u8]) -> Option<VerifyingKey> {
    let mut point = [0; 32];
    hex::decode_to_slice(payload, &mut point).ok()?;
    VerifyingKey::from_bytes(&point).ok()
}
