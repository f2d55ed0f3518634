//! The pictures of the demo.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::ImageFormat;

use crate::commands::pictures::thumbnail;

/// 3600 x 2400 pixels.
const PICTURE: &[u8] = include_bytes!("../../../assets/evening.jpg");

/// The thumbnail's longer side, pixels.
const THUMBNAIL: u32 = 480;

/// Makes a directory of pictures: one, and in a directory below the four quarters of it.
pub fn make(folder: &Path) -> anyhow::Result<()> {
    let details = folder.join("details");
    fs::create_dir_all(&details)?;
    fs::write(folder.join("evening.jpg"), PICTURE)?;
    let picture = image::load_from_memory(PICTURE)?;
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    for (name, x, y) in [
        ("north-west", 0, 0),
        ("north-east", width, 0),
        ("south-west", 0, height),
        ("south-east", width, height),
    ] {
        let quarter = picture.crop_imm(x, y, width, height);
        quarter.save_with_format(details.join(name).with_extension("jpg"), ImageFormat::Jpeg)?;
    }
    Ok(())
}

/// Makes a smaller picture of every picture in `from`, under the same name in `to`; how many there are.
pub fn shrink(from: &Path, to: &Path) -> anyhow::Result<u64> {
    fs::create_dir_all(to)?;
    let mut entries: Vec<PathBuf> = fs::read_dir(from)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    let mut count = 0;
    for path in entries {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            count += shrink(&path, &target)?;
        } else {
            let picture = BufReader::new(fs::File::open(&path)?);
            thumbnail(picture, THUMBNAIL)?.save_with_format(target, ImageFormat::Jpeg)?;
            count += 1;
        }
    }
    Ok(count)
}
