//! [`TaskContext`]: one attempt at a task, as its handler sees it.

use std::fmt;
use std::sync::Arc;

use carnet_gate::Clock;
use carnet_realm::client::Client;
use carnet_ticket::realm::NodeKey;
use carnet_ticket::task::TaskId;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use super::TaskError;
use super::input::InputReader;
use super::output::{OutputWriter, Written};
use super::voice::Voice;

/// One attempt at a task: what it takes, what it may write, and how to tell how far it is. Clones are the same.
#[derive(Clone)]
pub struct TaskContext(pub(super) Arc<Order>);

/// What was ordered.
pub(super) struct Order {
    pub(super) id: TaskId,
    pub(super) attempt: u32,
    pub(super) params: Map<String, Value>,
    pub(super) inputs: Vec<NodeKey>,
    pub(super) realm: Client,
    pub(super) written: Arc<Written>,
    pub(super) voice: Voice,
    pub(super) cancelled: CancellationToken,
    pub(super) clock: Clock,
}

impl TaskContext {
    /// The task.
    pub fn id(&self) -> &TaskId {
        &self.0.id
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// What the capability takes; other members than `T` has are passed over, unless `T` refuses them.
    pub fn params<T: DeserializeOwned>(&self) -> Result<T, TaskError> {
        serde_json::from_value(Value::Object(self.0.params.clone()))
            .map_err(|error| TaskError::new("INVALID_PARAMS", error.to_string()))
    }

    /// What it may read.
    pub fn inputs(&self) -> &[NodeKey] {
        &self.0.inputs
    }

    /// The input at this place, from 0, which is a file.
    pub async fn input(&self, index: usize) -> Result<InputReader, TaskError> {
        let key = self.0.inputs.get(index).copied().ok_or_else(|| {
            TaskError::new("INVALID_INPUT", format!("the task has no input {index}"))
        })?;
        InputReader::open(&self.0.realm, key).await
    }

    /// The whole input at this place, if it has at most `len_max` bytes.
    pub async fn read(&self, index: usize, len_max: u64) -> Result<Vec<u8>, TaskError> {
        let mut input = self.input(index).await?;
        let Some(len) = usize::try_from(input.size()).ok().filter(|_| input.size() <= len_max)
        else {
            let text = format!("the input has {} bytes, at most {len_max} are read", input.size());
            return Err(TaskError::new("INPUT_TOO_LARGE", text));
        };
        let mut bytes = Vec::with_capacity(len);
        input.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    /// What takes the output, as it is made. One writer at a time; the next goes on where the one before stopped.
    pub fn output(&self) -> OutputWriter {
        self.0.written.writer()
    }

    /// The content store, as the task's ticket allows it: for inputs and outputs that are directories.
    pub fn realm(&self) -> &Client {
        &self.0.realm
    }

    /// Tells how far the task is, from 0 to 1. At most ten times a second something is sent, the last of what was
    /// told.
    #[expect(clippy::unused_async, reason = "the worker's interface lets it wait")]
    pub async fn progress(&self, fraction: f32, message: &str) {
        self.0.voice.progress(fraction, message);
    }

    /// Tells something that people may want to read. Waits while much is on its way.
    pub async fn log(&self, message: &str) {
        self.0.voice.log(message).await;
    }

    /// Waits until nobody wants the task any more: it was cancelled, its time is over, or the worker ends.
    pub fn cancelled(&self) -> impl Future<Output = ()> + use<> {
        self.0.cancelled.clone().cancelled_owned()
    }

    /// The clock that the worker goes by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

impl fmt::Debug for TaskContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext")
            .field("id", &self.0.id)
            .field("attempt", &self.0.attempt)
            .finish_non_exhaustive()
    }
}
