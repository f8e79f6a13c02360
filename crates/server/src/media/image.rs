//! Icons and screenshots.
//!
//! A raster picture is decoded and written anew as PNG, so that nothing but its pixels survives: no metadata, no second
//! file behind the first. An SVG is kept as it is, if it is small and holds nothing that runs or reaches out, and is
//! served so that a browser treats it as a picture ([`headers_for`]).

mod raster;
mod svg;

use chandlery_core::{Digest, Error, Result};
use http::{HeaderName, HeaderValue, header};

/// What a picture is for, which sets its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At most 1 MiB and 1024×1024; scaled down to 256×256.
    Icon,
    /// At most 4 MiB and 4096×4096; scaled down to 2560×2560.
    Screenshot,
}

impl Kind {
    /// The name of the input in errors, and of the kind wherever it is noted.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Icon => "icon",
            Self::Screenshot => "screenshot",
        }
    }

    /// The largest file in bytes, so that a handler can stop reading there.
    #[must_use]
    pub fn max_bytes(self) -> usize {
        match self {
            Self::Icon => 1 << 20,
            Self::Screenshot => 4 << 20,
        }
    }

    /// The largest width and height of what is read.
    fn max_side(self) -> u32 {
        match self {
            Self::Icon => 1024,
            Self::Screenshot => 4096,
        }
    }

    /// The largest width and height of what is kept. A photograph of 4 MiB would be tens of MiB as PNG otherwise.
    fn kept_side(self) -> u32 {
        match self {
            Self::Icon => 256,
            Self::Screenshot => 2560,
        }
    }
}

/// A picture that may be kept and served.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// The file.
    pub bytes: Vec<u8>,
    /// `image/png` or `image/svg+xml`.
    pub content_type: &'static str,
    /// Pixels; of an SVG what it says about itself, or 0.
    pub width: u32,
    /// Pixels; of an SVG what it says about itself, or 0.
    pub height: u32,
    /// The sha256 of the file.
    pub digest: Digest,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Image({} {}x{} {})", self.content_type, self.width, self.height, self.digest)
    }
}

/// Reads a PNG, JPEG, WebP, GIF (its first frame) or SVG and gives what may be kept of it. What it is, the bytes say;
/// nobody asks its name.
///
/// # Errors
///
/// [`Error::TooLarge`] for too many bytes; [`Error::Invalid`] for another format, too many pixels, a broken file, and an
/// SVG with something in it that a picture does not need.
pub fn normalise(bytes: &[u8], kind: Kind) -> Result<Image> {
    if bytes.len() > kind.max_bytes() {
        return Err(Error::TooLarge { what: kind.field().to_owned(), limit: kind.max_bytes() as u64 });
    }
    let (bytes, content_type, (width, height)) = if let Some(format) = raster::format(bytes) {
        let (png, size) = raster::to_png(bytes, format, kind)?;
        (png, "image/png", size)
    } else if svg::looks_like_xml(bytes) {
        (bytes.to_vec(), "image/svg+xml", svg::check(bytes, kind)?)
    } else {
        let reason = "is not a picture of a known kind; send PNG, JPEG, WebP, GIF or SVG";
        return Err(Error::invalid(kind.field(), reason));
    };
    let digest = Digest::of(&bytes);
    Ok(Image { bytes, content_type, width, height, digest })
}

/// The headers to serve a picture with: its type, which no browser may guess otherwise, and for those who open it by
/// itself a policy under which nothing in it runs or loads.
#[must_use]
pub fn headers_for(content_type: &str) -> [(HeaderName, HeaderValue); 4] {
    // Only the types that `normalise` gives; whatever else is asked for is bytes.
    let (content_type, policy, disposition) = match content_type {
        "image/svg+xml" => (
            "image/svg+xml",
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            // Pages that show it as a picture do not care; who opens it by itself gets a file, not a document.
            "attachment; filename=\"picture.svg\"",
        ),
        "image/png" => ("image/png", "default-src 'none'; sandbox", "inline; filename=\"picture.png\""),
        _ => ("application/octet-stream", "default-src 'none'; sandbox", "attachment"),
    };
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats() {
        let cases: [&[u8]; 9] = [
            b"",
            b"   ",
            b"hello",
            b"BM\x46\x00\x00\x00",
            b"II*\x00",
            b"%PDF-1.7",
            b"\x1f\x8b\x08",
            b"\x00\x00\x01\x00",
            b"#define x_width 1",
        ];
        for bytes in cases {
            let error = normalise(bytes, Kind::Icon).unwrap_err();
            assert_eq!(
                error.to_string(),
                "icon: is not a picture of a known kind; send PNG, JPEG, WebP, GIF or SVG"
            );
        }
        let error = normalise(b"<html><body>x</body></html>", Kind::Icon).unwrap_err();
        assert!(error.to_string().contains("its root is not svg"), "{error}");
    }

    #[test]
    fn too_many_bytes() {
        for kind in [Kind::Icon, Kind::Screenshot] {
            let error = normalise(&vec![0; kind.max_bytes() + 1], kind).unwrap_err();
            assert_eq!(error.code(), "too_large");
        }
    }

    #[test]
    fn headers() {
        let of =
            |content_type| headers_for(content_type).map(|(_, value)| value.to_str().unwrap().to_owned());
        let svg = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        let file = "attachment; filename=\"picture.svg\"";
        assert_eq!(of("image/svg+xml"), ["image/svg+xml", svg, "nosniff", file]);
        let file = "inline; filename=\"picture.png\"";
        assert_eq!(of("image/png"), ["image/png", "default-src 'none'; sandbox", "nosniff", file]);
        assert_eq!(of("text/html")[0], "application/octet-stream");
    }
}
