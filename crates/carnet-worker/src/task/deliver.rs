//! The end of good work: its output is stored, and committed on the task's ticket.

use std::time::Duration;

use carnet_gate::Clock;
use carnet_realm::client::{Client, ClientError};
use carnet_realm::node::{Limits, encode_dict};
use carnet_ticket::realm::NodeKey;

use super::output::{Given, Written};
use super::{TaskError, TaskOutput};
use crate::pause::Doubling;

/// How many nodes of an output are on their way at a time.
const JOBS: usize = 4;

/// How often a commit is tried while nobody says what became of it.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(4);

/// Stores and commits.
pub(super) async fn deliver(
    realm: &Client,
    output: TaskOutput,
    written: &Written,
    clock: &Clock,
) -> Result<(), TaskError> {
    let key = match output.0 {
        Given::Node(key) => key,
        Given::Nothing => {
            let empty = encode_dict(Vec::new(), &Limits::ANY);
            let empty =
                empty.map_err(|error| TaskError::new("INVALID_OUTPUT", error.to_string()))?;
            let key = empty.key;
            realm.put_node(empty).await.map_err(|error| TaskError::of_store(&error))?;
            key
        }
        Given::Bytes { content_type, bytes } => {
            store(realm, &bytes[..], bytes.len() as u64, &content_type).await?
        }
        Given::Written { content_type } => match written.take().await? {
            Some((file, len)) => store(realm, file, len, &content_type).await?,
            None => store(realm, &b""[..], 0, &content_type).await?,
        },
    };
    commit(realm, key, clock).await
}

async fn store(
    realm: &Client,
    content: impl tokio::io::AsyncRead + Unpin + Send,
    len: u64,
    content_type: &str,
) -> Result<NodeKey, TaskError> {
    let stored = realm.put_file(content, len, content_type, JOBS, |_| {}).await;
    stored.map(|stored| stored.key).map_err(|error| TaskError::of_output(&error))
}

/// Commits. Where nobody says whether it was done it is tried again: it is done once at most, and whoever comes second
/// is told what was committed.
async fn commit(realm: &Client, key: NodeKey, clock: &Clock) -> Result<(), TaskError> {
    let mut pauses = Doubling::new(PAUSE, PAUSE_MAX);
    for is_last in (1..=TRIES).map(|attempt| attempt == TRIES) {
        let Err(error) = realm.commit("self", key).await else { return Ok(()) };
        if is_committed(&error, key) {
            return Ok(());
        }
        let error = TaskError::of_store(&error);
        if is_last || !error.retryable {
            return Err(error);
        }
        clock.sleep(pauses.next()).await;
    }
    Ok(())
}

/// Whether it was this very output that was committed before.
fn is_committed(error: &ClientError, key: NodeKey) -> bool {
    error.refusal().is_some_and(|refusal| {
        refusal.status.as_u16() == 409 && refusal.details["output"] == key.to_string()
    })
}
