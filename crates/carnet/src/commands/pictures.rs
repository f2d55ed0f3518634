//! Smaller pictures.

use std::io::{BufRead, Seek};

use image::{DynamicImage, ImageDecoder as _, ImageError, ImageReader, ImageResult, Limits};

/// The largest picture that is decoded.
const PIXELS_MAX: u64 = 40_000_000;
/// Sixteen bits for each of red, green, blue and alpha.
const PIXEL_BYTES_MAX: u64 = 8;

/// A picture, turned as its camera was held, its longer edge at most `edge`. It is never made larger. Its pixels are
/// counted before memory is taken for them.
pub fn thumbnail(picture: impl BufRead + Seek, edge: u32) -> ImageResult<DynamicImage> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(PIXELS_MAX * PIXEL_BYTES_MAX);
    let mut reader = ImageReader::new(picture).with_guessed_format()?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(ImageError::Limits(image::error::LimitError::from_kind(
            image::error::LimitErrorKind::DimensionError,
        )));
    }
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let is_large = width.max(height) > edge;
    Ok(if is_large { picture.thumbnail(edge, edge) } else { picture })
}
