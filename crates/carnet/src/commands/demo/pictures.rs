//! The pictures of the demo.

use std::fs;
use std::path::{Path, PathBuf};

use image::ImageFormat;

/// 3600 x 2400 pixels.
const PICTURE: &[u8] = include_bytes!("../../../assets/evening.jpg");

/// The thumbnail's longer side, pixels.
pub const THUMBNAIL: u32 = 480;

/// Makes pictures in a folder: one, and the four quarters of it.
pub fn make(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let whole = folder.join("evening.jpg");
    fs::write(&whole, PICTURE)?;
    let picture = image::load_from_memory(PICTURE)?;
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    let mut pictures = vec![whole];
    for (name, x, y) in [
        ("north-west", 0, 0),
        ("north-east", width, 0),
        ("south-west", 0, height),
        ("south-east", width, height),
    ] {
        let path = folder.join(name).with_extension("jpg");
        picture.crop_imm(x, y, width, height).save_with_format(&path, ImageFormat::Jpeg)?;
        pictures.push(path);
    }
    Ok(pictures)
}
