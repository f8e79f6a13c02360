//! Dates and durations: sprig's functions, and those that Helm has for durations from 4.3 on.
//!
//! Local time is UTC: nothing of the machine that renders may show in what is rendered.

mod duration;
mod format;
mod layout;
mod objects;
mod parse;
mod time;
mod zone;

use std::cell::RefCell;
use std::collections::HashMap;

use crate::error::Error;
use crate::exec::Call;
use crate::format::quote;
use crate::functions::Functions;
use crate::value::{Integer, IntegerKind, Text, Value};
use duration::{Duration, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND};
use time::Time;
use zone::Zone;

pub(super) fn add(functions: &mut Functions) {
    functions.add_varying("now", |call: &mut Call<'_>| now(call));
    functions.add_varying("ago", ago);
    functions.add_varying("date", |call: &mut Call<'_>, layout: Text, date: Value| {
        show(call, &layout, &date, b"Local")
    });
    functions.add_varying("htmlDate", |call: &mut Call<'_>, date: Value| show(call, HTML, &date, b"Local"));
    functions.add_varying("htmlDateInZone", |call: &mut Call<'_>, date: Value, zone: Text| {
        show(call, HTML, &date, &zone)
    });
    for name in ["dateInZone", "date_in_zone"] {
        functions.add_varying(name, |call: &mut Call<'_>, layout: Text, date: Value, zone: Text| {
            show(call, &layout, &date, &zone)
        });
    }
    for name in ["dateModify", "date_modify"] {
        functions.add(name, |change: Text, date: Time| modify(&change, &date).unwrap_or(date));
    }
    for name in ["mustDateModify", "must_date_modify"] {
        functions.add(name, |change: Text, date: Time| modify(&change, &date));
    }
    functions.add("toDate", |layout: Text, text: Text| {
        Time::parse(&layout, &text).unwrap_or_else(|_| Time::zero())
    });
    functions.add("mustToDate", |layout: Text, text: Text| Time::parse(&layout, &text));
    functions.add("unixEpoch", |date: Time| date.unix.to_string());
    functions.add("duration", |value: Value| of_seconds(&value));
    functions.add_varying("durationRound", |call: &mut Call<'_>, value: Value| round(call, &value));
}

/// The functions for durations that Helm adds to sprig's in 4.3. They read numbers as seconds.
pub(super) fn add_durations(functions: &mut Functions) {
    functions.add("mustToDuration", |value: Value| parse(&value));
    in_float(functions, "durationSeconds", |duration| duration.in_unit(SECOND));
    in_float(functions, "durationMinutes", |duration| duration.in_unit(MINUTE));
    in_float(functions, "durationHours", |duration| duration.in_unit(HOUR));
    in_float(functions, "durationDays", |duration| duration.in_unit(HOUR) / 24.0);
    in_float(functions, "durationWeeks", |duration| duration.in_unit(HOUR) / 24.0 / 7.0);
    in_integer(functions, "durationMilliseconds", MILLISECOND);
    in_integer(functions, "durationMicroseconds", MICROSECOND);
    in_integer(functions, "durationNanoseconds", 1);
    functions.add("durationRoundTo", |value: Value, step: Value| with_step(&value, &step, Duration::round));
    functions
        .add("durationTruncateTo", |value: Value, step: Value| with_step(&value, &step, Duration::truncate));
}

thread_local! {
    /// The zones without an offset that have a name, each of which is one location.
    static NAMED_ZONES: RefCell<HashMap<&'static str, Zone>> = RefCell::default();
}

/// Reads a text in one of Go's layouts as a `time.Time`. A text without a zone is in UTC, under the name that is given or
/// else as local time.
#[must_use]
pub fn parse_time(layout: &[u8], text: &[u8], zone_name: Option<&'static str>) -> Option<Value> {
    let zone = match zone_name {
        None => Zone::Local,
        Some(name) => NAMED_ZONES.with_borrow_mut(|zones| {
            zones.entry(name).or_insert_with(|| Zone::fixed(name.as_bytes(), 0)).clone()
        }),
    };
    Time::parse_in(layout, text, &zone).ok().map(Value::from)
}

/// A `time.Duration` of nanoseconds.
pub(crate) fn duration(nanoseconds: i64) -> Value {
    Duration(nanoseconds).into()
}

/// The form of dates in HTML.
const HTML: &[u8] = b"2006-01-02";

fn now(call: &Call<'_>) -> Time {
    let now = call.now();
    let nanoseconds = i64::from(now.subsec_nanosecond());
    let time = Time { nanoseconds: 0, ..Time::of_unix(now.as_second()) };
    time.add(Duration(nanoseconds))
}

/// The time that a value stands for: itself, or a Unix time. Everything else is now.
fn time_of(call: &Call<'_>, value: &Value) -> Time {
    match value {
        Value::Integer(integer) if is_unix_time(*integer) => Time::of_unix(integer.as_i64()),
        _ => value.downcast::<Time>().cloned().unwrap_or_else(|| now(call)),
    }
}

fn is_unix_time(integer: Integer) -> bool {
    matches!(integer.kind, IntegerKind::Int | IntegerKind::Int32 | IntegerKind::Int64)
}

/// A date in a layout and zone; an unknown zone is UTC.
fn show(call: &mut Call<'_>, layout: &[u8], date: &Value, zone: &[u8]) -> Text {
    let zone = std::str::from_utf8(zone).ok().and_then(Zone::load).unwrap_or(Zone::Utc);
    time_of(call, date).in_zone(zone).format(layout).into()
}

fn modify(change: &[u8], date: &Time) -> Result<Time, String> {
    Duration::parse(change).map(|change| date.add(change))
}

/// How long ago a time was, in whole seconds. An `int32` is no time here.
fn ago(call: &mut Call<'_>, date: Value) -> String {
    let date = match &date {
        Value::Integer(integer) if integer.kind == IntegerKind::Int32 => Value::Nil,
        _ => date,
    };
    now(call).since(&time_of(call, &date)).round(Duration(SECOND)).to_string()
}

/// `95` as `1m35s`. Only texts and `int64` have a value; what does not fit wraps.
fn of_seconds(value: &Value) -> String {
    let seconds = match value {
        Value::String(text) => parse_integer(text),
        Value::Integer(integer) if integer.kind == IntegerKind::Int64 => integer.as_i64(),
        _ => 0,
    };
    Duration(seconds.wrapping_mul(SECOND)).to_string()
}

/// An integer as `strconv.ParseInt` gives it along with its error: the nearest limit when it does not fit, otherwise 0.
fn parse_integer(text: &Text) -> i64 {
    let text = text.to_str_lossy();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    let mut value = 0_u64;
    for byte in digits.bytes() {
        if !byte.is_ascii_digit() {
            return 0;
        }
        let next = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(byte - b'0')));
        // What follows is not looked at any more.
        let Some(next) = next else { return limit };
        value = next;
    }
    if digits.is_empty() { 0 } else { text.parse().unwrap_or(limit) }
}

/// The largest unit that a duration is longer than one of, with their number.
fn round(call: &Call<'_>, value: &Value) -> String {
    const UNITS: &[(i64, &str)] = &[
        (365 * 24 * HOUR, "y"),
        (30 * 24 * HOUR, "mo"),
        (24 * HOUR, "d"),
        (HOUR, "h"),
        (MINUTE, "m"),
        (SECOND, "s"),
    ];
    let duration = match value {
        Value::String(text) => Duration::parse(text).unwrap_or(Duration(0)),
        Value::Integer(integer) if integer.kind == IntegerKind::Int64 => Duration(integer.as_i64()),
        _ => value.downcast::<Time>().map_or(Duration(0), |time| now(call).since(time)),
    };
    let length = duration.0.unsigned_abs();
    UNITS
        .iter()
        .find(|(unit, _)| length > unit.unsigned_abs())
        .map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", length / unit.unsigned_abs()))
}

/// A function that gives a duration in a unit, 0 when there is none.
fn in_float(functions: &mut Functions, name: &'static str, convert: fn(Duration) -> f64) {
    functions.add(name, move |value: Value| parse(&value).map_or(0.0, convert));
}

fn in_integer(functions: &mut Functions, name: &'static str, unit: i64) {
    functions.add(name, move |value: Value| parse(&value).map_or(0, |duration| duration.0 / unit));
}

/// A duration made a multiple of another; without the second it stays, without the first it is 0.
fn with_step(value: &Value, step: &Value, change: fn(Duration, Duration) -> Duration) -> Duration {
    let Ok(duration) = parse(value) else { return Duration(0) };
    parse(step).map_or(duration, |step| change(duration, step))
}

/// A duration: one, a text with units, or seconds as a number or as a text.
fn parse(value: &Value) -> Result<Duration, Error> {
    match value {
        Value::Nil => Err("invalid duration".into()),
        Value::String(text) => parse_text(text),
        Value::Integer(integer) => of_whole_seconds(integer.exact()),
        Value::Float(seconds) => of_float_seconds(*seconds),
        Value::Object(object) => match (value.downcast::<Duration>(), object.as_integer()) {
            (Some(duration), _) => Ok(*duration),
            (None, Some(seconds)) => of_whole_seconds(seconds.into()),
            (None, None) => Err(unsupported(value)),
        },
        _ => Err(unsupported(value)),
    }
}

fn unsupported(value: &Value) -> Error {
    Error::message(format!("unsupported duration type {}", value.type_name()))
}

fn parse_text(text: &Text) -> Result<Duration, Error> {
    let whole = text.to_str_lossy();
    let trimmed = whole.trim();
    if trimmed.is_empty() {
        return Err("empty duration".into());
    }
    if let Ok(duration) = Duration::parse(trimmed.as_bytes()) {
        return Ok(duration);
    }
    match trimmed.parse::<f64>() {
        Ok(seconds) => of_float_seconds(seconds),
        Err(_) => Err(Error::message(format!("could not parse duration {}", quote(text)))),
    }
}

fn of_whole_seconds(seconds: i128) -> Result<Duration, Error> {
    let overflow = || Error::message(format!("duration seconds overflow: {seconds}"));
    let nanoseconds = seconds.checked_mul(i128::from(SECOND)).ok_or_else(overflow)?;
    i64::try_from(nanoseconds).map(Duration).map_err(|_| overflow())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the bounds are checked before, in floats as Helm does"
)]
fn of_float_seconds(seconds: f64) -> Result<Duration, Error> {
    let problem = |text: &str, number: f64| {
        Err(Error::message(format!("{text}: {}", crate::format::display(&Value::Float(number)))))
    };
    if !seconds.is_finite() {
        return problem("invalid duration seconds", seconds);
    }
    let (largest, smallest) = (i64::MAX as f64 / SECOND as f64, i64::MIN as f64 / SECOND as f64);
    if seconds > largest || seconds < smallest {
        return problem("duration seconds overflow", seconds);
    }
    let nanoseconds = seconds * SECOND as f64;
    if nanoseconds > i64::MAX as f64 || nanoseconds < i64::MIN as f64 {
        return problem("duration nanoseconds overflow", nanoseconds);
    }
    Ok(Duration(nanoseconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(zone: &str, unix: i64, layout: &str) -> String {
        let zone = Zone::load(zone).unwrap_or(Zone::Utc);
        String::from_utf8(Time::of_unix(unix).in_zone(zone).format(layout.as_bytes())).unwrap()
    }

    #[test]
    fn layouts_and_zones() {
        let cases = [
            ("UTC", 1_583_280_000, "Mon Jan _2 15:04:05.000 2006", "Wed Mar  4 00:00:00.000 2020"),
            ("Europe/Berlin", 1_593_820_800, "15:04 -0700 MST", "02:00 +0200 CEST"),
            ("America/New_York", 0, "2006-01-02 3:04PM Z07:00", "1969-12-31 7:00PM -05:00"),
            ("Asia/Kolkata", 0, "15:04 Z0700 -07", "05:30 +0530 +05"),
            ("America/Sao_Paulo", 1_600_000_000, "15:04 MST", "09:26 -03"),
            ("America/New_York", -5_000_000_000, "15:04 MST -07:00:00", "10:10 LMT -04:56:02"),
            ("europe/berlin", 0, "15:04 MST Z07:00", "00:00 UTC Z"),
            ("", 0, "06 002 __2 _2006 Janu Jan2 2pm", "70 001   1 _1970 Janu Jan1 1am"),
        ];
        for (zone, unix, layout, expected) in cases {
            assert_eq!(show(zone, unix, layout), expected, "{zone} {layout}");
        }
    }

    #[test]
    fn durations_of_seconds() {
        let cases = [
            ("95", "1m35s"),
            ("1h", "0s"),
            ("-5", "-5s"),
            ("9999999999999999999999", "-1s"),
            ("99999999999999999999h", "-1s"),
            ("1_0", "0s"),
            ("99999999999", "2157299h53m50.45224192s"),
        ];
        for (text, expected) in cases {
            assert_eq!(of_seconds(&text.into()), expected, "{text}");
        }
        assert_eq!(of_seconds(&95_isize.into()), "0s");
        assert_eq!(of_seconds(&95_i64.into()), "1m35s");
    }

    #[test]
    fn helm_durations() {
        let text =
            |value: Value| parse(&value).map_or_else(|error| error.to_string(), |found| found.to_string());
        assert_eq!(text("1h2m".into()), "1h2m0s");
        assert_eq!(text(" 1.5 ".into()), "1.5s");
        assert_eq!(text(90_isize.into()), "1m30s");
        assert_eq!(text(0.25.into()), "250ms");
        assert_eq!(text("x".into()), "could not parse duration \"x\"");
        assert_eq!(text(" ".into()), "empty duration");
        assert_eq!(text(Value::Nil), "invalid duration");
        assert_eq!(text(true.into()), "unsupported duration type bool");
        assert_eq!(text(i64::MAX.into()), "duration seconds overflow: 9223372036854775807");
        assert_eq!(text(1e300.into()), "duration seconds overflow: 1e+300");
    }
}
