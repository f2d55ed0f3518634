//! image-classifier.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::json;

use crate::support::{Answer, Fleet};
use crate::workers::image_classifier;

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_pixel(width, height, Rgb([10, 20, 30]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PNG that says that it is this large. Its checksums hold.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut png = picture(1, 1, ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

async fn classify(fleet: &Fleet, file: &[u8], types: &str, threshold: &str) -> Answer {
    let parts: [crate::support::Part<'_>; 3] = [
        ("file", Some("p"), file),
        ("classification_types", None, types.as_bytes()),
        ("confidence_threshold", None, threshold.as_bytes()),
    ];
    fleet.post_form("/classify", &parts).await
}

/// Promise: K-63
#[tokio::test]
async fn a_thumbnail_is_a_png_within_its_edge() {
    let fleet = Fleet::start(image_classifier::worker(0)).await;
    let jpeg = picture(400, 200, ImageFormat::Jpeg);
    for (max_edge, size) in
        [(None, (256, 128)), (Some("100"), (100, 50)), (Some("999"), (400, 200))]
    {
        let mut parts = vec![("file", Some("p.jpg"), &jpeg[..])];
        parts.extend(max_edge.map(|edge| ("max_edge", None, edge.as_bytes())));
        let answer = fleet.post_form("/thumbnail", &parts).await;
        assert_eq!(answer.status, 200);
        let thumbnail =
            image::load_from_memory_with_format(&answer.body, ImageFormat::Png).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), size);
    }
    for max_edge in ["0", "4097", "-1", "a"] {
        let parts = [("file", Some("p"), &jpeg[..]), ("max_edge", None, max_edge.as_bytes())];
        let answer = fleet.post_form("/thumbnail", &parts).await;
        assert_eq!(answer.refusal(), (400, "INVALID_INPUT".to_owned()));
    }
}

/// Promise: K-63
#[tokio::test]
async fn only_what_was_asked_for_is_told() {
    let fleet = Fleet::start(image_classifier::worker(0)).await;
    let png = picture(1001, 1000, ImageFormat::Png);
    let content = classify(&fleet, &png, "basic_content_analysis", "1").await.json();
    let expected = json!({ "width": 1001, "height": 1000, "estimated_complexity": "high" });
    assert_eq!(content, expected);
    let scene = classify(&fleet, &png, " scene_classification", "1").await.json();
    assert_eq!(scene["scene_type"], "dark/indoor");
    assert_eq!(scene["scene_confidence"], 1.0);
    assert_eq!(scene["scene_is_certain"], true);
    for (types, threshold) in [
        ("", "0.5"),
        ("faces", "0.5"),
        ("color_analysis,", "0.5"),
        ("color_analysis,color_analysis,color_analysis,color_analysis", "0.5"),
        ("color_analysis", "1.1"),
        ("color_analysis", "NaN"),
    ] {
        let answer = classify(&fleet, &png, types, threshold).await;
        assert_eq!(answer.refusal(), (400, "INVALID_INPUT".to_owned()), "{types} {threshold}");
    }
}

/// Promise: K-65
#[tokio::test]
async fn forty_million_pixels_are_taken() {
    let fleet = Fleet::start(image_classifier::worker(0)).await;
    let image = DynamicImage::from(image::GrayImage::new(8000, 5000));
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).unwrap();
    let answer = classify(&fleet, png.get_ref(), "basic_content_analysis", "0.6").await;
    assert_eq!((answer.status, &answer.json()["width"]), (200, &json!(8000)));
    let more = claiming(8000, 5001);
    let answer = classify(&fleet, &more, "basic_content_analysis", "0.6").await;
    assert_eq!(answer.refusal(), (400, "INVALID_IMAGE".to_owned()));
}

/// Promise: K-65
#[tokio::test]
async fn what_is_no_picture_or_too_much_of_one_is_refused() {
    let fleet = Fleet::start(image_classifier::worker(0)).await;
    let mut cut = picture(500, 500, ImageFormat::Png);
    cut.truncate(cut.len() / 2);
    let mut too_large = picture(4, 4, ImageFormat::Png);
    too_large.resize(21 << 20, 0);
    let mut just_too_large = too_large.clone();
    just_too_large.truncate((20 << 20) + 1);
    let hostile = [
        claiming(60_009, 60_000),
        claiming(u32::MAX, u32::MAX),
        claiming(40_000_001, 1),
        claiming(0, 0),
        claiming(6_000, 6_000),
        cut,
        too_large,
        just_too_large,
        b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(),
        b"-resize 10x10".to_vec(),
    ];
    for (at, file) in hostile.iter().enumerate() {
        let answer = classify(&fleet, file, "color_analysis", "0.6").await;
        assert_eq!(answer.refusal(), (400, "INVALID_IMAGE".to_owned()), "{at}: {answer:?}");
    }
    let not_a_form = fleet.post("/classify", "application/json", b"{}".to_vec()).await;
    assert_eq!(not_a_form.refusal(), (400, "INVALID_INPUT".to_owned()));
    assert!(fleet.is_up().await);
    let png = picture(4, 4, ImageFormat::Png);
    assert_eq!(classify(&fleet, &png, "color_analysis", "0.6").await.status, 200);
}
