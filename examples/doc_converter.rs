//! doc-converter: Markdown, HTML and plain text, each into each.
//!
//! Everything is read into Markdown and written from it, in this process: no other program is started, so
//! that no file name or format can become its argument. Raw HTML in Markdown comes out as text.

use std::rc::Rc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::prelude::{BASE64_STANDARD, Engine};
use carnet_worker::{
    CapabilityDefinition, Clock, TaskContext, TaskError, TaskHandler, TaskOutput, ThisWorker,
    Turns, WorkerApplication, WorkerError, env_port,
};
use htmd::element_handler::Handlers;
use htmd::{Element, HtmlToMarkdown, Node};
use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::RcDom;
use memchr::memmem;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use serde::Deserialize;
use serde_json::{Value, json};

const FORM_MAX: usize = 1 << 20;
/// How much of a file says what it is.
const DETECT_BYTES: usize = 1024;
/// HTML is read this much at a time, and looked at in between.
const PIECE: usize = 4 << 10;
/// HTML elements in one another, and altogether: a few bytes can ask for very many.
const DEPTH_MAX: usize = 64;
const NODES_MAX: usize = 200_000;
/// How long HTML may take to read.
const READ_MAX: Duration = Duration::from_secs(2);

/// How many documents are converted at the same time.
static TURNS: Turns = Turns::new(2);

/// Serves until it is told to end.
pub fn main() -> Result<(), WorkerError> {
    let port = env_port("DOC_CONVERTER_HTTPS_PORT", 8100)?;
    worker(port).run()
}

/// The worker.
pub fn worker(https_port: u16) -> WorkerApplication {
    let routes = Router::new()
        .route("/convert", post(convert))
        .route("/formats", get(formats))
        .layer(DefaultBodyLimit::max(FORM_MAX));
    WorkerApplication::new("doc-converter").https_port(https_port).task(Converter).router(routes)
}

/// Does tasks: the first input is the document.
struct Converter;

impl TaskHandler for Converter {
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new("document.convert", "1.0.0")
            .description("Markdown, HTML and plain text, each into each")
            .verb("convert")
            .error("INVALID_FORMAT", "The document is in no format that is known", false)
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        #[derive(Deserialize)]
        struct Params {
            output_format: String,
            input_format: Option<String>,
        }
        let params: Params = task.params()?;
        let output = Format::named(&params.output_format)?;
        let file = task.read(0, FORM_MAX as u64).await?;
        let input = Format::of(params.input_format.as_deref(), None, &file)?;
        let content = converted(file, input, output, task.clock().clone()).await?;
        Ok(TaskOutput::bytes(output.content_type(), content.into_bytes()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Markdown,
    Html,
    Plain,
}

impl Format {
    const ALL: [Self; 3] = [Self::Markdown, Self::Html, Self::Plain];

    fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Plain => "plain",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown",
            Self::Html => "text/html",
            Self::Plain => "text/plain",
        }
    }

    /// The one that is named, else the one that it looks like.
    fn of(name: Option<&str>, filename: Option<&str>, content: &[u8]) -> Result<Self, Refusal> {
        name.map_or_else(|| Self::detect(filename, content), Self::named)
    }

    /// Exactly one of the names.
    fn named(name: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(Refusal::InvalidFormat)
    }

    /// By the suffix of the file's name, else by what it begins with.
    fn detect(filename: Option<&str>, content: &[u8]) -> Result<Self, Refusal> {
        let suffix = filename.and_then(|name| name.rsplit_once('.')).map(|(_, suffix)| suffix);
        match suffix.map(str::to_ascii_lowercase).as_deref() {
            Some("md") => return Ok(Self::Markdown),
            Some("txt") => return Ok(Self::Plain),
            Some("html" | "htm") => return Ok(Self::Html),
            Some("pdf" | "docx" | "doc" | "odt" | "rtf") => return Err(Refusal::InvalidFormat),
            _ => {}
        }
        let head = content[..content.len().min(DETECT_BYTES)].to_ascii_lowercase();
        let has = |words: &[u8]| memmem::find(&head, words).is_some();
        Ok(if head.starts_with(b"<!doctype html") || has(b"<html") {
            Self::Html
        } else if head.starts_with(b"#") || has(b"**") {
            Self::Markdown
        } else {
            Self::Plain
        })
    }
}

/// `POST /convert`: a form with `file`, `output_format`, and `input_format` where it is known.
async fn convert(
    worker: ThisWorker,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refusal> {
    let form = Form::read(form?).await?;
    let output = Format::named(form.output_format.as_deref().unwrap_or_default())?;
    let (filename, file) = form.file.ok_or(Refusal::NotAForm)?;
    let input = Format::of(form.input_format.as_deref(), filename.as_deref(), &file)?;
    let content = converted(file.into(), input, output, worker.clock().clone()).await?;
    let id = getrandom::u64().map_err(|_| Refusal::Random)?;
    Ok(Json(json!({
        "conversion_id": format!("{id:016x}"),
        "status": "completed",
        "output_format": output.name(),
        "message": format!("Converted from {} to {}", input.name(), output.name()),
        "content": BASE64_STANDARD.encode(content),
    })))
}

/// `GET /formats`.
async fn formats() -> Json<Value> {
    let names = Format::ALL.map(Format::name);
    Json(json!({ "input_formats": names, "output_formats": names }))
}

/// A document in another format. It is converted beside the threads that answer; should that panic, it is refused.
async fn converted(
    file: Vec<u8>,
    input: Format,
    output: Format,
    clock: Clock,
) -> Result<String, Refusal> {
    let text = String::from_utf8(file).map_err(|_| Refusal::InvalidFormat)?;
    let work = TURNS.run(move || convert_text(&text, input, output, &clock));
    work.await.unwrap_or(Err(Refusal::InvalidFormat))
}

fn convert_text(
    text: &str,
    input: Format,
    output: Format,
    clock: &Clock,
) -> Result<String, Refusal> {
    if input == output {
        return Ok(text.to_owned());
    }
    let markdown = match input {
        Format::Markdown => text.to_owned(),
        Format::Html => markdown_of_html(text, clock)?,
        Format::Plain => markdown_of_plain(text),
    };
    Ok(match output {
        Format::Markdown => markdown,
        Format::Html => html_of_markdown(&markdown),
        Format::Plain => plain_of_markdown(&markdown),
    })
}

/// Plain text as Markdown that shows it as it is: what would be a mark is escaped.
fn markdown_of_plain(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len() + text.len() / 8);
    for line in text.lines().map(str::trim) {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        for (at, character) in line.char_indices() {
            let is_mark = match character {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' => true,
                '+' | '-' | '=' => at == 0,
                '.' | ')' => at > 0 && at == digits,
                _ => false,
            };
            if is_mark {
                markdown.push('\\');
            }
            markdown.push(character);
        }
        markdown.push('\n');
    }
    markdown
}

/// HTML as Markdown.
fn markdown_of_html(text: &str, clock: &Clock) -> Result<String, Refusal> {
    let tree = tree_of_html(text, clock)?;
    let converter = HtmlToMarkdown::builder()
        .skip_tags(vec!["script", "style", "template"])
        .add_handler(vec!["td", "th"], |handlers: &dyn Handlers, cell: Element<'_>| {
            let text = handlers.walk_children(cell.node).content.replace('|', "\\|");
            Some(format!(" {} |", text.split_whitespace().collect::<Vec<_>>().join(" ")).into())
        })
        .add_handler(vec!["tr"], |handlers: &dyn Handlers, row: Element<'_>| {
            Some(format!("\n|{}", handlers.walk_children(row.node).content.trim_end()).into())
        })
        .add_handler(vec!["table"], |handlers: &dyn Handlers, table: Element<'_>| {
            let rows = handlers.walk_children(table.node).content;
            let rows = rows.trim();
            let head = rows.lines().next().unwrap_or_default();
            let below = " --- |".repeat(head.matches(" |").count());
            Some(format!("\n\n{head}\n|{below}{}\n\n", &rows[head.len()..]).into())
        })
        .build();
    Ok(converter.tree_to_markdown(&tree))
}

/// The tree of an HTML text. It is read in pieces: what nests too deep, has too many nodes or takes too long is
/// refused on the way.
fn tree_of_html(mut text: &str, clock: &Clock) -> Result<Rc<Node>, Refusal> {
    let watch = clock.stopwatch();
    let mut parser = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default());
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE));
        parser.process(piece.into());
        text = rest;
        if !is_modest(&parser.tokenizer.sink.sink.document) || watch.elapsed() > READ_MAX {
            return Err(Refusal::TooComplex);
        }
    }
    let tree = parser.finish().document;
    if is_modest(&tree) { Ok(tree) } else { Err(Refusal::TooComplex) }
}

/// Whether a tree is neither too deep nor too large. It does not recurse: the tree may be very deep.
fn is_modest(tree: &Rc<Node>) -> bool {
    let mut waiting = vec![(Rc::clone(tree), 0)];
    let mut nodes = 0;
    while let Some((node, depth)) = waiting.pop() {
        let children = node.children.borrow();
        nodes += children.len();
        if nodes > NODES_MAX || depth > DEPTH_MAX {
            return false;
        }
        waiting.extend(children.iter().map(|child| (Rc::clone(child), depth + 1)));
    }
    true
}

fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

/// Markdown as HTML that runs nothing: raw HTML becomes text, links lead to the web, to mail or within.
fn html_of_markdown(markdown: &str) -> String {
    let harmless = events(markdown).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: link(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: link(dest_url), title, id })
        }
        other => other,
    });
    let mut text = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut text, harmless);
    text
}

fn link(target: CowStr<'_>) -> CowStr<'_> {
    let before_path = target.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = before_path.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        None | Some("http" | "https" | "mailto") => target,
        Some(_) => CowStr::Borrowed(""),
    }
}

/// The words of Markdown, blocks apart.
fn plain_of_markdown(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for event in events(markdown) {
        match event {
            Event::Text(words)
            | Event::Code(words)
            | Event::Html(words)
            | Event::InlineHtml(words) => text.push_str(&words),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::Start(Tag::Item) => text.push_str("- "),
            Event::End(TagEnd::TableCell) => text.push('\t'),
            Event::End(TagEnd::Item | TagEnd::TableHead | TagEnd::TableRow) => line(&mut text),
            Event::Start(Tag::List(_)) if text.ends_with(|last| last != '\n') => text.push('\n'),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::List(_)
                | TagEnd::Table
                | TagEnd::HtmlBlock,
            ) => {
                line(&mut text);
                text.push('\n');
            }
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Ends a line that has not ended.
fn line(text: &mut String) {
    text.truncate(text.trim_end_matches(['\t', '\n']).len());
    text.push('\n');
}

/// The parts of a form that count. The whole form is within the body's limit.
#[derive(Default)]
struct Form {
    file: Option<(Option<String>, Bytes)>,
    output_format: Option<String>,
    input_format: Option<String>,
}

impl Form {
    async fn read(mut multipart: Multipart) -> Result<Self, Refusal> {
        let mut form = Self::default();
        while let Some(part) = multipart.next_field().await? {
            match part.name() {
                Some("file") => {
                    form.file = Some((part.file_name().map(str::to_owned), part.bytes().await?));
                }
                Some("output_format") => form.output_format = Some(part.text().await?),
                Some("input_format") => form.input_format = Some(part.text().await?),
                _ => {}
            }
        }
        Ok(form)
    }
}

/// Why nothing is converted.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("file, input_format and output_format have to be markdown, html or plain, as UTF-8")]
    InvalidFormat,
    #[error("send a form with file and output_format")]
    NotAForm,
    #[error("this HTML nests too deep, is too large, or takes too long to read")]
    TooComplex,
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
            Self::InvalidFormat | Self::TooComplex => (StatusCode::BAD_REQUEST, "INVALID_FORMAT"),
            Self::NotAForm => (StatusCode::BAD_REQUEST, "INVALID_INPUT"),
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
