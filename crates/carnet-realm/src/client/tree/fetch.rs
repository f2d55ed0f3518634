//! Downloading one file: what of it is not there already.

use std::io;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;

use super::folder::Folder;
use super::local::Local;
use super::{GetTree, GetTreeError, Step};
use crate::client::Client;
use crate::client::ahead::Ahead;
use crate::layout::{ReadError, read_content};
use crate::node::Limits;

/// What downloading a file did.
pub(super) struct Fetched {
    /// Its size.
    pub(super) bytes: u64,
    /// How much came from the server.
    pub(super) moved: u64,
    /// Whether it was there already.
    pub(super) is_skipped: bool,
}

impl Client {
    /// Makes `name` in `folder` the file `key`, whose first node is at hand.
    pub(super) async fn fetch_file(
        &self,
        (key, bytes): (NodeKey, Bytes),
        folder: &Folder,
        name: &str,
        get: &GetTree<'_>,
    ) -> Result<Fetched, GetTreeError> {
        let path = || folder.path_of(name);
        let disk = |source| GetTreeError::Disk { path: path(), source };
        let read = |error| GetTreeError::File { path: path(), source: Box::new(error) };
        let source = Ahead::new(self);
        let moved = |bytes| (get.progress)(Step::Moved(bytes));
        if let Some(file) = folder.file(name)? {
            let mut local = Local::existing(file, &moved).map_err(disk)?;
            let compared =
                read_content(key, bytes.clone(), &source, &Limits::ANY, &mut local).await;
            match compared {
                Ok(bytes) if local.is_at_end() => {
                    return Ok(Fetched { bytes, moved: 0, is_skipped: true });
                }
                Ok(_) if !get.is_forced => return Err(GetTreeError::Different { path: path() }),
                Err(ReadError::Out(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if !get.is_forced {
                        return Err(GetTreeError::Different { path: path() });
                    }
                }
                Ok(_) => {}
                Err(error) => return Err(read(error)),
            }
        }
        let part = super::names::part_name(name);
        let mut local = Local::part(folder.part(&part)?, &moved).map_err(disk)?;
        let bytes =
            read_content(key, bytes, &source, &Limits::ANY, &mut local).await.map_err(read)?;
        local.finish().await.map_err(disk)?;
        folder.finish(&part, name)?;
        Ok(Fetched { bytes, moved: local.fetched, is_skipped: false })
    }
}
