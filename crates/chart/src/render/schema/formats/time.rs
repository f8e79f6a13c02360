//! Dates and times.

use super::{Check, fail};
use crate::render::go::{quote, quote_character};

const DATE_LAYOUT: &str = "2006-01-02";

/// A date, with the errors of Go's time package.
pub(super) fn date(text: &str) -> Check {
    let cannot = |rest: &str, part: &str| {
        let (text, rest) = (quote(text), quote(rest));
        Err(format!("parsing time {text} as \"{DATE_LAYOUT}\": cannot parse {rest} as \"{part}\""))
    };
    let bad = |problem: &str| Err(format!("parsing time {}: {problem}", quote(text)));
    let Some((year, rest)) = digits(text, 4) else { return cannot(text, "2006") };
    let Some(after_dash) = rest.strip_prefix('-') else { return cannot(rest, "-") };
    let Some((month, rest)) = digits(after_dash, 2) else { return cannot(after_dash, "01") };
    if !(1..=12).contains(&month) {
        return bad("month out of range");
    }
    let Some(after_dash) = rest.strip_prefix('-') else { return cannot(rest, "-") };
    let Some((day, rest)) = digits(after_dash, 2) else { return cannot(after_dash, "02") };
    if !rest.is_empty() {
        return bad(&format!("extra text: {}", quote(rest)));
    }
    if (1..=days_in(month, year)).contains(&day) { Ok(()) } else { bad("day out of range") }
}

/// The number of the first characters and what follows, if they are digits.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| number.parse().ok()).flatten().map(|number| (number, rest))
}

fn days_in(month: u32, year: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A time of day with an offset.
pub(super) fn time(text: &str) -> Check {
    if text.len() < 9 {
        return fail("less than 9 characters long");
    }
    let bytes = text.as_bytes();
    if bytes[2] != b':' || bytes[5] != b':' {
        return fail("missing colon in correct place");
    }
    let number = |start: usize| text.get(start..start + 2).and_then(|part| part.parse::<i32>().ok());
    let (Some(hour), Some(minute), Some(second)) = (number(0), number(3), number(6)) else {
        return fail("invalid hour/min/sec");
    };
    if hour > 23 || minute > 59 || second > 60 {
        return fail("hour/min/sec out of range");
    }
    let rest = text.get(8..).unwrap_or_default();
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let after = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if after.len() == fraction.len() {
                return fail("no digits in second fraction");
            }
            after
        }
        None => rest,
    };
    let offset = if rest.eq_ignore_ascii_case("z") { 0 } else { offset(rest)? };
    // A leap second comes at the end of a day in UTC.
    let of_day = (hour * 60 + minute - offset).rem_euclid(24 * 60);
    if second == 60 && of_day != 23 * 60 + 59 { fail("invalid leap second") } else { Ok(()) }
}

/// The minutes of an offset like `+02:00`.
fn offset(text: &str) -> Result<i32, String> {
    if text.len() != 6 {
        return Err("offset must be 6 characters long".to_owned());
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return Err("offset must begin with plus/minus".to_owned()),
    };
    if text.as_bytes()[3] != b':' {
        return Err("missing colon in offset in correct place".to_owned());
    }
    let number = |start: usize| text.get(start..start + 2).and_then(|part| part.parse::<i32>().ok());
    let (Some(hours), Some(minutes)) = (number(1), number(4)) else {
        return Err("invalid hour/min in offset".to_owned());
    };
    if hours > 23 || minutes > 59 {
        return Err("hour/min in offset out of range".to_owned());
    }
    Ok(sign * (hours * 60 + minutes))
}

/// A date and a time with `T` between them.
pub(super) fn date_time(text: &str) -> Check {
    if text.len() < 20 {
        return fail("less than 20 characters long");
    }
    let (Some(day), Some("t" | "T"), Some(clock)) = (text.get(..10), text.get(10..11), text.get(11..)) else {
        return fail("11th character must be t or T");
    };
    date(day).map_err(|error| format!("invalid date element: {error}"))?;
    time(clock).map_err(|error| format!("invalid time element: {error}"))
}

/// A duration of ISO 8601 like `P1DT2H`.
pub(super) fn duration(text: &str) -> Check {
    let Some(text) = text.strip_prefix('P') else { return fail("must start with P") };
    if text.is_empty() {
        return fail("nothing after P");
    }
    if let Some(weeks) = text.strip_suffix('W') {
        return match weeks {
            "" => fail("no number in week"),
            weeks if weeks.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
            _ => fail("invalid week"),
        };
    }
    for (index, part) in text.split('T').enumerate() {
        match index {
            1.. if part.is_empty() => return fail("no time elements"),
            0 => duration_part(part, "YMD")?,
            1 => duration_part(part, "HMS")?,
            _ => return fail("more than one T"),
        }
    }
    Ok(())
}

/// Numbers with units in their order.
fn duration_part(mut text: &str, all_units: &str) -> Check {
    let mut units = all_units;
    while !text.is_empty() {
        let after = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if after.len() == text.len() {
            return fail("missing number");
        }
        let Some(unit) = after.chars().next() else { return fail("missing unit") };
        match units.find(unit) {
            Some(position) => units = &units[position + 1..],
            None if all_units.contains(unit) => {
                return Err(format!("unit {} out of order", quote_character(unit)));
            }
            None => return Err(format!("invalid unit {}", quote_character(unit))),
        }
        text = &after[unit.len_utf8()..];
    }
    Ok(())
}

/// Two of start, end and duration.
pub(super) fn period(text: &str) -> Check {
    let Some((start, end)) = text.split_once('/') else { return fail("missing slash") };
    let is_duration = |part: &str| part.starts_with('P');
    if is_duration(start) {
        duration(start).map_err(|error| format!("invalid start duration: {error}"))?;
        return date_time(end).map_err(|error| format!("invalid end date-time: {error}"));
    }
    date_time(start).map_err(|error| format!("invalid start date-time: {error}"))?;
    if is_duration(end) {
        return duration(end).map_err(|error| format!("invalid end duration: {error}"));
    }
    date_time(end).map_err(|error| format!("invalid end date-time: {error}"))
}
