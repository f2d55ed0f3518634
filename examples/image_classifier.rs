//! image-classifier: thumbnails, and what a picture's pixels say about it.
//!
//! What comes in is hostile until it is decoded: its size is limited before it is read, its pixels are
//! counted before memory is taken for them, and few pictures are decoded at the same time, on threads that
//! are made for work that takes long.

use std::io::Cursor;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use carnet_worker::{
    CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput, Turns,
    WorkerApplication, WorkerError, env_port,
};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const FILE_MAX: usize = 20 << 20;
/// What a form may be larger than its file.
const FORM_EXTRA: usize = 64 << 10;
const PIXELS_MAX: u64 = 40_000_000;
/// Sixteen bits for each of red, green, blue and alpha.
const PIXEL_BYTES_MAX: u64 = 8;
const EDGE_MAX: u32 = 4096;
const TYPES_MAX: usize = 3;

/// How many pictures are decoded at the same time.
static TURNS: Turns = Turns::new(2);

/// Serves until it is told to end.
pub fn main() -> Result<(), WorkerError> {
    let port = env_port("IMAGE_CLASSIFIER_HTTPS_PORT", 8400)?;
    worker(port).run()
}

/// The worker.
pub fn worker(https_port: u16) -> WorkerApplication {
    let routes = Router::new()
        .route("/classify", post(classify))
        .route("/thumbnail", post(thumbnail))
        .layer(DefaultBodyLimit::max(FILE_MAX + FORM_EXTRA));
    WorkerApplication::new("image-classifier")
        .https_port(https_port)
        .task(Classifier)
        .task(Thumbnailer)
        .router(routes)
}

/// Does tasks: the first input is the picture.
struct Classifier;

impl TaskHandler for Classifier {
    fn capability(&self) -> CapabilityDefinition {
        capability("image.classify").verb("classify")
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        let params: ClassifyParams = task.params()?;
        let file = task.read(0, FILE_MAX as u64).await?;
        Ok(TaskOutput::json(&classified(file.into(), params).await?))
    }
}

/// Does tasks: the first input is the picture.
struct Thumbnailer;

impl TaskHandler for Thumbnailer {
    fn capability(&self) -> CapabilityDefinition {
        capability("image.thumbnail")
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        let params: ThumbnailParams = task.params()?;
        let file = task.read(0, FILE_MAX as u64).await?;
        Ok(TaskOutput::bytes("image/png", shrunk(file.into(), params.max_edge).await?))
    }
}

fn capability(id: &str) -> CapabilityDefinition {
    CapabilityDefinition::new(id, "1.0.0")
        .error("INVALID_IMAGE", "The file is not a picture that is taken", false)
        .error("INVALID_INPUT", "The form says something else than it should", false)
}

/// What is asked about a picture.
#[derive(Deserialize)]
struct ClassifyParams {
    classification_types: String,
    #[serde(default = "default_threshold")]
    confidence_threshold: f64,
}

/// How large a thumbnail is at most.
#[derive(Deserialize)]
struct ThumbnailParams {
    #[serde(default = "default_edge")]
    max_edge: u32,
}

fn default_threshold() -> f64 {
    0.6
}

fn default_edge() -> u32 {
    256
}

/// `POST /classify`: what was asked for, of `file`.
async fn classify(form: Result<Multipart, MultipartRejection>) -> Result<Json<Value>, Refusal> {
    let mut form = Form::read(form?).await?;
    let threshold = form.text("confidence_threshold")?.map(|text| text.parse());
    let params = ClassifyParams {
        classification_types: form.text("classification_types")?.ok_or(Refusal::InvalidInput)?,
        confidence_threshold: threshold
            .transpose()
            .map_err(|_| Refusal::InvalidInput)?
            .unwrap_or_else(default_threshold),
    };
    Ok(Json(classified(form.file()?, params).await?))
}

/// What was asked for, of a picture.
async fn classified(file: Bytes, params: ClassifyParams) -> Result<Value, Refusal> {
    let types = Type::list(&params.classification_types)?;
    let threshold = params.confidence_threshold;
    if !(0.0..=1.0).contains(&threshold) {
        return Err(Refusal::InvalidInput);
    }
    apart(move || {
        let image = decode(&file)?.into_rgb8();
        let mut results = Map::new();
        for kind in types {
            let result = match kind {
                Type::Scene => scene(&image, threshold),
                Type::Colour => colour(&image),
                Type::Content => content(&image),
            };
            results.extend(result);
        }
        Ok(Value::Object(results))
    })
    .await
}

/// `POST /thumbnail`: `file` as a PNG, its longer edge at most `max_edge`. It is never made larger.
async fn thumbnail(form: Result<Multipart, MultipartRejection>) -> Result<Response, Refusal> {
    let mut form = Form::read(form?).await?;
    let max_edge = form.text("max_edge")?.map(|text| text.parse());
    let max_edge = max_edge.transpose().map_err(|_| Refusal::InvalidInput)?;
    let png = shrunk(form.file()?, max_edge.unwrap_or_else(default_edge)).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// A picture as a PNG.
async fn shrunk(file: Bytes, max_edge: u32) -> Result<Vec<u8>, Refusal> {
    if !(1..=EDGE_MAX).contains(&max_edge) {
        return Err(Refusal::InvalidInput);
    }
    apart(move || {
        let mut image = decode(&file)?;
        if image.width().max(image.height()) > max_edge {
            image = image.thumbnail(max_edge, max_edge);
        }
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).map_err(|_| Refusal::InvalidImage)?;
        Ok(png.into_inner())
    })
    .await
}

/// Does work that takes long, beside the threads that answer. A decoder that panics on what it was given costs
/// this request, not the worker.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    TURNS.run(work).await.unwrap_or(Err(Refusal::InvalidImage))
}

/// PNG or JPEG (no other decoder is compiled in), turned as its camera was held.
fn decode(file: &[u8]) -> Result<DynamicImage, Refusal> {
    let invalid = |_| Refusal::InvalidImage;
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|_| Refusal::InvalidImage)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(PIXELS_MAX * PIXEL_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(invalid)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refusal::InvalidImage);
    }
    let orientation = decoder.orientation().map_err(invalid)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(invalid)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// What can be asked for.
#[derive(Clone, Copy)]
enum Type {
    Scene,
    Colour,
    Content,
}

impl Type {
    /// Reads a list of names. Each of them once is enough.
    fn list(text: &str) -> Result<Vec<Self>, Refusal> {
        let named = text.split(',').map(|name| match name.trim() {
            "scene_classification" => Ok(Self::Scene),
            "color_analysis" => Ok(Self::Colour),
            "basic_content_analysis" => Ok(Self::Content),
            _ => Err(Refusal::InvalidInput),
        });
        let types: Vec<_> = named.collect::<Result<_, _>>()?;
        if types.len() <= TYPES_MAX { Ok(types) } else { Err(Refusal::InvalidInput) }
    }
}

/// The scene by its mean brightness. Its confidence is the share of pixels that say the same by themselves.
fn scene(image: &RgbImage, threshold: f64) -> Map<String, Value> {
    let grays = || {
        image.pixels().map(|pixel| {
            let [red, green, blue] = pixel.0.map(u32::from);
            (299 * red + 587 * green + 114 * blue + 500) / 1000
        })
    };
    let brightness = mean(grays(), image);
    let scene = Scene::of(brightness);
    let same = grays().filter(|gray| Scene::of(f64::from(*gray)) == scene).map(|_| 1);
    let confidence = mean(same, image);
    fields(json!({
        "scene_type": scene.name(),
        "brightness": rounded(brightness),
        "scene_confidence": rounded(confidence),
        "scene_is_certain": confidence >= threshold,
    }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scene {
    Dark,
    Mixed,
    Bright,
}

impl Scene {
    fn of(brightness: f64) -> Self {
        match brightness {
            bright if bright > 200.0 => Self::Bright,
            dark if dark < 50.0 => Self::Dark,
            _ => Self::Mixed,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark/indoor",
            Self::Mixed => "mixed_lighting",
            Self::Bright => "bright/outdoor",
        }
    }
}

fn colour(image: &RgbImage) -> Map<String, Value> {
    let [red, green, blue] = [0, 1, 2].map(|channel| {
        let total: u64 = image.pixels().map(|pixel| u64::from(pixel.0[channel])).sum();
        total / pixels(image)
    });
    fields(json!({
        "average_rgb": [red, green, blue],
        "average_hex": format!("#{red:02x}{green:02x}{blue:02x}"),
    }))
}

fn content(image: &RgbImage) -> Map<String, Value> {
    let complexity = match pixels(image) {
        1_000_001.. => "high",
        100_001.. => "medium",
        _ => "low",
    };
    fields(json!({
        "width": image.width(),
        "height": image.height(),
        "estimated_complexity": complexity,
    }))
}

fn pixels(image: &RgbImage) -> u64 {
    u64::from(image.width()) * u64::from(image.height())
}

#[expect(clippy::cast_precision_loss, reason = "40 million pixels of 255 are less than 2^53")]
fn mean(values: impl Iterator<Item = u32>, image: &RgbImage) -> f64 {
    values.map(u64::from).sum::<u64>() as f64 / pixels(image) as f64
}

/// With four digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn fields(object: Value) -> Map<String, Value> {
    if let Value::Object(fields) = object { fields } else { Map::new() }
}

/// The parts of a form by their names. The whole form is within the body's limit.
struct Form(Vec<(String, Bytes)>);

impl Form {
    async fn read(mut multipart: Multipart) -> Result<Self, Refusal> {
        let mut parts = Vec::new();
        while let Some(part) = multipart.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            parts.push((name, part.bytes().await?));
        }
        Ok(Self(parts))
    }

    fn part(&mut self, name: &str) -> Option<Bytes> {
        let at = self.0.iter().position(|(named, _)| named == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn file(&mut self) -> Result<Bytes, Refusal> {
        let file = self.part("file").ok_or(Refusal::InvalidInput)?;
        if file.len() > FILE_MAX { Err(Refusal::InvalidImage) } else { Ok(file) }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let text = self.part(name).map(|part| String::from_utf8(part.into()));
        text.transpose().map_err(|_| Refusal::InvalidInput)
    }
}

/// Why a picture is not looked at.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("file is not a PNG or JPEG of at most 20 MiB and 40 million pixels")]
    InvalidImage,
    #[error(
        "send a form with file and classification_types (scene_classification, color_analysis, \
         basic_content_analysis; confidence_threshold from 0 to 1), or with file and max_edge (1 to {EDGE_MAX})"
    )]
    InvalidInput,
}

impl From<MultipartRejection> for Refusal {
    fn from(_: MultipartRejection) -> Self {
        Self::InvalidInput
    }
}

impl From<MultipartError> for Refusal {
    fn from(error: MultipartError) -> Self {
        // What makes a form too large is its picture.
        let is_too_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
        if is_too_large { Self::InvalidImage } else { Self::InvalidInput }
    }
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidImage => "INVALID_IMAGE",
            Self::InvalidInput => "INVALID_INPUT",
        }
    }
}

impl From<Refusal> for TaskError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code(), "message": self.to_string() });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}
