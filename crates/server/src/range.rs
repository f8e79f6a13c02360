//! `Range` requests (RFC 9110 14): one range of bytes; several in one request are answered whole, as the RFC allows.

use http::{HeaderMap, HeaderValue, header};

/// What of a file was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// All of it.
    Whole,
    /// From `first` to `last`, both included, both inside the file.
    Part {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte.
        last: u64,
    },
    /// Nothing that the file has.
    Unsatisfiable,
}

/// What `headers` ask for of a file with this entity tag and size. A range that cannot be read, or that was meant for
/// another version of the file (`If-Range`), counts as none.
pub(crate) fn requested_range(headers: &HeaderMap, etag: &HeaderValue, size: u64) -> Requested {
    let meant_for_this = headers.get(header::IF_RANGE).is_none_or(|wanted| wanted == etag);
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    match range.and_then(|range| range.strip_prefix("bytes=")) {
        Some(range) if meant_for_this => resolve(range, size).unwrap_or(Requested::Whole),
        _ => Requested::Whole,
    }
}

/// `FIRST-LAST`, `FIRST-` or `-LENGTH`; `None` if it is none of these.
fn resolve(range: &str, size: u64) -> Option<Requested> {
    let (first, last) = range.split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    let (first, last) = match (first, last) {
        ("", length) => {
            let length = number(length)?;
            if length == 0 {
                return Some(Requested::Unsatisfiable);
            }
            (size.saturating_sub(length), size.saturating_sub(1))
        }
        (first, "") => (number(first)?, size.saturating_sub(1)),
        (first, last) => (number(first)?, number(last)?.min(size.saturating_sub(1))),
    };
    if first >= size {
        return Some(Requested::Unsatisfiable);
    }
    (first <= last).then_some(Requested::Part { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        use Requested::{Unsatisfiable, Whole};
        let part = |first, last| Requested::Part { first, last };
        let cases = [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-5", part(2, 5)),
            ("bytes=2-", part(2, 9)),
            ("bytes=2-99999999999", part(2, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=-0", Unsatisfiable),
            ("bytes=10-", Unsatisfiable),
            ("bytes=10-12", Unsatisfiable),
            ("bytes=5-2", Whole),
            ("bytes=a-b", Whole),
            ("bytes=1-2,4-5", Whole),
            ("bytes=-", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=99999999999999999999-", Whole),
            ("lines=1-2", Whole),
        ];
        for (range, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            let etag = HeaderValue::from_static("\"x\"");
            assert_eq!(requested_range(&headers, &etag, 10), expected, "{range}");
            headers.insert(header::IF_RANGE, "\"y\"".parse().unwrap());
            assert_eq!(requested_range(&headers, &etag, 10), Whole, "{range} of another version");
        }
    }

    #[test]
    fn an_empty_file_has_no_ranges() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=0-".parse().unwrap());
        assert_eq!(
            requested_range(&headers, &HeaderValue::from_static("\"x\""), 0),
            Requested::Unsatisfiable
        );
        headers.insert(header::RANGE, "bytes=-1".parse().unwrap());
        assert_eq!(
            requested_range(&headers, &HeaderValue::from_static("\"x\""), 0),
            Requested::Unsatisfiable
        );
    }
}
