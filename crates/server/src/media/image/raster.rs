//! Pictures of pixels.

use std::io::Cursor;

use chandlery_core::{Error, Result};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::Kind;

/// The most memory that decoding may take: 4096×4096 pixels of four bytes (64 MiB), and as much again for the decoder.
const MAX_ALLOCATION: u64 = 128 << 20;

/// The formats that are read.
const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];

/// What `bytes` begin like.
pub(super) fn format(bytes: &[u8]) -> Option<ImageFormat> {
    image::guess_format(bytes).ok().filter(|format| FORMATS.contains(format))
}

/// Decodes a picture, turns it as its camera says, scales it down, and writes it as PNG; also gives its size.
pub(super) fn to_png(bytes: &[u8], format: ImageFormat, kind: Kind) -> Result<(Vec<u8>, (u32, u32))> {
    let image = decode(bytes, format, kind).map_err(|error| refuse(&error, kind))?;
    let side = kind.kept_side();
    let image = if image.width() > side || image.height() > side {
        image.resize(side, side, image::imageops::FilterType::CatmullRom)
    } else {
        image
    };
    let image = if image.color().has_alpha() {
        DynamicImage::ImageRgba8(image.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    };
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).map_err(Error::internal)?;
    Ok((png.into_inner(), (image.width(), image.height())))
}

/// The dimensions are read and checked before anything of their size is allocated.
fn decode(bytes: &[u8], format: ImageFormat, kind: Kind) -> Result<DynamicImage, ImageError> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(kind.max_side());
    limits.max_image_height = Some(kind.max_side());
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    // A picture whose metadata cannot be read is shown as it lies.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn refuse(error: &ImageError, kind: Kind) -> Error {
    let side = kind.max_side();
    let reason = match error {
        ImageError::Limits(_) => format!("is larger than {side}×{side} pixels, or needs too much memory"),
        // Half a picture and a whole one that nobody can read are the same to whoever sent it.
        _ => "cannot be decoded: the file is damaged, or not what it begins like".to_owned(),
    };
    Error::invalid(kind.field(), reason)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use image::{ExtendedColorType, ImageEncoder as _, Rgba, RgbaImage};

    use super::super::{Image, normalise};
    use super::*;

    fn picture(width: u32, height: u32) -> DynamicImage {
        let pixel =
            |x: u32, y: u32| Rgba([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 7, 255]);
        RgbaImage::from_fn(width, height, pixel).into()
    }

    fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn pixels(image: &Image) -> RgbaImage {
        image::load_from_memory_with_format(&image.bytes, ImageFormat::Png).unwrap().into_rgba8()
    }

    /// One chunk of a PNG, with a good checksum.
    fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let body = [name, data].concat();
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A PNG that says what size it has and holds what it is given.
    fn png(width: u32, height: u32, more: &[u8], data: &[u8]) -> Vec<u8> {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let header = chunk(b"IHDR", &[&size[..], &[8, 6, 0, 0, 0]].concat());
        [b"\x89PNG\r\n\x1a\n", &header[..], more, &chunk(b"IDAT", data), &chunk(b"IEND", b"")].concat()
    }

    #[test]
    fn formats() {
        let original = picture(20, 10);
        for format in FORMATS {
            let source =
                if format == ImageFormat::Jpeg { original.to_rgb8().into() } else { original.clone() };
            let image = normalise(&encode(&source, format), Kind::Icon).unwrap();
            assert_eq!((image.content_type, image.width, image.height), ("image/png", 20, 10), "{format:?}");
            assert_eq!(image.digest, chandlery_core::Digest::of(&image.bytes));
            let kept = pixels(&image);
            assert_eq!(kept.dimensions(), (20, 10));
            if matches!(format, ImageFormat::Png | ImageFormat::WebP) {
                assert_eq!(kept, original.to_rgba8(), "{format:?}");
            }
        }
    }

    #[test]
    fn scaled_down_with_their_shape() {
        let cases = [
            (Kind::Icon, (1024, 512), (256, 128)),
            (Kind::Icon, (100, 1000), (26, 256)),
            (Kind::Icon, (256, 256), (256, 256)),
            (Kind::Icon, (1, 1), (1, 1)),
            (Kind::Icon, (1024, 1), (256, 1)),
            (Kind::Screenshot, (1280, 720), (1280, 720)),
            (Kind::Screenshot, (2600, 20), (2560, 20)),
        ];
        for (kind, (width, height), size) in cases {
            let image = normalise(&encode(&picture(width, height), ImageFormat::Png), kind).unwrap();
            assert_eq!((image.width, image.height), size, "{width}x{height}");
        }
    }

    #[test]
    fn too_many_pixels() {
        let cases = [
            (Kind::Icon, (1025, 1)),
            (Kind::Icon, (1, 1025)),
            (Kind::Screenshot, (4097, 1)),
            (Kind::Screenshot, (1, 4097)),
            // A bomb: 16 gigapixels in its header, and in its data what inflates to them.
            (Kind::Screenshot, (0x1_0000, 0x4_0000)),
            (Kind::Icon, (0x7fff_ffff, 0x7fff_ffff)),
        ];
        let data = zlib(&vec![0; 4 << 20]);
        for (kind, (width, height)) in cases {
            let error = normalise(&png(width, height, b"", &data), kind).unwrap_err();
            assert!(error.to_string().contains("pixels"), "{width}x{height}: {error}");
        }
        let gif = [b"GIF89a".as_slice(), &[0xff, 0xff, 0xff, 0xff, 0, 0, 0]].concat();
        let error = normalise(&gif, Kind::Screenshot).unwrap_err();
        assert_eq!(error.code(), "invalid", "{error}");
    }

    /// Compressed chunks beside the pixels inflate to nothing that is kept.
    #[test]
    fn bombs_beside_the_pixels() {
        let bomb = zlib(&vec![b'x'; 64 << 20]);
        let rows = zlib(&[0; 8 * (1 + 8 * 4)]);
        for (name, head) in [(b"zTXt", b"a\0\0".as_slice()), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\x01\0\0\0")]
        {
            let file = png(8, 8, &chunk(name, &[head, &bomb].concat()), &rows);
            match normalise(&file, Kind::Icon) {
                Ok(image) => assert!(image.bytes.len() < 1000, "{} bytes", image.bytes.len()),
                Err(error) => assert_eq!(error.code(), "invalid"),
            }
        }
    }

    #[test]
    fn only_pixels_survive() {
        let text = chunk(b"tEXt", b"Comment\0<script>alert(1)</script>");
        let mut file = png(8, 8, &text, &zlib(&[0; 8 * (1 + 8 * 4)]));
        file.extend_from_slice(b"PK\x03\x04 another file <script>");
        let image = normalise(&file, Kind::Icon).unwrap();
        let kept = String::from_utf8_lossy(&image.bytes);
        assert!(!kept.contains("script") && !kept.contains("PK\x03\x04"));
        // What was normalised once stays as it is.
        assert_eq!(normalise(&image.bytes, Kind::Icon).unwrap(), image);
    }

    #[test]
    fn damaged_files() {
        let original = picture(64, 64);
        for format in FORMATS {
            let source =
                if format == ImageFormat::Jpeg { original.to_rgb8().into() } else { original.clone() };
            let good = encode(&source, format);
            for length in [12, good.len() / 4, good.len() / 2] {
                if let Err(error) = normalise(&good[..length], Kind::Icon) {
                    assert_eq!(error.code(), "invalid", "{format:?} {length}: {error}");
                }
            }
            let mut other = good.clone();
            for byte in other.iter_mut().skip(good.len() / 3) {
                *byte = byte.wrapping_mul(31).wrapping_add(7);
            }
            if let Err(error) = normalise(&other, Kind::Icon) {
                assert_eq!(error.code(), "invalid", "{format:?}: {error}");
            }
        }
        assert!(normalise(&png(8, 8, b"", b"not zlib"), Kind::Icon).is_err());
    }

    /// A photograph that says it lies on its side is stood up, since the note itself is lost.
    #[test]
    fn turned_as_the_camera_says() {
        let mut jpeg = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut jpeg);
        // TIFF, little endian, one entry: orientation (0x0112), short, one, 6 (turn right).
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
        encoder.set_exif_metadata(exif).unwrap();
        encoder.write_image(&[9; 20 * 10 * 3], 20, 10, ExtendedColorType::Rgb8).unwrap();
        let image = normalise(&jpeg, Kind::Icon).unwrap();
        assert_eq!((image.width, image.height), (10, 20));
    }
}
