//! Texts as times, by Go's layouts and with Go's errors.

use super::layout::{Offset, Part, split};
use super::time::{MONTHS, Time, WEEKDAYS, days_in, is_leap};
use super::zone::Zone;

/// A text as the time package quotes it: what is not ASCII is written as bytes.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b' '..=b'\x7f' => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// Why a part could not be read.
enum Failure {
    /// It has another form.
    Form,
    /// This is out of range.
    Range(&'static str),
}

type Parsed<T> = Result<T, Failure>;

/// The largest numbers of an offset: Go takes 24 hours and 60 minutes too.
const OFFSET_LIMITS: [(i64, &str); 3] =
    [(24, "time zone offset hour"), (60, "time zone offset minute"), (60, "time zone offset second")];

/// What was read so far.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: i64,
    /// `AM` or `PM`, if one was there.
    is_afternoon: Option<bool>,
    is_utc: bool,
    /// Seconds east of Greenwich.
    offset: Option<i64>,
    zone_name: Vec<u8>,
}

impl Time {
    /// Reads a text in a layout as `time.ParseInLocation` with local time.
    ///
    /// # Errors
    /// The text of Go's error.
    pub(super) fn parse(layout: &[u8], text: &[u8]) -> Result<Self, String> {
        Self::parse_in(layout, text, &Zone::Local)
    }

    /// Reads a text in a layout as `time.ParseInLocation`.
    ///
    /// # Errors
    /// The text of Go's error.
    pub(super) fn parse_in(layout: &[u8], text: &[u8], zone: &Zone) -> Result<Self, String> {
        let mut fields = Fields::default();
        let (mut rest_of_layout, mut rest) = (layout, text);
        let wrong_form = |value: &[u8], element: &[u8]| {
            let [text, layout, value, element] = [text, layout, value, element].map(quote);
            format!("parsing time {text} as {layout}: cannot parse {value} as {element}")
        };
        let problem = |problem: &str| format!("parsing time {}: {problem}", quote(text));
        loop {
            let split = split(rest_of_layout);
            rest = skip(rest, split.prefix).map_err(|rest| wrong_form(rest, split.prefix))?;
            let Some((part, element)) = split.part else { break };
            rest_of_layout = split.rest;
            let hold = rest;
            rest = fields.read(part, rest, rest_of_layout).map_err(|failure| match failure {
                Failure::Form => wrong_form(hold, element),
                Failure::Range(what) => problem(&format!("{what} out of range")),
            })?;
        }
        if !rest.is_empty() {
            return Err(problem(&format!("extra text: {}", quote(rest))));
        }
        fields.finish(zone).map_err(problem)
    }
}

/// Goes over the text between two parts; spaces stand for any number of spaces. Fails with where it stopped.
fn skip<'a>(text: &'a [u8], prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    let (mut text, mut prefix) = (text, prefix);
    while let Some((first, rest)) = prefix.split_first() {
        if *first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return Err(text);
            }
            (text, prefix) = (skip_spaces(text), skip_spaces(prefix));
        } else {
            text = text.strip_prefix(&[*first]).ok_or(text)?;
            prefix = rest;
        }
    }
    Ok(text)
}

fn skip_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte == b' ').count()..]
}

impl Fields {
    /// Reads one part and returns what follows it.
    fn read<'a>(&mut self, part: Part, text: &'a [u8], layout: &[u8]) -> Parsed<&'a [u8]> {
        match part {
            Part::ShortYear => {
                let (year, rest) = take(text, 2)?;
                let year = signed_number(year)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
                Ok(rest)
            }
            Part::Year => {
                let (year, rest) = take(text, 4)?;
                if !year[0].is_ascii_digit() {
                    return Err(Failure::Form);
                }
                self.year = signed_number(year)?;
                Ok(rest)
            }
            Part::MonthName | Part::ShortMonthName => {
                let (month, rest) = name(&MONTHS, part == Part::ShortMonthName, text)?;
                self.month = Some(month + 1);
                Ok(rest)
            }
            Part::WeekdayName | Part::ShortWeekdayName => {
                name(&WEEKDAYS, part == Part::ShortWeekdayName, text).map(|(_, rest)| rest)
            }
            Part::Month | Part::ZeroMonth => {
                let (month, rest) = two_digits(text, part == Part::ZeroMonth)?;
                self.month = Some(within(month, 1..=12, "month")?);
                Ok(rest)
            }
            Part::Day | Part::SpaceDay | Part::ZeroDay => {
                let text = if part == Part::SpaceDay { strip_space(text) } else { text };
                let (day, rest) = two_digits(text, part == Part::ZeroDay)?;
                self.day = Some(day);
                Ok(rest)
            }
            Part::SpaceYearDay | Part::ZeroYearDay => {
                let is_fixed = part == Part::ZeroYearDay;
                let text = if is_fixed { text } else { strip_space(strip_space(text)) };
                let length = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                if length == 0 || is_fixed && length != 3 {
                    return Err(Failure::Form);
                }
                let (day, rest) = text.split_at(length);
                self.day_of_year = Some(signed_number(day)?);
                Ok(rest)
            }
            Part::UpperHalf | Part::LowerHalf => {
                let (half, rest) = take(text, 2)?;
                let is_afternoon = match (part, half) {
                    (Part::UpperHalf, b"AM") | (Part::LowerHalf, b"am") => false,
                    (Part::UpperHalf, b"PM") | (Part::LowerHalf, b"pm") => true,
                    _ => return Err(Failure::Form),
                };
                // Of several, a PM counts.
                self.is_afternoon = Some(is_afternoon || self.is_afternoon == Some(true));
                Ok(rest)
            }
            _ => self.read_clock(part, text, layout),
        }
    }

    fn read_clock<'a>(&mut self, part: Part, text: &'a [u8], layout: &[u8]) -> Parsed<&'a [u8]> {
        match part {
            Part::Hour | Part::Hour12 | Part::ZeroHour12 => {
                let last = if part == Part::Hour { 23 } else { 12 };
                let (hour, rest) = two_digits(text, part == Part::ZeroHour12)?;
                self.hour = within(hour, 0..=last, "hour")?;
                Ok(rest)
            }
            Part::Minute | Part::ZeroMinute => {
                let (minute, rest) = two_digits(text, part == Part::ZeroMinute)?;
                self.minute = within(minute, 0..=59, "minute")?;
                Ok(rest)
            }
            Part::Second | Part::ZeroSecond => {
                let (second, rest) = two_digits(text, part == Part::ZeroSecond)?;
                self.second = within(second, 0..=59, "second")?;
                let next = split(layout).part.map(|(part, _)| part);
                match next {
                    Some(Part::Fraction { .. } | Part::TrimmedFraction { .. }) => Ok(rest),
                    // A fraction may follow where the layout has none.
                    _ => self.read_trimmed_fraction(rest),
                }
            }
            Part::Fraction { digits, .. } => {
                let (fraction, rest) = take(text, 1 + digits)?;
                self.nanoseconds = nanoseconds(fraction)?;
                Ok(rest)
            }
            Part::TrimmedFraction { .. } => self.read_trimmed_fraction(text),
            Part::Offset(offset) => match text.strip_prefix(b"Z") {
                Some(rest) if offset.with_z => {
                    self.is_utc = true;
                    Ok(rest)
                }
                _ => self.read_offset(text, offset),
            },
            _ => self.read_zone_name(text),
        }
    }

    /// Any number of digits behind a point or comma, or nothing.
    fn read_trimmed_fraction<'a>(&mut self, text: &'a [u8]) -> Parsed<&'a [u8]> {
        let [b'.' | b',', digits @ ..] = text else { return Ok(text) };
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return Ok(text);
        }
        let (fraction, rest) = text.split_at(1 + length);
        self.nanoseconds = nanoseconds(fraction)?;
        Ok(rest)
    }

    fn read_offset<'a>(&mut self, text: &'a [u8], form: Offset) -> Parsed<&'a [u8]> {
        let width = if form.with_colons { 3 } else { 2 };
        let (written, rest) = take(text, 1 + width * form.numbers - usize::from(form.with_colons))?;
        let has_colons = (1..form.numbers).all(|index| written[width * index] == b':');
        if form.with_colons && !has_colons {
            return Err(Failure::Form);
        }
        let (mut numbers, mut failure) = ([0; 3], None);
        for (index, (number, (limit, what))) in numbers.iter_mut().zip(OFFSET_LIMITS).enumerate() {
            if index == form.numbers {
                break;
            }
            let start = 1 + width * index;
            match two_digits(&written[start..start + 2], true) {
                Ok((value, _)) => *number = value,
                Err(problem) => {
                    failure = failure.or(Some(problem));
                    break;
                }
            }
            if *number > limit {
                failure = Some(Failure::Range(what));
            }
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        let seconds = (numbers[0] * 60 + numbers[1]) * 60 + numbers[2];
        self.offset = Some(match written[0] {
            b'+' => seconds,
            b'-' => -seconds,
            _ => return Err(Failure::Form),
        });
        Ok(rest)
    }

    fn read_zone_name<'a>(&mut self, text: &'a [u8]) -> Parsed<&'a [u8]> {
        if let Some(rest) = text.strip_prefix(b"UTC") {
            self.is_utc = true;
            return Ok(rest);
        }
        let length = zone_name_length(text).ok_or(Failure::Form)?;
        let (name, rest) = text.split_at(length);
        self.zone_name = name.to_vec();
        Ok(rest)
    }

    /// The time that was read, or what is wrong with it.
    fn finish(mut self, default_zone: &Zone) -> Result<Time, &'static str> {
        match self.is_afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        if let Some(day_of_year) = self.day_of_year {
            self.set_day_of_year(day_of_year)?;
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let (date, clock) = ([self.year, month, day], [self.hour, self.minute, self.second]);
        let make = |zone| Time::of_civil(date, clock, self.nanoseconds, zone);
        if self.is_utc {
            return Ok(make(Zone::Utc));
        }
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            let is_local = offset == 0 && (self.zone_name.is_empty() || self.zone_name == b"UTC");
            return Ok(make(if is_local { Zone::Local } else { Zone::fixed(&self.zone_name, offset) }));
        }
        if self.zone_name.is_empty() {
            return Ok(make(default_zone.clone()));
        }
        // The offset of an unknown zone is not known to Go either; of `GMT+3` it is, but the clock is taken for UTC's.
        let hours = self.zone_name.strip_prefix(b"GMT").and_then(|hours| signed_number(hours).ok());
        let zone = Zone::fixed(&self.zone_name, hours.unwrap_or(0) * 3_600);
        Ok(make(Zone::Utc).in_zone(zone))
    }

    fn set_day_of_year(&mut self, day_of_year: i64) -> Result<(), &'static str> {
        let last = if is_leap(self.year) { 366 } else { 365 };
        if day_of_year < 1 || day_of_year > last {
            return Err("day-of-year out of range");
        }
        let (mut month, mut day) = (1, day_of_year);
        while day > days_in(month, self.year) {
            day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|given| given != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|given| given != day) {
            return Err("day-of-year does not match day");
        }
        (self.month, self.day) = (Some(month), Some(day));
        Ok(())
    }
}

fn take(text: &[u8], length: usize) -> Parsed<(&[u8], &[u8])> {
    text.split_at_checked(length).ok_or(Failure::Form)
}

fn strip_space(text: &[u8]) -> &[u8] {
    text.strip_prefix(b" ").unwrap_or(text)
}

fn within(number: i64, range: std::ops::RangeInclusive<i64>, what: &'static str) -> Parsed<i64> {
    if range.contains(&number) { Ok(number) } else { Err(Failure::Range(what)) }
}

/// One or two digits, or exactly two.
fn two_digits(text: &[u8], is_fixed: bool) -> Parsed<(i64, &[u8])> {
    let digit = |byte: u8| i64::from(byte - b'0');
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => Ok((digit(*tens) * 10 + digit(*ones), rest)),
        [ones @ b'0'..=b'9', rest @ ..] if !is_fixed => Ok((digit(*ones), rest)),
        _ => Err(Failure::Form),
    }
}

/// Digits with or without a sign; nothing is 0.
fn signed_number(text: &[u8]) -> Parsed<i64> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        _ => (1, text),
    };
    let number = digits.iter().try_fold(0_i64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    number.map(|number| sign * number).ok_or(Failure::Form)
}

/// Reads the first name of a list that the text begins with, in any case.
fn name<'a>(names: &[&str], is_short: bool, text: &'a [u8]) -> Parsed<(i64, &'a [u8])> {
    for (index, name) in (0..).zip(names) {
        let name = if is_short { &name[..3] } else { name };
        if text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes())) {
            return Ok((index, &text[name.len()..]));
        }
    }
    Err(Failure::Form)
}

/// The nanoseconds of a point or comma with digits; what follows the ninth is cut.
fn nanoseconds(fraction: &[u8]) -> Parsed<i64> {
    let [b'.' | b',', digits @ ..] = fraction else { return Err(Failure::Form) };
    let digits = &digits[..digits.len().min(9)];
    let number = signed_number(digits)?;
    if number < 0 {
        return Err(Failure::Range("fractional second"));
    }
    Ok((digits.len()..9).fold(number, |number, _| number * 10))
}

/// The length of the abbreviation of a zone: three capitals, four or five that end in T, and some exceptions.
fn zone_name_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_hours_length(rest));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_hours_length(text)).filter(|length| *length > 0);
    }
    let capitals = text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    match capitals {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// The length of `+3`, `-11`: a sign and up to 23 hours, or 0.
fn signed_hours_length(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else { return 0 };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match signed_number(&digits[..length]) {
        Ok(hours) if length > 0 && hours <= 23 => 1 + length,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Layouts and texts, and what Go makes of them.
    #[test]
    fn texts() {
        let cases = [
            ("2006-01-02", "2020-03-04", "2020-03-04 00:00:00 +0000 UTC"),
            ("2006-01-02 MST", "2020-03-04 EST", "2020-03-04 00:00:00 +0000 EST"),
            ("2006-01-02 MST", "2020-03-04 GMT+3", "2020-03-04 03:00:00 +0300 GMT+3"),
            ("2006-01-02 -0700", "2020-03-04 +0530", "2020-03-04 00:00:00 +0530 +0530"),
            ("Jan 2 2006", "mar 4 2020", "2020-03-04 00:00:00 +0000 UTC"),
            ("Mon Jan _2 15:04:05 2006", "Wed Mar  4 01:02:03.5 2020", "2020-03-04 01:02:03.5 +0000 UTC"),
            ("3:04PM", "12:05AM", "0000-01-01 00:05:00 +0000 UTC"),
            ("2006-002", "2020-366", "2020-12-31 00:00:00 +0000 UTC"),
            ("06", "69", "1969-01-01 00:00:00 +0000 UTC"),
            ("2006-01-02", "bad", r#"parsing time "bad" as "2006-01-02": cannot parse "bad" as "2006""#),
            ("2006-01-02", "2020-13-01", r#"parsing time "2020-13-01": month out of range"#),
            ("2006-01-02", "2020-02-30", r#"parsing time "2020-02-30": day out of range"#),
            ("2006-01-02", "2020-02-03x", r#"parsing time "2020-02-03x": extra text: "x""#),
            ("2006/é", "2020", r#"parsing time "2020" as "2006/\xc3\xa9": cannot parse "" as "/\xc3\xa9""#),
            ("-0700", "+25x0", r#"parsing time "+25x0": time zone offset hour out of range"#),
        ];
        for (layout, text, expected) in cases {
            let found = Time::parse(layout.as_bytes(), text.as_bytes())
                .map_or_else(|error| error, |time| String::from_utf8(time.printed()).unwrap());
            assert_eq!(found, expected, "{text} as {layout}");
        }
    }
}
