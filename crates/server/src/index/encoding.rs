//! Content encodings of the index, made of fragments that were compressed on their own.
//!
//! A gzip member may be put together from deflate blocks: each fragment is deflated without history and ends with an
//! empty stored block at a byte boundary (Z_FULL_FLUSH, RFC 1951 3.2.4), so fragments follow each other in one stream;
//! the member's CRC is combined from theirs. A zstd stream may be a sequence of frames (RFC 8878 3.1).

use std::io;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};

/// How an index is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Identity,
    /// `gzip`
    Gzip,
    /// `zstd`
    Zstd,
}

impl Encoding {
    /// Every encoding, at the place of its number.
    pub(super) const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Zstd];

    /// The value of `Content-Encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The best encoding that an `Accept-Encoding` header allows (RFC 9110 12.5.3): zstd, else gzip, else none.
    pub(crate) fn accepted(header: Option<&str>) -> Self {
        let header = header.unwrap_or_default();
        let accepts = |encoding: &Self| encoding.name().is_some_and(|name| quality(header, name) > 0.0);
        [Self::Zstd, Self::Gzip].into_iter().find(accepts).unwrap_or(Self::Identity)
    }

    /// The encoded form of one fragment.
    pub(super) fn encode(self, text: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(text.to_vec()),
            Self::Gzip => deflate_blocks(text),
            Self::Zstd => zstd::bulk::compress(text, zstd::DEFAULT_COMPRESSION_LEVEL),
        }
    }
}

/// The weight an `Accept-Encoding` gives to a coding: its own, else that of `*`, else 0.
fn quality(header: &str, name: &str) -> f32 {
    let weight_of = |wanted: &str| {
        header.split(',').find_map(|item| {
            let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
            if !coding.trim().eq_ignore_ascii_case(wanted) {
                return None;
            }
            let weight = parameters.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse().ok());
            Some(weight.unwrap_or(1.0))
        })
    };
    weight_of(name).or_else(|| weight_of("*")).unwrap_or(0.0)
}

/// Deflate blocks of `text` without history, ending at a byte boundary, none of them final.
fn deflate_blocks(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut deflate = Compress::new(Compression::default(), false);
    let mut output = Vec::with_capacity(text.len() / 8 + 64);
    loop {
        let taken = usize::try_from(deflate.total_in()).map_err(io::Error::other)?;
        output.reserve(text.len() / 16 + 64);
        let status = deflate
            .compress_vec(&text[taken..], &mut output, FlushCompress::Full)
            .map_err(io::Error::other)?;
        // Room left over means that everything was taken and flushed.
        let done = deflate.total_in() == text.len() as u64 && output.len() < output.capacity();
        if done || status == Status::StreamEnd {
            return Ok(output);
        }
    }
}

/// What a gzip member begins with (RFC 1952 2.3): no name, no time, unknown system.
pub(super) const GZIP_HEADER: Bytes = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/// What a gzip member ends with: a final empty block, the CRC of the plain text and its length modulo 2^32.
pub(super) fn gzip_trailer(checksum: crc32fast::Hasher, length: u64) -> Bytes {
    const FINAL_EMPTY_BLOCK: [u8; 2] = [3, 0];
    let low_bits = u32::try_from(length & u64::from(u32::MAX)).expect("masked to 32 bits");
    let mut trailer = FINAL_EMPTY_BLOCK.to_vec();
    trailer.extend(checksum.finalize().to_le_bytes());
    trailer.extend(low_bits.to_le_bytes());
    trailer.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn negotiation() {
        let cases = [
            (None, Encoding::Identity),
            (Some(""), Encoding::Identity),
            (Some("gzip"), Encoding::Gzip),
            (Some("gzip, deflate, br"), Encoding::Gzip),
            (Some("gzip, deflate, br, zstd"), Encoding::Zstd),
            (Some("GZIP;q=0.5, zstd;q=0"), Encoding::Gzip),
            (Some("*"), Encoding::Zstd),
            (Some("*;q=0"), Encoding::Identity),
            (Some("identity"), Encoding::Identity),
            (Some("gzip;q=0, *"), Encoding::Zstd),
            (Some("br"), Encoding::Identity),
        ];
        for (header, expected) in cases {
            assert_eq!(Encoding::accepted(header), expected, "{header:?}");
        }
    }

    #[test]
    fn fragments_make_one_stream() {
        let fragments: Vec<Vec<u8>> = [0, 1, 100, 70_000, 1_000_000]
            .iter()
            .map(|&length| {
                (0..length).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 27) as u8).collect()
            })
            .collect();
        let plain = fragments.concat();

        let mut gzip = GZIP_HEADER.to_vec();
        let mut checksum = crc32fast::Hasher::new();
        for fragment in &fragments {
            gzip.extend(Encoding::Gzip.encode(fragment).unwrap());
            let mut own = crc32fast::Hasher::new();
            own.update(fragment);
            checksum.combine(&own);
        }
        gzip.extend(gzip_trailer(checksum, plain.len() as u64));
        let mut read = Vec::new();
        // GzDecoder, not MultiGzDecoder: it has to be a single member.
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, plain);

        let zstd: Vec<u8> =
            fragments.iter().flat_map(|fragment| Encoding::Zstd.encode(fragment).unwrap()).collect();
        assert_eq!(zstd::stream::decode_all(&zstd[..]).unwrap(), plain);
    }
}
