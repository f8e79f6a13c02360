//! How settings are spelled: sizes, times, addresses, switches.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Units of sizes, longest suffix first, in bytes.
const SIZE_UNITS: &[(&str, u64)] = &[
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("b", 1),
    ("", 1),
];

/// Units of times, longest suffix first, in milliseconds.
const TIME_UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("", 1_000)];

/// Reads a number of bytes: `20971520`, `100MiB`, `1 GB`.
pub(crate) fn read_size(text: &str) -> Result<u64> {
    with_unit(text, SIZE_UNITS).with_context(|| {
        format!("{text:?} is not a size: write bytes, or a number with KiB, MiB, GiB, kB, MB or GB")
    })
}

/// Reads a time span: `30s`, `500ms`, `2m`, `1h`; a plain number counts seconds.
pub(crate) fn read_duration(text: &str) -> Result<Duration> {
    with_unit(text, TIME_UNITS)
        .map(Duration::from_millis)
        .with_context(|| format!("{text:?} is not a time span: write a number with ms, s, m or h"))
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let (suffix, factor) = units.iter().find(|(suffix, _)| lower.ends_with(suffix))?;
    let digits = lower.strip_suffix(suffix)?.trim_end();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

/// Reads a switch: what Go's flag package accepts, and yes/no, on/off.
pub(crate) fn read_switch(text: &str) -> Result<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "yes" | "on" => Ok(true),
        "0" | "f" | "false" | "no" | "off" | "" => Ok(false),
        _ => bail!("{text:?} is neither true nor false"),
    }
}

/// Reads a number of which 0 means that there is no limit, as ChartMuseum has it.
pub(crate) fn read_limit(text: &str) -> Result<Option<u64>> {
    let number: u64 =
        text.trim().parse().with_context(|| format!("{text:?} is not a number, or 0 for no limit"))?;
    Ok((number != 0).then_some(number))
}

/// Reads an address to listen on: `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`, `:8080` and `8080` (all interfaces).
pub(crate) fn read_listen(text: &str) -> Result<SocketAddr> {
    let text = text.trim();
    let full = match text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        Ok(port) => format!("0.0.0.0:{port}"),
        Err(_) => text.to_owned(),
    };
    full.to_socket_addrs().ok().and_then(|mut addresses| addresses.next()).with_context(|| {
        format!("{text:?} is not an address to listen on: write HOST:PORT, such as 0.0.0.0:8080")
    })
}

/// Normalises a path prefix to `""` or `/prefix` without a trailing slash.
pub(crate) fn read_context_path(text: &str) -> Result<String> {
    let inner = text.trim().trim_matches('/');
    if inner.is_empty() {
        return Ok(String::new());
    }
    let plain = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    if !inner.split('/').all(plain) {
        bail!(
            "{text:?} is not a path prefix: use segments of letters, digits, '-', '_', '.' and '~', such as /charts"
        );
    }
    Ok(format!("/{inner}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            ("0", Some(0)),
            ("20971520", Some(20 << 20)),
            ("100MiB", Some(100 << 20)),
            ("1 GB", Some(1_000_000_000)),
            ("5kb", Some(5_000)),
            ("", None),
            ("MiB", None),
            ("-1", None),
            ("1.5MiB", None),
            ("99999999999999999999", None),
            ("18446744073709551615GiB", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_size(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn durations() {
        let cases = [
            ("30", Some(30_000)),
            ("30s", Some(30_000)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("", None),
            ("fast", None),
            ("-3s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_duration(text).ok(), expected.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn addresses() {
        let cases = [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("[::]:9", Some("[::]:9")),
            (":8080", Some("0.0.0.0:8080")),
            ("8080", Some("0.0.0.0:8080")),
            ("127.0.0.1:0", Some("127.0.0.1:0")),
            ("", None),
            ("70000", None),
            ("127.0.0.1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_listen(text).ok(), expected.map(|address| address.parse().unwrap()), "{text:?}");
        }
    }

    #[test]
    fn context_paths() {
        let cases = [
            ("", Some("")),
            ("/", Some("")),
            ("charts", Some("/charts")),
            ("/charts/", Some("/charts")),
            ("/x/y", Some("/x/y")),
            ("/x//y", None),
            ("/x/../y", None),
            ("/a b", None),
            ("/a%2fb", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_context_path(text).ok().as_deref(), expected, "{text:?}");
        }
    }
}
