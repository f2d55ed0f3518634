//! streaming: answers that take their time, as server-sent events and over a WebSocket.
//!
//! Both are axum's own; they work over the worker's HTTPS like any other answer. Time comes from the worker's
//! clock, so that tests turn it instead of waiting.

use std::convert::Infallible;
use std::iter;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use carnet_worker::{
    CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput, ThisWorker,
    WorkerApplication, WorkerError, env_port,
};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

const TEXT_MAX: usize = 1 << 20;
const CHUNK_WORDS_MAX: usize = 10_000;
const CHUNK_EVERY: Duration = Duration::from_millis(100);
const EVENT_EVERY: Duration = Duration::from_secs(5);
const MESSAGE_MAX: usize = 64 << 10;
/// How many broadcasts wait for a client that reads slowly; then it misses the oldest.
const BROADCASTS_WAITING_MAX: usize = 64;

/// Serves until it is told to end.
pub fn main() -> Result<(), WorkerError> {
    let port = env_port("STREAMING_HTTPS_PORT", 8500)?;
    worker(port).run()
}

/// The worker.
pub fn worker(https_port: u16) -> WorkerApplication {
    let routes = Router::new()
        .route("/stream/text", post(text))
        .route("/events", get(events))
        .route("/ws", any(socket))
        .layer(DefaultBodyLimit::max(TEXT_MAX))
        .with_state(Room::new(BROADCASTS_WAITING_MAX));
    WorkerApplication::new("streaming").https_port(https_port).task(Streamer).router(routes)
}

/// Does tasks: the words of the first input, some at a time. Each chunk is progress, and a line of the output.
struct Streamer;

impl TaskHandler for Streamer {
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new("streaming.email.classify", "1.0.0")
            .description("Answers as a stream")
            .verb("stream")
            .error("INVALID_INPUT", "There is no text, or chunk_size is none", false)
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        #[derive(Deserialize)]
        struct Params {
            #[serde(default = "default_chunk_size")]
            chunk_size: usize,
        }
        let refused = |refusal: Refusal| TaskError::new("INVALID_INPUT", refusal.to_string());
        let Params { chunk_size } = task.params()?;
        let text = String::from_utf8(task.read(0, TEXT_MAX as u64).await?)
            .map_err(|_| TaskError::new("INVALID_INPUT", "the input is not UTF-8"))?;
        let chunks = chunks(&text, chunk_size).map_err(refused)?;
        let (mut output, count) = (task.output(), chunks.len());
        for (id, content) in chunks.into_iter().enumerate() {
            let timestamp = task.clock().now().to_string();
            let line = format!("{}\n", chunk(id, count, &content, &timestamp));
            output.write_all(line.as_bytes()).await?;
            #[expect(clippy::cast_precision_loss, reason = "a text of a megabyte has few chunks")]
            task.progress((id + 1) as f32 / count as f32, &content).await;
            task.clock().sleep(CHUNK_EVERY).await;
        }
        Ok(TaskOutput::file("application/x-ndjson"))
    }
}

/// What is said to everybody who listens.
type Room = broadcast::Sender<Utf8Bytes>;

#[derive(Deserialize)]
struct TextRequest {
    content: String,
    /// How many words one chunk has.
    #[serde(default = "default_chunk_size")]
    chunk_size: usize,
}

fn default_chunk_size() -> usize {
    100
}

/// `POST /stream/text`: the words of a text, some at a time.
async fn text(
    worker: ThisWorker,
    request: Result<Json<TextRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(request) = request?;
    let chunks = chunks(&request.content, request.chunk_size)?;
    let count = chunks.len();
    let beats = beats(&worker, CHUNK_EVERY).zip(stream::iter(chunks).enumerate());
    let events =
        beats.map(move |(timestamp, (id, content))| event(&chunk(id, count, &content, &timestamp)));
    Ok(Sse::new(events).into_response())
}

/// The words of a text, `size` at a time.
fn chunks(text: &str, size: usize) -> Result<Vec<String>, Refusal> {
    if !(1..=CHUNK_WORDS_MAX).contains(&size) {
        return Err(Refusal::BadChunkSize);
    }
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() {
        return Err(Refusal::EmptyContent);
    }
    Ok(words.chunks(size).map(|words| words.join(" ")).collect())
}

fn chunk(id: usize, count: usize, content: &str, timestamp: &str) -> Value {
    json!({
        "chunk_id": id,
        "content": content,
        "is_last": id + 1 == count,
        "timestamp": timestamp,
    })
}

/// `GET /events`: that the worker is alive, every five seconds, for as long as somebody listens.
async fn events(worker: ThisWorker) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = beats(&worker, EVENT_EVERY).enumerate();
    Sse::new(
        events.map(|(id, timestamp)| event(&json!({ "event_id": id, "timestamp": timestamp }))),
    )
}

/// The time, now and every `interval` from now on.
fn beats(worker: &ThisWorker, interval: Duration) -> impl Stream<Item = String> + use<> {
    let clock = worker.clock().clone();
    let moments = iter::successors(Some(clock.now()), move |last| Some(last.after(interval)));
    stream::iter(moments).then(move |moment| {
        let clock = clock.clone();
        async move {
            clock.sleep_until(moment).await;
            clock.now().to_string()
        }
    })
}

/// One event. `Event` writes the frame around it: `data: …` and an empty line.
fn event(data: &Value) -> Result<Event, Infallible> {
    Ok(Event::default().data(data.to_string()))
}

/// `GET /ws`: what one client says, all hear.
async fn socket(
    worker: ThisWorker,
    State(room): State<Room>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX).on_upgrade(
        move |socket| async move {
            // The only error is that the client has gone.
            let _ = talk(socket, &room, &worker).await;
        },
    )
}

async fn talk(mut socket: WebSocket, room: &Room, worker: &ThisWorker) -> Result<(), axum::Error> {
    let mut heard = room.subscribe();
    let stamped = |mut message: Value| {
        message["timestamp"] = json!(worker.clock().now().to_string());
        Utf8Bytes::from(message.to_string())
    };
    let welcome = json!({ "type": "welcome", "message": "Say something in JSON" });
    socket.send(Message::Text(stamped(welcome))).await?;
    loop {
        tokio::select! {
            said = socket.recv() => match said.transpose()? {
                None | Some(Message::Close(_)) => return Ok(()),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                Some(said) => match serde_json::from_slice::<Value>(&said.into_data()) {
                    Ok(said) => {
                        let response = json!({ "type": "response", "original": said });
                        socket.send(Message::Text(stamped(response))).await?;
                        let broadcast = json!({ "type": "broadcast", "message": said });
                        // This client listens too, so that somebody always hears it.
                        let _ = room.send(stamped(broadcast));
                    }
                    Err(_) => {
                        let error = json!({ "type": "error", "message": "Invalid JSON format" });
                        socket.send(Message::Text(error.to_string().into())).await?;
                    }
                },
            },
            broadcast = heard.recv() => match broadcast {
                Ok(broadcast) => socket.send(Message::Text(broadcast)).await?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}

/// Why nothing is streamed.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("content cannot be empty")]
    EmptyContent,
    #[error("chunk_size must be between 1 and {CHUNK_WORDS_MAX}")]
    BadChunkSize,
    #[error(transparent)]
    Body(#[from] JsonRejection),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::EmptyContent | Self::BadChunkSize => StatusCode::BAD_REQUEST,
            Self::Body(rejection) => rejection.status(),
        };
        (status, Json(json!({ "detail": self.to_string() }))).into_response()
    }
}
