//! hello-world: the smallest worker that does something. Read this one first.
//!
//! A worker is an ordinary axum router in a [`WorkerApplication`], and handlers of tasks. Its certificate, HTTPS,
//! who may call, `/health`, `/status` and `/metrics` come with `run()`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use carnet_worker::{
    CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput, ThisWorker,
    WorkerApplication, WorkerError, env_port,
};
use serde_json::{Map, Value, json};

/// More than anybody needs to say hello. Whatever comes in has a limit.
const BODY_MAX: usize = 64 << 10;
const EXCLAMATIONS_MAX: u64 = 10;

/// Serves until it is told to end.
pub fn main() -> Result<(), WorkerError> {
    let port = env_port("HELLO_WORLD_HTTPS_PORT", 8900)?;
    worker(port).run()
}

/// The worker.
pub fn worker(https_port: u16) -> WorkerApplication {
    let greetings = Greetings::default();
    let routes = Router::new()
        .route("/greet", post(greet))
        .route("/stats", get(stats))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(greetings.clone());
    WorkerApplication::new("hello-world")
        .https_port(https_port)
        .task(Greeter(greetings))
        .router(routes)
}

/// How often it has greeted: what requests and tasks share.
type Greetings = Arc<AtomicU64>;

/// Does tasks: what `/greet` takes comes as parameters, what it answers is the output.
struct Greeter(Greetings);

impl TaskHandler for Greeter {
    /// What the registry is told that it can do.
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new("example.hello_world", "1.0.0")
            .description("Greets whoever is named")
            .verb("invoke")
            .input_schema(json!({
                "type": "object",
                "properties": { "message": { "type": "string" }, "options": { "type": "object" } },
                "required": ["message"],
            }))
            .output_schema(json!({
                "type": "object",
                "properties": { "greeting": { "type": "string" } },
            }))
            .error("INVALID_INPUT", "The message or an option is none", false)
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        let watch = task.clock().stopwatch();
        let mut answer = answer(&task.params()?, &self.0)
            .map_err(|refusal| TaskError::new("INVALID_INPUT", refusal.to_string()))?;
        answer["processing_time_ms"] = json!(watch.elapsed().as_secs_f64() * 1000.0);
        Ok(TaskOutput::json(&answer))
    }
}

/// `POST /greet` with `{message, options{reverse, uppercase, exclamations}}`.
async fn greet(
    worker: ThisWorker,
    State(greetings): State<Greetings>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let watch = worker.clock().stopwatch();
    let mut answer = answer(&serde_json::from_slice(&body).unwrap_or(Value::Null), &greetings)?;
    answer["processing_time_ms"] = json!(watch.elapsed().as_secs_f64() * 1000.0);
    Ok(Json(answer))
}

/// Greets, and counts it.
fn answer(body: &Value, greetings: &Greetings) -> Result<Value, Refusal> {
    let (message, options) = read(body)?;
    let greeting = greeting(message, &options)?;
    Ok(json!({
        "metadata": {
            "total_greetings": greetings.fetch_add(1, Ordering::Relaxed) + 1,
            "character_count": greeting.chars().count(),
            "options_applied": options,
        },
        "greeting": greeting,
    }))
}

/// Message and options of a request. Options that it does not know are echoed like the others.
fn read(body: &Value) -> Result<(&str, Map<String, Value>), Refusal> {
    let object = body.as_object().ok_or_else(|| Refusal::not_an_object(json!(["body"]), body))?;
    let message = object.get("message").ok_or_else(|| Refusal::Invalid {
        kind: "missing",
        loc: json!(["body", "message"]),
        text: "Field required",
        input: body.clone(),
    })?;
    let message = message.as_str().ok_or_else(|| Refusal::Invalid {
        kind: "string_type",
        loc: json!(["body", "message"]),
        text: "Input should be a valid string",
        input: message.clone(),
    })?;
    let options = match object.get("options") {
        None => Map::new(),
        Some(Value::Object(options)) => options.clone(),
        Some(other) => return Err(Refusal::not_an_object(json!(["body", "options"]), other)),
    };
    Ok((message, options))
}

/// Strips, reverses, raises, greets: in this order.
fn greeting(message: &str, options: &Map<String, Value>) -> Result<String, Refusal> {
    let exclamations = match options.get("exclamations") {
        None => 1,
        Some(given) => given
            .as_u64()
            .filter(|count| *count <= EXCLAMATIONS_MAX)
            .ok_or(Refusal::BadExclamations)?,
    };
    let is_set = |option| options.get(option) == Some(&Value::Bool(true));
    let mut text = message.trim().to_owned();
    if text.is_empty() {
        return Err(Refusal::EmptyMessage);
    }
    if is_set("reverse") {
        text = text.chars().rev().collect();
    }
    if is_set("uppercase") {
        text = text.to_uppercase();
    }
    text.extend((0..exclamations).map(|_| '!'));
    Ok(format!("Hello, {text}"))
}

/// `GET /stats`.
async fn stats(worker: ThisWorker, State(greetings): State<Greetings>) -> Json<Value> {
    Json(json!({
        "total_greetings": greetings.load(Ordering::Relaxed),
        "worker_id": worker.id().to_string(),
        "capabilities": 1,
    }))
}

/// Why nobody is greeted.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("Message cannot be empty")]
    EmptyMessage,
    #[error("exclamations must be an integer between 0 and {EXCLAMATIONS_MAX}")]
    BadExclamations,
    /// Something is missing, or of another type than it has to be.
    #[error("{text}")]
    Invalid { kind: &'static str, loc: Value, text: &'static str, input: Value },
}

impl Refusal {
    fn not_an_object(loc: Value, input: &Value) -> Self {
        Self::Invalid {
            kind: "model_attributes_type",
            loc,
            text: "Input should be a valid dictionary or object to extract fields from",
            input: input.clone(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::EmptyMessage | Self::BadExclamations => {
                (StatusCode::BAD_REQUEST, json!(self.to_string()))
            }
            Self::Invalid { kind, loc, text, input } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!([{ "type": kind, "loc": loc, "msg": text, "input": input }]),
            ),
        };
        (status, Json(json!({ "detail": detail }))).into_response()
    }
}
