//! [`Local`]: a file on disk that a download continues, or is compared with.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;

use crate::layout::Content;
use crate::node::{Limits, encode_successor};

/// A file on disk, and how far it is right.
pub(super) struct Local<'a> {
    file: Arc<File>,
    /// How much is there.
    len: u64,
    /// How much is known to be right.
    pub(super) at: u64,
    /// How much of that came from the server.
    pub(super) fetched: u64,
    /// Whether what is wrong may be overwritten.
    is_writable: bool,
    moved: &'a (dyn Fn(u64) + Send + Sync),
}

impl<'a> Local<'a> {
    /// A file that is to become right.
    pub(super) fn part(
        file: File,
        moved: &'a (dyn Fn(u64) + Send + Sync),
    ) -> Result<Self, io::Error> {
        Ok(Self { is_writable: true, ..Self::existing(file, moved)? })
    }

    /// A file that is right, or of which the first wrong byte is [`io::ErrorKind::AlreadyExists`].
    pub(super) fn existing(
        file: File,
        moved: &'a (dyn Fn(u64) + Send + Sync),
    ) -> Result<Self, io::Error> {
        let len = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), len, at: 0, fetched: 0, is_writable: false, moved })
    }

    /// Whether nothing follows what is right.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.len
    }

    /// Cuts off what follows, and waits until the file is on disk.
    pub(super) async fn finish(&self) -> Result<(), io::Error> {
        let at = self.at;
        self.blocking(move |file| file.set_len(at).and_then(|()| file.sync_all())).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&File) -> Result<T, io::Error> + Send + 'static,
    ) -> Result<T, io::Error> {
        let file = self.file.clone();
        tokio::task::spawn_blocking(move || work(&file)).await.map_err(io::Error::other)?
    }

    /// The next `len` bytes, if they are there.
    async fn next<T: Send + 'static>(
        &self,
        len: u64,
        judge: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> Result<Option<T>, io::Error> {
        let at = self.at;
        // A node's data at most: a longer piece is of no node.
        if at.saturating_add(len) > self.len || len > Limits::ANY.node_len_max() {
            return Ok(None);
        }
        let read = move |file: &File| {
            let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut bytes, at).map(|()| judge(&bytes))
        };
        self.blocking(read).await.map(Some)
    }
}

impl Content for Local<'_> {
    async fn has(&mut self, key: NodeKey, len: u64) -> Result<bool, io::Error> {
        let is_it = move |data: &[u8]| {
            encode_successor(&[], data, &Limits::ANY).is_ok_and(|node| node.key == key)
        };
        let has = self.next(len, is_it).await?.unwrap_or(false);
        if has {
            self.at += len;
        }
        Ok(has)
    }

    async fn write(&mut self, data: Bytes) -> Result<(), io::Error> {
        let len = data.len() as u64;
        if self.is_writable {
            let (at, data) = (self.at, data.clone());
            self.blocking(move |file| file.write_all_at(&data, at)).await?;
            self.fetched += len;
            (self.moved)(len);
        } else {
            let is_same = self.next(len, move |there| there == &data[..]).await?;
            if is_same != Some(true) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
        }
        self.at += len;
        Ok(())
    }
}
