//! What the worker of `carnet dev` can do.

use std::io::Cursor;

use carnet_worker::{CapabilityDefinition, TaskContext, TaskError, TaskHandler, TaskOutput, Turns};
use image::ImageFormat;
use serde::Deserialize;
use serde_json::json;

use crate::commands::pictures;

/// The largest picture, in bytes, and the longest edge of a thumbnail.
const FILE_MAX: u64 = 20 << 20;
const EDGE_MAX: u32 = 4096;

/// How many pictures are decoded at a time.
static TURNS: Turns = Turns::new(2);

/// Greets: `message` and `options {reverse, uppercase, exclamations}`.
pub struct HelloWorld;

#[derive(Deserialize)]
struct Greeting {
    message: String,
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize)]
#[serde(default)]
struct Options {
    reverse: bool,
    uppercase: bool,
    exclamations: u8,
}

impl Default for Options {
    fn default() -> Self {
        Self { reverse: false, uppercase: false, exclamations: 1 }
    }
}

impl TaskHandler for HelloWorld {
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new("example.hello_world", "1.0.0")
            .description("Greets whoever is named")
            .error(
                "INVALID_INPUT",
                "The message is empty, or there are too many exclamations",
                false,
            )
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        let Greeting { message, options } = task.params()?;
        let mut text = message.trim().to_owned();
        if text.is_empty() || options.exclamations > 10 {
            let text = "message cannot be empty, exclamations are 0 to 10";
            return Err(TaskError::new("INVALID_INPUT", text));
        }
        if options.reverse {
            text = text.chars().rev().collect();
        }
        if options.uppercase {
            text = text.to_uppercase();
        }
        let greeting = format!("Hello, {text}{}", "!".repeat(options.exclamations.into()));
        Ok(TaskOutput::json(&json!({ "greeting": greeting })))
    }
}

/// Makes a PNG of a picture, its longer edge at most `max_edge`.
pub struct Thumbnail;

#[derive(Deserialize)]
struct Size {
    #[serde(default = "default_edge")]
    max_edge: u32,
}

fn default_edge() -> u32 {
    256
}

impl TaskHandler for Thumbnail {
    fn capability(&self) -> CapabilityDefinition {
        CapabilityDefinition::new("image.thumbnail", "1.0.0")
            .description("Makes a smaller PNG of a PNG or JPEG")
            .error("INVALID_IMAGE", "The input is not a picture that is taken", false)
            .error("INVALID_INPUT", "max_edge is not 1 to 4096", false)
    }

    async fn run(&self, task: TaskContext) -> Result<TaskOutput, TaskError> {
        let Size { max_edge } = task.params()?;
        if !(1..=EDGE_MAX).contains(&max_edge) {
            return Err(TaskError::new("INVALID_INPUT", "max_edge is 1 to 4096"));
        }
        let file = task.read(0, FILE_MAX).await?;
        let work = TURNS.run(move || {
            let mut png = Cursor::new(Vec::new());
            let small = pictures::thumbnail(Cursor::new(file), max_edge)?;
            small.write_to(&mut png, ImageFormat::Png)?;
            Ok::<_, image::ImageError>(png.into_inner())
        });
        let invalid = || {
            TaskError::new(
                "INVALID_IMAGE",
                "the input is not a PNG or JPEG of at most 40 million pixels",
            )
        };
        let png = work.await.and_then(Result::ok).ok_or_else(invalid)?;
        Ok(TaskOutput::bytes("image/png", png))
    }
}
