//! The workers as they stand: their files, but for `main`.

#[expect(dead_code, reason = "tests start the worker themselves")]
#[path = "../../../doc_converter.rs"]
pub mod doc_converter;
#[expect(dead_code, reason = "tests start the worker themselves")]
#[path = "../../../email_parser.rs"]
pub mod email_parser;
#[expect(dead_code, reason = "tests start the worker themselves")]
#[path = "../../../hello_world.rs"]
pub mod hello_world;
#[expect(dead_code, reason = "tests start the worker themselves")]
#[path = "../../../image_classifier.rs"]
pub mod image_classifier;
#[expect(dead_code, reason = "tests start the worker themselves")]
#[path = "../../../streaming.rs"]
pub mod streaming;
