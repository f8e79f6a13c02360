//! Go's layouts: the parts of the reference time `Mon Jan 2 15:04:05 MST 2006`, found in a text.

/// One part of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `2006`.
    Year,
    /// `06`.
    ShortYear,
    /// `January`.
    MonthName,
    /// `Jan`.
    ShortMonthName,
    /// `1`.
    Month,
    /// `01`.
    ZeroMonth,
    /// `Monday`.
    WeekdayName,
    /// `Mon`.
    ShortWeekdayName,
    /// `2`.
    Day,
    /// `_2`.
    SpaceDay,
    /// `02`.
    ZeroDay,
    /// `__2`.
    SpaceYearDay,
    /// `002`.
    ZeroYearDay,
    /// `15`.
    Hour,
    /// `3`.
    Hour12,
    /// `03`.
    ZeroHour12,
    /// `4`.
    Minute,
    /// `04`.
    ZeroMinute,
    /// `5`.
    Second,
    /// `05`.
    ZeroSecond,
    /// `PM`.
    UpperHalf,
    /// `pm`.
    LowerHalf,
    /// `MST`.
    ZoneName,
    /// `-0700` and its relatives.
    Offset(Offset),
    /// `.000` or `,000`, as many digits.
    Fraction { separator: u8, digits: usize },
    /// `.999` or `,999`, at most as many digits.
    TrimmedFraction { separator: u8, digits: usize },
}

/// How an offset from Greenwich is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// Is 0 written as `Z`?
    pub(super) with_z: bool,
    /// Colons between the numbers?
    pub(super) with_colons: bool,
    /// 1 hours only, 2 also minutes, 3 also seconds.
    pub(super) numbers: usize,
}

/// The parts that are found by their text alone, a longer one before its own beginning; what follows a short name of a
/// month or day must be no lower case letter.
const FIXED: &[(&str, Part)] = &[
    ("January", Part::MonthName),
    ("Jan", Part::ShortMonthName),
    ("Monday", Part::WeekdayName),
    ("Mon", Part::ShortWeekdayName),
    ("MST", Part::ZoneName),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::ShortYear),
    ("002", Part::ZeroYearDay),
    ("15", Part::Hour),
    ("1", Part::Month),
    ("2006", Part::Year),
    ("2", Part::Day),
    ("_2", Part::SpaceDay),
    ("__2", Part::SpaceYearDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::UpperHalf),
    ("pm", Part::LowerHalf),
    ("-070000", offset(false, false, 3)),
    ("-07:00:00", offset(false, true, 3)),
    ("-0700", offset(false, false, 2)),
    ("-07:00", offset(false, true, 2)),
    ("-07", offset(false, false, 1)),
    ("Z070000", offset(true, false, 3)),
    ("Z07:00:00", offset(true, true, 3)),
    ("Z0700", offset(true, false, 2)),
    ("Z07:00", offset(true, true, 2)),
    ("Z07", offset(true, false, 1)),
];

const fn offset(with_z: bool, with_colons: bool, numbers: usize) -> Part {
    Part::Offset(Offset { with_z, with_colons, numbers })
}

/// The text before the first part of a layout, that part with its text, and the rest.
pub(super) struct Split<'a> {
    pub(super) prefix: &'a [u8],
    pub(super) part: Option<(Part, &'a [u8])>,
    pub(super) rest: &'a [u8],
}

/// Finds the first part of a layout.
pub(super) fn split(layout: &[u8]) -> Split<'_> {
    for start in 0..layout.len() {
        let here = &layout[start..];
        // `_2006` is an underscore and a year.
        if here.starts_with(b"_2006") {
            continue;
        }
        if let Some((part, length)) = part_at(here) {
            let (text, rest) = here.split_at(length);
            return Split { prefix: &layout[..start], part: Some((part, text)), rest };
        }
    }
    Split { prefix: layout, part: None, rest: &[] }
}

/// The part at the beginning of a text, and its length.
fn part_at(text: &[u8]) -> Option<(Part, usize)> {
    if matches!(text, [b'.' | b',', b'0' | b'9', ..]) {
        return fraction_at(text);
    }
    let (name, part) = FIXED.iter().find(|(name, part)| {
        let is_short_name = matches!(part, Part::ShortMonthName | Part::ShortWeekdayName);
        text.starts_with(name.as_bytes())
            && !(is_short_name && text.get(name.len()).is_some_and(u8::is_ascii_lowercase))
    })?;
    Some((*part, name.len()))
}

/// A point or comma with zeros or nines, if no other digit follows.
fn fraction_at(text: &[u8]) -> Option<(Part, usize)> {
    let (separator, digit) = (text[0], text[1]);
    let digits = text[1..].iter().take_while(|byte| **byte == digit).count();
    if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let part = match digit {
        b'0' => Part::Fraction { separator, digits },
        _ => Part::TrimmedFraction { separator, digits },
    };
    Some((part, 1 + digits))
}
