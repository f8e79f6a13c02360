//! JSON read as Go reads it: one value at the start of a text, with Go's words for what is wrong.

use serde_json::Value;

use crate::render::go::quote_character;

/// Reads the value at the start of the text; gives it with the length of its text.
///
/// # Errors
/// The text of Go's error.
pub(crate) fn read_prefix(text: &str) -> Result<(Value, usize), String> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0, too_large: None };
    scanner.value(0)?;
    if let Some(number) = scanner.too_large {
        return Err(format!("json: cannot unmarshal number {number} into Go value of type float64"));
    }
    let end = scanner.at;
    let value = serde_json::from_str(&text[..end]).map_err(|error| error.to_string())?;
    Ok((value, end))
}

/// The deepest nesting that the JSON reader takes.
const DEEPEST: usize = 120;

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// The first number that no float can hold.
    too_large: Option<String>,
}

impl Scanner<'_> {
    fn skip_blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn next(&mut self) -> Result<u8, String> {
        let byte = *self.text.get(self.at).ok_or("unexpected EOF")?;
        self.at += 1;
        Ok(byte)
    }

    fn next_token(&mut self) -> Result<u8, String> {
        self.skip_blanks();
        self.next()
    }

    fn value(&mut self, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err("exceeded max depth".to_owned());
        }
        match self.next_token()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string(),
            first @ (b'-' | b'0'..=b'9') => self.number(first),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            other => Err(invalid(other, "looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), String> {
        match self.next_token()? {
            b'}' => return Ok(()),
            b'"' => self.string()?,
            other => return Err(invalid(other, "looking for beginning of object key string")),
        }
        loop {
            match self.next_token()? {
                b':' => self.value(depth + 1)?,
                other => return Err(invalid(other, "after object key")),
            }
            match self.next_token()? {
                b'}' => return Ok(()),
                b',' => {}
                other => return Err(invalid(other, "after object key:value pair")),
            }
            match self.next_token()? {
                b'"' => self.string()?,
                other => return Err(invalid(other, "looking for beginning of object key string")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), String> {
        self.skip_blanks();
        if self.text.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            match self.next_token()? {
                b']' => return Ok(()),
                b',' => {}
                other => return Err(invalid(other, "after array element")),
            }
        }
    }

    fn string(&mut self) -> Result<(), String> {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                control @ 0..0x20 => return Err(invalid(control, "in string literal")),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.next()? {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => (0..4).try_for_each(|_| match self.next()? {
                digit if digit.is_ascii_hexdigit() => Ok(()),
                other => Err(invalid(other, "in \\u hexadecimal character escape")),
            }),
            other => Err(invalid(other, "in string escape code")),
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for expected in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != expected {
                let place = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(invalid(byte, &place));
            }
        }
        Ok(())
    }

    fn number(&mut self, first: u8) -> Result<(), String> {
        let start = self.at - 1;
        let first = if first == b'-' { self.digit("in numeric literal")? } else { first };
        if first != b'0' {
            self.skip_digits();
        }
        if self.take(b".") {
            self.digit("after decimal point in numeric literal")?;
            self.skip_digits();
        }
        if self.take(b"eE") {
            self.take(b"+-");
            self.digit("in exponent of numeric literal")?;
            self.skip_digits();
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        if self.too_large.is_none() && text.parse().is_ok_and(f64::is_infinite) {
            self.too_large = Some(text.into_owned());
        }
        Ok(())
    }

    fn digit(&mut self, place: &str) -> Result<u8, String> {
        match self.next()? {
            digit if digit.is_ascii_digit() => Ok(digit),
            other => Err(invalid(other, place)),
        }
    }

    fn skip_digits(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    /// Steps over the next byte if it is one of these.
    fn take(&mut self, choices: &[u8]) -> bool {
        let taken = self.text.get(self.at).is_some_and(|byte| choices.contains(byte));
        self.at += usize::from(taken);
        taken
    }
}

/// Go's complaint about a byte, which it shows as the character of that number.
fn invalid(byte: u8, place: &str) -> String {
    let shown = quote_character(char::from(byte));
    format!("invalid character {shown} {place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_and_errors() {
        let good = [
            ("1x", json!(1), 1),
            (" {\"a\": [1.5, null]} ,", json!({"a": [1.5, null]}), 19),
            ("01", json!(0), 1),
        ];
        for (text, value, length) in good {
            assert_eq!(read_prefix(text), Ok((value, length)), "{text}");
        }
        let bad = [
            ("x", "invalid character 'x' looking for beginning of value"),
            ("", "unexpected EOF"),
            ("[1", "unexpected EOF"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{a", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("trux", "invalid character 'x' in literal true (expecting 'e')"),
            ("\"\\q\"", "invalid character 'q' in string escape code"),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("1.x", "invalid character 'x' after decimal point in numeric literal"),
            ("1e", "unexpected EOF"),
            ("[1e400]", "json: cannot unmarshal number 1e400 into Go value of type float64"),
        ];
        for (text, error) in bad {
            assert_eq!(read_prefix(text), Err(error.to_owned()), "{text}");
        }
        assert_eq!(read_prefix(&"[".repeat(1000)), Err("exceeded max depth".to_owned()));
    }
}
