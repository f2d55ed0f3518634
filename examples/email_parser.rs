//! email-parser: what is in messages and mailboxes, and which of them are receipts.
//!
//! The parser nests at most a hundred parts deep and reads each level once, so that its work is bounded by
//! the size of what came in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use carnet_worker::{
    CapabilityDefinition, Clock, TaskContext, TaskError, TaskHandler, TaskOutput, ThisWorker,
    Turns, WorkerApplication, WorkerError, env_port,
};
use mailparse::{MailHeaderMap, ParsedMail};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

const FORM_MAX: usize = 32 << 20;
const MESSAGES_MAX: usize = 10_000;
const SNIPPET_MAX: usize = 10_000;
const KEYWORDS_MAX: usize = 50;
const KEYWORD_BYTES_MAX: usize = 100;

const RECEIPT_WORDS: [&str; 10] = [
    "receipt",
    "invoice",
    "order confirmation",
    "payment confirmation",
    "statement",
    "bill",
    "purchase",
    "transaction",
    "total",
    "amount due",
];

/// How many files are parsed at the same time.
static TURNS: Turns = Turns::new(2);

/// Serves until it is told to end.
pub fn main() -> Result<(), WorkerError> {
    let port = env_port("EMAIL_PARSER_HTTPS_PORT", 8301)?;
    worker(port).run()
}

/// The worker.
pub fn worker(https_port: u16) -> WorkerApplication {
    let routes = Router::new()
        .route("/parse/eml", post(parse_eml))
        .route("/parse/mbox", post(parse_mbox))
        .route("/analyze/archive", post(analyze_archive))
        .layer(DefaultBodyLimit::max(FORM_MAX));
    WorkerApplication::new("email-parser").https_port(https_port).task(MailParser).router(routes)
}

/// Does tasks: the first input is a message or a mailbox, the parameters are what `request_data` is in a form.
struct MailParser;

impl TaskHandler for MailParser {
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new("email.parse", "1.0.0")
            .description("What is in messages and mailboxes, and which are receipts")
            .verb("parse")
            .error("INVALID_INPUT", "The file or request_data cannot be read", false)
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        let request = Request::of(task.params()?)?;
        let file = task.read(0, FORM_MAX as u64).await?;
        let kind = Kind::of(&file);
        Ok(TaskOutput::json(&parsed(file.into(), request, kind, task.clock()).await?))
    }
}

/// `POST /parse/eml`: one message.
async fn parse_eml(
    worker: ThisWorker,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refusal> {
    answer(&worker, form, Some(Kind::Message)).await
}

/// `POST /parse/mbox`: the messages of a mailbox.
async fn parse_mbox(
    worker: ThisWorker,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refusal> {
    answer(&worker, form, Some(Kind::Mailbox)).await
}

/// `POST /analyze/archive`: a message or a mailbox, by how it begins.
async fn analyze_archive(
    worker: ThisWorker,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refusal> {
    answer(&worker, form, None).await
}

#[derive(Clone, Copy)]
enum Kind {
    Message,
    Mailbox,
}

impl Kind {
    /// By how it begins.
    fn of(file: &[u8]) -> Self {
        if file.starts_with(FROM) { Self::Mailbox } else { Self::Message }
    }
}

async fn answer(
    worker: &ThisWorker,
    form: Result<Multipart, MultipartRejection>,
    kind: Option<Kind>,
) -> Result<Json<Value>, Refusal> {
    let (file, request) = read(form?).await?;
    let kind = kind.unwrap_or_else(|| Kind::of(&file));
    Ok(Json(parsed(file, request, kind, worker.clock()).await?))
}

/// What is in a file. It is parsed beside the threads that answer; should that panic, it is refused.
async fn parsed(
    file: Bytes,
    request: Request,
    kind: Kind,
    clock: &Clock,
) -> Result<Value, Refusal> {
    let (watch, parsed_at) = (clock.stopwatch(), clock.now().to_string());
    let job = TURNS.run(move || match kind {
        Kind::Message => Ok(summed(&[message(&file, &request, &parsed_at)?], 0, false)),
        Kind::Mailbox => mailbox(&file, &request, &parsed_at),
    });
    let mut job = job.await.unwrap_or(Err(Refusal::NotMail))?;
    job["job_id"] = json!(format!("{:016x}", getrandom::u64().map_err(|_| Refusal::Random)?));
    job["processing_time_ms"] = json!(watch.elapsed().as_secs_f64() * 1000.0);
    Ok(job)
}

/// What a caller may ask for besides.
#[derive(Deserialize)]
#[serde(default)]
struct Request {
    keywords: Vec<String>,
    /// In characters.
    snippet_length: usize,
    max_messages: usize,
}

impl Default for Request {
    fn default() -> Self {
        let keywords = RECEIPT_WORDS.map(str::to_owned).into();
        Self { keywords, snippet_length: 200, max_messages: MESSAGES_MAX }
    }
}

impl Request {
    fn parse(text: &[u8]) -> Result<Self, Refusal> {
        // An object: serde would take a list for a struct, too.
        Self::of(serde_json::from_slice(text).map_err(|_| Refusal::BadRequestData)?)
    }

    fn of(mut object: Map<String, Value>) -> Result<Self, Refusal> {
        object.retain(|_, value: &mut Value| !value.is_null());
        let request: Self =
            serde_json::from_value(object.into()).map_err(|_| Refusal::BadRequestData)?;
        let is_within = request.snippet_length <= SNIPPET_MAX
            && (1..=MESSAGES_MAX).contains(&request.max_messages)
            && request.keywords.len() <= KEYWORDS_MAX
            && request.keywords.iter().all(|word| (1..=KEYWORD_BYTES_MAX).contains(&word.len()));
        if is_within { Ok(request) } else { Err(Refusal::BadRequestData) }
    }
}

/// `file` and `request_data` of the form, which is within the body's limit.
async fn read(mut form: Multipart) -> Result<(Bytes, Request), Refusal> {
    let (mut file, mut request) = (None, Request::default());
    while let Some(part) = form.next_field().await? {
        match part.name() {
            Some("file") => file = Some(part.bytes().await?),
            Some("request_data") => request = Request::parse(&part.bytes().await?)?,
            _ => {}
        }
    }
    Ok((file.ok_or(Refusal::NotMail)?, request))
}

/// What is told of a message.
#[derive(Serialize)]
struct Told {
    message_id: String,
    from: String,
    date: String,
    subject: String,
    body_snippet: String,
    is_receipt: bool,
    matched_keywords: Vec<String>,
    /// In characters.
    body_length: usize,
    parsed_at: String,
}

/// One message. Its headers are told as they stand, not decoded.
fn message(raw: &[u8], request: &Request, parsed_at: &str) -> Result<Told, Refusal> {
    let mail = mailparse::parse_mail(raw).map_err(|_| Refusal::NotMail)?;
    let header = |name| {
        let header = mail.headers.get_first_header(name);
        header.map(|header| String::from_utf8_lossy(header.get_value_raw()).trim().to_owned())
    };
    let [message_id, from, date, subject] = ["Message-ID", "From", "Date", "Subject"].map(header);
    // Any text can be read as headers of some kind. A message has one of these.
    if [&message_id, &from, &date, &subject].into_iter().all(Option::is_none) {
        return Err(Refusal::NotMail);
    }
    let body = body(&mail)?;
    let subject = subject.unwrap_or_default();
    let text = format!("{subject}\n{body}").to_lowercase();
    let matched = request.keywords.iter().filter(|word| text.contains(&word.to_lowercase()));
    let matched_keywords: Vec<_> = matched.cloned().collect();
    Ok(Told {
        message_id: message_id.unwrap_or_default(),
        from: from.unwrap_or_default(),
        date: date.unwrap_or_default(),
        subject,
        body_snippet: snippet(&body, request.snippet_length),
        is_receipt: !matched_keywords.is_empty(),
        matched_keywords,
        body_length: body.chars().count(),
        parsed_at: parsed_at.to_owned(),
    })
}

/// The parts that are plain text, decoded.
fn body(mail: &ParsedMail<'_>) -> Result<String, Refusal> {
    let plain = mail.parts().filter(|part| part.ctype.mimetype == "text/plain");
    let texts: Result<Vec<_>, _> = plain.map(ParsedMail::get_body).collect();
    let text = texts.map_err(|_| Refusal::NotMail)?.join("\n");
    Ok(text.trim().to_owned())
}

/// The first `length` characters, cut at their last space.
fn snippet(body: &str, length: usize) -> String {
    let Some((end, _)) = body.char_indices().nth(length) else {
        return body.to_owned();
    };
    let head = &body[..end];
    let head = head.rsplit_once(' ').map_or(head, |(words, _)| words);
    format!("{head}...")
}

/// What every message of a mailbox begins with, at the start of a line.
const FROM: &[u8] = b"From ";

/// The messages of a mailbox. One that cannot be read is counted, and the others are told.
fn mailbox(file: &[u8], request: &Request, parsed_at: &str) -> Result<Value, Refusal> {
    if !file.starts_with(FROM) {
        return Err(Refusal::NotMail);
    }
    let ends = memmem::find_iter(file, b"\nFrom ").map(|at| at + 1).chain([file.len()]);
    let mut start = 0;
    let mut raw = ends.map(|end| &file[std::mem::replace(&mut start, end)..end]);
    let (mut messages, mut unreadable) = (Vec::new(), 0);
    for raw in raw.by_ref().take(request.max_messages) {
        let past_from = memchr::memchr(b'\n', raw).map_or(raw.len(), |at| at + 1);
        match message(&unquoted(&raw[past_from..]), request, parsed_at) {
            Ok(message) => messages.push(message),
            Err(_) => unreadable += 1,
        }
    }
    Ok(summed(&messages, unreadable, raw.next().is_some()))
}

/// Lines that began with `From ` stand in a mailbox with a `>` before them.
fn unquoted(raw: &[u8]) -> Cow<'_, [u8]> {
    if memmem::find(raw, b">From ").is_none() {
        return Cow::Borrowed(raw);
    }
    let lines = raw.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let quoted = line.iter().position(|byte| *byte != b'>').unwrap_or(0);
        if quoted > 0 && line[quoted..].starts_with(FROM) { &line[1..] } else { line }
    });
    Cow::Owned(lines.collect::<Vec<_>>().concat())
}

fn summed(messages: &[Told], unreadable: usize, is_truncated: bool) -> Value {
    let mut keywords = BTreeMap::<&str, usize>::new();
    for word in messages.iter().flat_map(|message| &message.matched_keywords) {
        *keywords.entry(word).or_default() += 1;
    }
    let summary = json!({
        "keywords": keywords,
        "unreadable": unreadable,
        "is_truncated": is_truncated,
    });
    json!({
        "status": "completed",
        "message_count": messages.len(),
        "receipt_count": messages.iter().filter(|message| message.is_receipt).count(),
        "summary": summary,
        "messages": messages,
    })
}

/// Why nothing is parsed.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("file is not a message, or for /parse/mbox not a mailbox, that can be read")]
    NotMail,
    #[error("send a form with file and request_data")]
    NotAForm,
    #[error(
        "request_data is not an object with keywords (at most {KEYWORDS_MAX} texts), snippet_length (at most \
         {SNIPPET_MAX}) and max_messages (1 to {MESSAGES_MAX})"
    )]
    BadRequestData,
    #[error("the form is larger than {FORM_MAX} bytes")]
    TooLarge,
    #[error("the machine gives no random numbers")]
    Random,
}

impl From<MultipartRejection> for Refusal {
    fn from(_: MultipartRejection) -> Self {
        Self::NotAForm
    }
}

impl From<MultipartError> for Refusal {
    fn from(error: MultipartError) -> Self {
        let is_too_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
        if is_too_large { Self::TooLarge } else { Self::NotAForm }
    }
}

impl Refusal {
    fn told(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotMail | Self::NotAForm | Self::BadRequestData => {
                (StatusCode::BAD_REQUEST, "INVALID_INPUT")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE"),
            Self::Random => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        }
    }
}

impl From<Refusal> for TaskError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.told().1, refusal.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.told();
        (status, Json(json!({ "error": code, "message": self.to_string() }))).into_response()
    }
}
