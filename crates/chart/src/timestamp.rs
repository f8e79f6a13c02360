//! Points in time as Go writes them.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// From which seconds are counted.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A time in RFC 3339 with up to nine digits of fraction and its own offset, as Go's JSON has it.
///
/// It is kept as text, without trailing zeros of the fraction and with `Z` for an offset of zero. The default is Go's
/// zero time, `0001-01-01T00:00:00Z`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    text: String,
    unix_seconds: i64,
}

/// A text that is not a time in RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a time such as 2026-11-21T03:15:04.5Z")]
pub struct TimestampError(String);

impl Timestamp {
    /// The time that many seconds and nanoseconds (below one second) after 1970 began, in UTC.
    ///
    /// Years outside 0 to 9999 cannot be written and become the default.
    #[must_use]
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Self {
        let since = SignedDuration::from_secs(seconds);
        let Some(time) = EPOCH.checked_add(since).ok().filter(|time| time.year() >= 0) else {
            return Self::default();
        };
        let fraction = fraction_text(&format!("{:09}", nanoseconds % 1_000_000_000));
        Self { text: format!("{time}{fraction}Z"), unix_seconds: seconds }
    }

    /// The text in RFC 3339.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whole seconds since 1970, the fraction dropped.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        self.unix_seconds
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self { text: "0001-01-01T00:00:00Z".to_owned(), unix_seconds: -62_135_596_800 }
    }
}

fn fraction_text(digits: &str) -> String {
    match digits.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    }
}

/// Reads exactly the characters of `pattern`, where `0` stands for a digit; gives the numbers between other characters,
/// of at most four digits.
fn scan<const N: usize>(text: &str, pattern: &str) -> Option<[i16; N]> {
    if text.len() != pattern.len() {
        return None;
    }
    let mut numbers = [0; N];
    let mut index = 0;
    for (byte, expected) in text.bytes().zip(pattern.bytes()) {
        match expected {
            b'0' if byte.is_ascii_digit() => numbers[index] = numbers[index] * 10 + i16::from(byte - b'0'),
            b'0' => return None,
            _ if byte == expected => index += 1,
            _ => return None,
        }
    }
    Some(numbers)
}

/// The date and time without fraction and offset, as seconds since 1970.
fn parse_local(text: &str) -> Option<i64> {
    let [year, rest @ ..]: [i16; 6] = scan(text, "0000-00-00T00:00:00")?;
    let [month, day, hour, minute, second] = rest.map(|number| i8::try_from(number).expect("two digits"));
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(time.duration_since(EPOCH).as_secs())
}

/// The offset from UTC in seconds.
fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = scan(text.strip_prefix(['+', '-'])?, "00:00")?;
    (hours < 24 && minutes < 60).then_some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

fn parse(text: &str) -> Option<Timestamp> {
    let (local, rest) = text.split_at_checked("0000-00-00T00:00:00".len())?;
    let zone_start = rest.find(['Z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_start);
    let digits = fraction.strip_prefix('.').unwrap_or_default();
    let fraction_valid = fraction.is_empty()
        || (!digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !fraction_valid {
        return None;
    }
    let offset = parse_offset(zone)?;
    let unix_seconds = parse_local(local)? - offset;
    let fraction = fraction_text(digits.get(..9).unwrap_or(digits));
    let zone = if offset == 0 { "Z" } else { zone };
    Some(Timestamp { text: format!("{local}{fraction}{zone}"), unix_seconds })
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text).ok_or_else(|| TimestampError(crate::metadata::quote(text)))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_as_go() {
        let cases = [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0),
            ("2026-11-21T01:30:13.632572027Z", "2026-11-21T01:30:13.632572027Z", 1_795_224_613),
            ("2026-11-21T01:30:13.500+00:00", "2026-11-21T01:30:13.5Z", 1_795_224_613),
            ("2024-02-29T23:59:59.000-05:30", "2024-02-29T23:59:59-05:30", 1_709_270_999),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", -62_135_596_800),
        ];
        for (text, normal, seconds) in cases {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!((time.as_str(), time.unix_seconds()), (normal, seconds));
        }
        assert_eq!(Timestamp::from_unix(1_795_224_613, 632_572_000).as_str(), "2026-11-21T01:30:13.632572Z");
        assert_eq!(Timestamp::from_unix(-1, 0).as_str(), "1969-12-31T23:59:59Z");
        let written = |seconds| Timestamp::from_unix(seconds, 0).to_string();
        let ends = [
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ];
        for (seconds, text) in ends {
            assert_eq!(written(seconds), text);
            assert_eq!(text.parse::<Timestamp>().unwrap().unix_seconds(), seconds);
        }
        for beyond in [-62_167_219_201, 253_402_300_800, i64::MIN, i64::MAX] {
            assert_eq!(Timestamp::from_unix(beyond, 0), Timestamp::default());
        }
        let bad = [
            "",
            "2026-11-21",
            "2026-11-21T01:30:13",
            "2026-11-21 01:30:13Z",
            "2026-13-01T00:00:00Z",
            "é",
            "2025-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T23:59:60Z",
            "2026-00-01T00:00:00Z",
            "2026-11-21T01:30:13.Z",
            "2026-11-21T01:30:13+1:00",
            "2026-11-21T01:30:13z",
            "2026-11-21T01:30:13.5é+01:00",
            "2026-11-21T01:30:1éZ",
        ];
        for text in bad {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        }
    }
}
