//! Go's `time.Duration`: nanoseconds, read and written with units.

use super::parse::quote;

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Duration(pub(super) i64);

pub(super) const MICROSECOND: i64 = 1_000;
pub(super) const MILLISECOND: i64 = 1_000 * MICROSECOND;
pub(super) const SECOND: i64 = 1_000 * MILLISECOND;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// The spellings of units; both Unicode forms of µ are one.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", MICROSECOND.unsigned_abs()),
    ("µs", MICROSECOND.unsigned_abs()),
    ("μs", MICROSECOND.unsigned_abs()),
    ("ms", MILLISECOND.unsigned_abs()),
    ("s", SECOND.unsigned_abs()),
    ("m", MINUTE.unsigned_abs()),
    ("h", HOUR.unsigned_abs()),
];

/// One more than the longest duration: what only a negative one may reach.
const TOO_LONG: u64 = 1 << 63;

impl Duration {
    /// Reads `1h15m30.918s` as `time.ParseDuration` does.
    ///
    /// # Errors
    /// The text of Go's error.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let invalid = |problem: &str| format!("time: {problem} {}", quote(text));
        let (is_negative, mut rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if rest == b"0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid("invalid duration"));
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (nanoseconds, behind) = parse_part(rest).map_err(|problem| invalid(&problem))?;
            rest = behind;
            total = total.saturating_add(nanoseconds);
            if total > TOO_LONG {
                return Err(invalid("invalid duration"));
            }
        }
        match (is_negative, i64::try_from(total)) {
            (true, _) => Ok(Self(0_i64.wrapping_sub_unsigned(total))),
            (false, Ok(total)) => Ok(Self(total)),
            (false, Err(_)) => Err(invalid("invalid duration")),
        }
    }

    /// To the nearest multiple, halves away from zero; stops at the limits.
    pub(super) fn round(self, multiple: Self) -> Self {
        let (Self(value), Self(step)) = (self, multiple);
        if step <= 0 {
            return self;
        }
        let remainder = (value % step).unsigned_abs();
        let toward_zero = value - value % step;
        if remainder < step.unsigned_abs() - remainder {
            Self(toward_zero)
        } else if value < 0 {
            Self(toward_zero.saturating_sub(step))
        } else {
            Self(toward_zero.saturating_add(step))
        }
    }

    /// Toward zero to a multiple.
    pub(super) fn truncate(self, multiple: Self) -> Self {
        if multiple.0 <= 0 { self } else { Self(self.0 - self.0 % multiple.0) }
    }

    /// In a unit, with its fraction.
    #[expect(clippy::cast_precision_loss, reason = "Go adds the same two floats")]
    pub(super) fn in_unit(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }
}

/// One number with its unit in nanoseconds, and what follows; or what is wrong.
fn parse_part(text: &[u8]) -> Result<(u64, &[u8]), String> {
    let invalid = || "invalid duration".to_owned();
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = text.split_at(digits(text));
    let fraction = match rest {
        [b'.', behind @ ..] => &behind[..digits(behind)],
        _ => &[],
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let rest = if rest.first() == Some(&b'.') { &rest[1 + fraction.len()..] } else { rest };
    let value = parse_whole(whole).ok_or_else(invalid)?;
    let unit_length = rest.iter().take_while(|byte| **byte != b'.' && !byte.is_ascii_digit()).count();
    let (unit, rest) = rest.split_at(unit_length);
    if unit.is_empty() {
        return Err("missing unit in duration".to_owned());
    }
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| name.as_bytes() == unit) else {
        return Err(format!("unknown unit {} in duration", quote(unit)));
    };
    let nanoseconds = value.checked_mul(*factor).filter(|value| *value <= TOO_LONG).ok_or_else(invalid)?;
    let nanoseconds = nanoseconds.saturating_add(parse_fraction(fraction, *factor));
    if nanoseconds > TOO_LONG { Err(invalid()) } else { Ok((nanoseconds, rest)) }
}

/// Digits as a number of at most 2⁶³.
fn parse_whole(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|value| *value <= TOO_LONG)
    })
}

/// The digits behind the point in nanoseconds; what does not fit 63 bits is not read.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go computes the same floats"
)]
fn parse_fraction(digits: &[u8], factor: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits {
        if value > (TOO_LONG - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > TOO_LONG {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    if value == 0 { 0 } else { (value as f64 * (factor as f64 / scale)) as u64 }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        let value = self.0.unsigned_abs();
        let second = SECOND.unsigned_abs();
        if value < second {
            let (unit, digits) = match value {
                0 => return formatter.write_str("0s"),
                1..1_000 => ("ns", 0),
                1_000..1_000_000 => ("µs", 3),
                _ => ("ms", 6),
            };
            return write!(formatter, "{}{unit}", with_fraction(value, digits));
        }
        let (minutes, seconds) = (value / second / 60, value % (60 * second));
        if minutes >= 60 {
            write!(formatter, "{}h", minutes / 60)?;
        }
        if minutes > 0 {
            write!(formatter, "{}m", minutes % 60)?;
        }
        write!(formatter, "{}s", with_fraction(seconds, 9))
    }
}

/// A number of units of 10⁻ⁿ, without zeros at its end.
fn with_fraction(value: u64, digits: u32) -> String {
    let unit = 10_u64.pow(digits);
    let text = format!("{}.{:0width$}", value / unit, value % unit, width = digits as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_fraction_keeps_whole_tens() {
        assert_eq!(with_fraction(10, 0), "10");
        assert_eq!(with_fraction(100_000, 3), "100");
    }

    /// Texts and what Go's `ParseDuration` and `String` make of them.
    #[test]
    fn parse_and_print() {
        let cases = [
            ("1h15m30.918s", "1h15m30.918s"),
            ("-1.5h", "-1h30m0s"),
            ("90m", "1h30m0s"),
            ("1.5µs", "1.5µs"),
            ("1.5us", "1.5µs"),
            ("100ms", "100ms"),
            ("+0", "0s"),
            (".5s", "500ms"),
            ("5.s", "5s"),
            ("1ns", "1ns"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
            ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
            ("3000000h", "time: invalid duration \"3000000h\""),
            ("", "time: invalid duration \"\""),
            ("-", "time: invalid duration \"-\""),
            ("1", "time: missing unit in duration \"1\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("1ö", "time: unknown unit \"\\xc3\\xb6\" in duration \"1\\xc3\\xb6\""),
            (".s", "time: invalid duration \".s\""),
            ("x", "time: invalid duration \"x\""),
        ];
        for (text, expected) in cases {
            let found =
                Duration::parse(text.as_bytes()).map_or_else(|error| error, |value| value.to_string());
            assert_eq!(found, expected, "{text}");
        }
    }
}
