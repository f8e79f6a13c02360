//! Times as texts, by Go's layouts.

use std::io::Write;

use super::layout::{Offset, Part, split};
use super::time::{Civil, Time};
use super::zone::Look;

/// The layout of `time.RFC3339Nano`.
const RFC_3339: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// The layout of `Time.String`.
const PRINTED: &[u8] = b"2006-01-02 15:04:05.999999999 -0700 MST";

/// Nanoseconds are printed with so many digits.
const FRACTION_DIGITS: usize = 9;

impl Time {
    /// The time in a layout.
    pub(super) fn format(&self, layout: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let look = self.zone.look(self.unix);
        let civil = self.civil();
        let mut layout = layout;
        while !layout.is_empty() {
            let split = split(layout);
            out.extend_from_slice(split.prefix);
            let Some((part, _)) = split.part else { break };
            layout = split.rest;
            write_part(&mut out, part, &civil, &look, self.nanoseconds);
        }
        out
    }

    /// As JSON has it.
    pub(super) fn rfc_3339(&self) -> Vec<u8> {
        self.format(RFC_3339)
    }

    /// As `%v` prints it.
    pub(super) fn printed(&self) -> Vec<u8> {
        self.format(PRINTED)
    }
}

fn write_part(out: &mut Vec<u8>, part: Part, civil: &Civil, look: &Look<'_>, nanoseconds: i64) {
    let half = civil.hour / 12;
    let hour_12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
    match part {
        Part::Year => write_number(out, civil.year, 4, b'0'),
        Part::ShortYear => write_number(out, civil.year.abs() % 100, 2, b'0'),
        Part::MonthName => out.extend_from_slice(civil.month_name().as_bytes()),
        Part::ShortMonthName => out.extend_from_slice(&civil.month_name().as_bytes()[..3]),
        Part::Month => write_number(out, civil.month, 0, b'0'),
        Part::ZeroMonth => write_number(out, civil.month, 2, b'0'),
        Part::WeekdayName => out.extend_from_slice(civil.weekday_name().as_bytes()),
        Part::ShortWeekdayName => out.extend_from_slice(&civil.weekday_name().as_bytes()[..3]),
        Part::Day => write_number(out, civil.day, 0, b'0'),
        Part::SpaceDay => write_number(out, civil.day, 2, b' '),
        Part::ZeroDay => write_number(out, civil.day, 2, b'0'),
        Part::SpaceYearDay => write_number(out, civil.day_of_year, 3, b' '),
        Part::ZeroYearDay => write_number(out, civil.day_of_year, 3, b'0'),
        Part::Hour => write_number(out, civil.hour, 2, b'0'),
        Part::Hour12 => write_number(out, hour_12, 0, b'0'),
        Part::ZeroHour12 => write_number(out, hour_12, 2, b'0'),
        Part::Minute => write_number(out, civil.minute, 0, b'0'),
        Part::ZeroMinute => write_number(out, civil.minute, 2, b'0'),
        Part::Second => write_number(out, civil.second, 0, b'0'),
        Part::ZeroSecond => write_number(out, civil.second, 2, b'0'),
        Part::UpperHalf => out.extend_from_slice(if half == 0 { b"AM" } else { b"PM" }),
        Part::LowerHalf => out.extend_from_slice(if half == 0 { b"am" } else { b"pm" }),
        Part::ZoneName if look.abbreviation.is_empty() => {
            write_offset(out, look.offset, Offset { with_z: false, with_colons: false, numbers: 2 });
        }
        Part::ZoneName => out.extend_from_slice(&look.abbreviation),
        Part::Offset(offset) => write_offset(out, look.offset, offset),
        Part::Fraction { separator, digits } => write_fraction(out, separator, digits, nanoseconds),
        Part::TrimmedFraction { separator, digits } => {
            let start = out.len();
            if nanoseconds != 0 {
                write_fraction(out, separator, digits, nanoseconds);
            }
            while out.len() > start && out.last() == Some(&b'0') {
                out.pop();
            }
            if out.len() == start + 1 {
                out.pop();
            }
        }
    }
}

fn write_number(out: &mut Vec<u8>, number: i64, width: usize, fill: u8) {
    if number < 0 {
        out.push(b'-');
    }
    let digits = number.unsigned_abs().to_string();
    out.extend(std::iter::repeat_n(fill, width.saturating_sub(digits.len())));
    out.extend_from_slice(digits.as_bytes());
}

fn write_offset(out: &mut Vec<u8>, seconds: i64, form: Offset) {
    if form.with_z && seconds == 0 {
        out.push(b'Z');
        return;
    }
    // The sign is that of the whole minutes.
    let minutes = seconds / 60;
    out.push(if minutes < 0 { b'-' } else { b'+' });
    let numbers = [minutes.abs() / 60, minutes.abs() % 60, seconds.abs() % 60];
    for (index, number) in numbers.iter().take(form.numbers).enumerate() {
        if index > 0 && form.with_colons {
            out.push(b':');
        }
        write_number(out, *number, 2, b'0');
    }
}

/// The first digits of the nanoseconds; more than nine are nine.
fn write_fraction(out: &mut Vec<u8>, separator: u8, digits: usize, nanoseconds: i64) {
    out.push(separator);
    let start = out.len();
    write!(out, "{nanoseconds:09}").expect("writing to memory does not fail");
    out.truncate(start + digits.min(FRACTION_DIGITS));
}
