//! The workers as they stand: their files.

#[path = "../../../doc_converter.rs"]
pub mod doc_converter;
#[path = "../../../email_parser.rs"]
pub mod email_parser;
#[path = "../../../hello_world.rs"]
pub mod hello_world;
#[path = "../../../image_classifier.rs"]
pub mod image_classifier;
#[path = "../../../streaming.rs"]
pub mod streaming;
