//! The example workers do tasks: what they are asked over HTTPS comes with a task as well.

use std::io::Cursor;

use carnet_ticket::task::Report;
use carnet_worker::WorkerApplication;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::control_plane::Fleet;
use crate::control_plane::fleet::{Order, TASK};
use crate::workers::{doc_converter, email_parser, hello_world, image_classifier, streaming};

/// What one task comes to: content type and content, or the code of its error.
async fn done(
    worker: WorkerApplication,
    capability: &str,
    params: Value,
    input: Option<&[u8]>,
) -> Result<(String, Vec<u8>), String> {
    let fleet = Fleet::of(worker).await;
    let input = input.map(|bytes| fleet.store.put(bytes)).into_iter().collect();
    let order = Order { params, input, ..Order::of(capability) };
    let (status, answer) = fleet.spawn(&order).await;
    assert_eq!(status, 200, "{answer}");
    // Some take their time.
    fleet.later(|fleet| fleet.worker.active() == 0).await;
    match fleet.reports(TASK).pop().unwrap() {
        Report::Failed { code, .. } => Err(code),
        Report::Succeeded => Ok(fleet.store.output().await),
        other => panic!("{other:?}"),
    }
}

fn json_of(done: Result<(String, Vec<u8>), String>) -> Value {
    let (content_type, content) = done.unwrap();
    assert_eq!(content_type, "application/json");
    serde_json::from_slice(&content).unwrap()
}

fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::from(RgbImage::from_pixel(40, 20, Rgb([10, 20, 30])));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Promise: K-63
#[tokio::test]
async fn hello_world_greets() {
    let greet =
        async |params| done(hello_world::worker(0), "example.hello_world", params, None).await;
    let answer = json_of(greet(json!({ "message": "a", "options": { "uppercase": true } })).await);
    assert_eq!(answer["greeting"], "Hello, A!");
    assert_eq!(answer["metadata"]["total_greetings"], 1);
    assert_eq!(greet(json!({ "message": " " })).await, Err("INVALID_INPUT".to_owned()));
    assert_eq!(greet(json!({})).await, Err("INVALID_INPUT".to_owned()));
}

/// Promise: K-63
#[tokio::test]
async fn streaming_writes_a_line_for_each_chunk() {
    let stream = async |size: usize, text: &[u8]| {
        let params = json!({ "chunk_size": size });
        done(streaming::worker(0), "streaming.email.classify", params, Some(text)).await
    };
    let (content_type, content) = stream(2, b"one two three").await.unwrap();
    assert_eq!(content_type, "application/x-ndjson");
    let lines: Vec<Value> = String::from_utf8(content)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["content"], &lines[0]["is_last"]), (&json!("one two"), &json!(false)));
    assert_eq!((&lines[1]["content"], &lines[1]["is_last"]), (&json!("three"), &json!(true)));
    assert_eq!(stream(0, b"one").await, Err("INVALID_INPUT".to_owned()));
    assert_eq!(stream(1, b" ").await, Err("INVALID_INPUT".to_owned()));
}

/// Promise: K-63
#[tokio::test]
async fn doc_converter_converts() {
    let convert = async |params: Value, file: &[u8]| {
        done(doc_converter::worker(0), "document.convert", params, Some(file)).await
    };
    let html = convert(json!({ "output_format": "html" }), b"# Title").await;
    assert_eq!(html, Ok(("text/html".to_owned(), b"<h1>Title</h1>\n".to_vec())));
    for (params, file) in [
        (json!({ "output_format": "docx" }), &b"a"[..]),
        (json!({ "output_format": "html", "input_format": "-o" }), b"a"),
        (json!({ "output_format": "html" }), b"\xff"),
    ] {
        assert_eq!(convert(params, file).await, Err("INVALID_FORMAT".to_owned()));
    }
    assert_eq!(convert(json!({}), b"a").await, Err("INVALID_PARAMS".to_owned()));
}

/// Promise: K-63
#[tokio::test]
async fn image_classifier_classifies_and_makes_thumbnails() {
    let picture = png();
    let ask = async |capability, params, file| {
        done(image_classifier::worker(0), capability, params, Some(file)).await
    };
    let (content_type, small) =
        ask("image.thumbnail", json!({ "max_edge": 10 }), &picture).await.unwrap();
    assert_eq!(content_type, "image/png");
    let small = image::load_from_memory_with_format(&small, ImageFormat::Png).unwrap();
    assert_eq!((small.width(), small.height()), (10, 5));
    let types = json!({ "classification_types": "color_analysis" });
    let told = json_of(ask("image.classify", types.clone(), &picture).await);
    assert_eq!(told["average_rgb"], json!([10, 20, 30]));
    for (capability, params, expected) in [
        ("image.thumbnail", json!({ "max_edge": 0 }), "INVALID_INPUT"),
        ("image.classify", json!({ "classification_types": "taste" }), "INVALID_INPUT"),
    ] {
        assert_eq!(ask(capability, params, &picture).await, Err(expected.to_owned()));
    }
    assert_eq!(ask("image.classify", types, b"no picture").await, Err("INVALID_IMAGE".to_owned()));
}

/// Promise: K-63
#[tokio::test]
async fn email_parser_parses() {
    let parse =
        async |params, file| done(email_parser::worker(0), "email.parse", params, Some(file)).await;
    let mail = b"From: a@b\r\nSubject: Your invoice\r\n\r\nHello there";
    let told = json_of(parse(json!({ "snippet_length": 7 }), mail).await);
    assert_eq!((&told["message_count"], &told["receipt_count"]), (&json!(1), &json!(1)));
    assert_eq!(told["messages"][0]["body_snippet"], "Hello...");
    let refused = Err("INVALID_INPUT".to_owned());
    assert_eq!(parse(json!({ "max_messages": 0 }), mail).await, refused);
    assert_eq!(parse(json!({}), b"no mail").await, refused);
}
