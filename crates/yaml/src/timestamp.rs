//! Whether a plain scalar is a timestamp in go-yaml's eyes.

/// Whether go-yaml takes the text for a `!!timestamp`; such strings are quoted when written.
///
/// The forms are `Y-M-D`, `Y-M-D h:m:s[.f]`, and `Y-M-DTh:m:s[.f](Z|±hh:mm)` with `T` or `t`, months to seconds with one
/// or two digits, as Go's `time.Parse` takes them.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts_with_year = bytes.len() > 5 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-';
    starts_with_year && Reader { rest: bytes }.timestamp().is_some()
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn timestamp(mut self) -> Option<()> {
        let year = self.fixed(4)?;
        self.expect(b'-')?;
        let month = self.short().filter(|month| (1..=12).contains(month))?;
        self.expect(b'-')?;
        let day = self.short()?;
        if !(1..=days_in(year, month)).contains(&day) {
            return None;
        }
        match self.rest.first() {
            None => return Some(()),
            Some(b'T' | b't') => {
                self.rest = &self.rest[1..];
                self.time()?;
                self.zone()?;
            }
            Some(b' ') => {
                let spaces = self.rest.iter().take_while(|&&byte| byte == b' ').count();
                self.rest = &self.rest[spaces..];
                self.time()?;
            }
            Some(_) => return None,
        }
        self.rest.is_empty().then_some(())
    }

    fn time(&mut self) -> Option<()> {
        self.short().filter(|&hour| hour < 24)?;
        self.expect(b':')?;
        self.short().filter(|&minute| minute < 60)?;
        self.expect(b':')?;
        self.short().filter(|&second| second < 60)?;
        if let [b'.' | b',', digit, ..] = self.rest
            && digit.is_ascii_digit()
        {
            let digits = self.rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            self.rest = &self.rest[1 + digits..];
        }
        Some(())
    }

    fn zone(&mut self) -> Option<()> {
        match self.rest.first()? {
            b'Z' => self.rest = &self.rest[1..],
            b'+' | b'-' => {
                self.rest = &self.rest[1..];
                self.fixed(2).filter(|&hours| hours <= 24)?;
                self.expect(b':')?;
                self.fixed(2).filter(|&minutes| minutes <= 60)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(&[byte])?;
        Some(())
    }

    fn fixed(&mut self, digits: usize) -> Option<u32> {
        let (head, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        head.iter()
            .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
    }

    fn short(&mut self) -> Option<u32> {
        let two = self.rest.get(1).is_some_and(u8::is_ascii_digit);
        self.fixed(if two { 2 } else { 1 })
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn timestamps_are_those_of_go_yaml() {
        let cases = [
            ("2020-01-01", true),
            ("2020-1-1", true),
            ("2020-02-29", true),
            ("2021-02-29", false),
            ("2020-13-01", false),
            ("2020-00-01", false),
            ("2020-01-01T1:2:3Z", true),
            ("2020-01-01t01:02:03.5+01:00", true),
            ("2020-01-01T1:2:3", false),
            ("2020-01-01T24:00:00Z", false),
            ("2020-01-01 1:2:3", true),
            ("2020-01-01   1:2:3,25", true),
            ("2020-01-01 1:2", false),
            ("2020-01-01 1:2:3 Z", false),
            ("20-01-01", false),
            ("2020-01-01x", false),
            ("2020-", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_timestamp(text), expected, "{text}");
        }
    }
}
