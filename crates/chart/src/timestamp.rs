//! Points in time as Go writes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        if !(0..=9999).contains(&year) {
            return Self::default();
        }
        let second = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let fraction = fraction_text(&format!("{:09}", nanoseconds % 1_000_000_000));
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z");
        Self { text, unix_seconds: seconds }
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

/// The proleptic Gregorian date that many days after 1970-01-01, with years counted from March.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads exactly the characters of `pattern`, where `0` stands for a digit; gives the numbers between other characters.
fn scan<const N: usize>(text: &str, pattern: &str) -> Option<[i64; N]> {
    if text.len() != pattern.len() {
        return None;
    }
    let mut numbers = [0; N];
    let mut index = 0;
    for (byte, expected) in text.bytes().zip(pattern.bytes()) {
        match expected {
            b'0' if byte.is_ascii_digit() => numbers[index] = numbers[index] * 10 + i64::from(byte - b'0'),
            b'0' => return None,
            _ if byte == expected => index += 1,
            _ => return None,
        }
    }
    Some(numbers)
}

/// The date and time without fraction and offset, as seconds since 1970.
fn parse_local(text: &str) -> Option<i64> {
    let [year, month, day, hour, minute, second] = scan(text, "0000-00-00T00:00:00")?;
    let valid = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    valid.then(|| days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// The offset from UTC in seconds.
fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = scan(text.strip_prefix(['+', '-'])?, "00:00")?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
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
        for days in [-719_528_i64, -1, 0, 59, 60, 11_016, 2_932_896] {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
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
