//! [`Ahead`]: nodes that are fetched before they are needed, so that a download does not wait for each.

use std::collections::HashMap;

use bytes::Bytes;
use carnet_ticket::realm::NodeKey;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::{Client, ClientError};
use crate::layout::NodeSource;

/// How many nodes are fetched ahead, of all files that a client reads side by side.
pub(super) const AHEAD_MAX: usize = 3;

/// The nodes of one file, some of them on their way. Dropped, it ends those.
pub(super) struct Ahead<'a> {
    client: &'a Client,
    coming: Mutex<HashMap<NodeKey, Coming>>,
}

/// A node on its way, and the room that it takes.
struct Coming(JoinHandle<(OwnedSemaphorePermit, Result<Option<Bytes>, ClientError>)>);

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<'a> Ahead<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, coming: Mutex::default() }
    }
}

impl NodeSource for Ahead<'_> {
    type Error = ClientError;

    async fn node(&self, key: NodeKey) -> Result<Option<Bytes>, ClientError> {
        let coming = self.coming.lock().remove(&key);
        if let Some(mut coming) = coming
            && let Ok((_room, fetched)) = (&mut coming.0).await
        {
            return fetched;
        }
        self.client.node_bytes(key).await
    }

    fn soon(&self, keys: &[NodeKey]) {
        let mut coming = self.coming.lock();
        coming.retain(|key, _| keys.contains(key));
        for key in keys.iter().copied() {
            if coming.contains_key(&key) {
                continue;
            }
            let Ok(room) = self.client.ahead.clone().try_acquire_owned() else { break };
            let client = self.client.clone();
            let fetch = tokio::spawn(async move { (room, client.node_bytes(key).await) });
            coming.insert(key, Coming(fetch));
        }
    }
}
