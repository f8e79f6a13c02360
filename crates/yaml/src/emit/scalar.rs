//! Writing scalars: folding, quoting, block scalars.

use std::borrow::Cow;

use crate::bytes;
use crate::emit::style::{Style, is_printable};
use crate::emit::value::json_form;
use crate::emit::{Dialect, Emitter};
use crate::error::ErrorKind;
use crate::limits::Options;

/// Scalars are folded at the first space behind this column; never in the pretty dialect.
const WIDTH: usize = 80;

/// A mapping key in JSON must end within this many characters to be read back (YAML's simple keys).
const LONGEST_JSON_KEY: usize = 1024;

impl Emitter {
    pub(super) fn write_scalar(&mut self, text: &str, style: Style, may_fold: bool) {
        match style {
            Style::Plain => self.write_plain(text, may_fold),
            Style::SingleQuoted => self.write_single_quoted(text, may_fold),
            Style::DoubleQuoted => self.write_double_quoted(text, may_fold),
            Style::Literal => self.write_literal(text),
        }
    }

    /// The column in characters if a fold could come within `bytes` more bytes.
    fn foldable_column(&self, bytes: usize, may_fold: bool) -> Option<usize> {
        let may_fold = may_fold && self.dialect == Dialect::Compact;
        let so_far = &self.out[self.line_start..];
        (may_fold && so_far.len() + bytes > WIDTH).then(|| so_far.chars().count())
    }

    fn write_plain(&mut self, text: &str, may_fold: bool) {
        if !self.whitespace {
            self.out.push(' ');
        }
        match self.foldable_column(text.len(), may_fold) {
            None => self.out.push_str(text),
            Some(column) => self.write_folded(text, column, false),
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// Writes words, with a line break in place of the first single space behind the width.
    fn write_folded(&mut self, text: &str, mut column: usize, keep_edges: bool) {
        let indent = self.scalar_indent();
        let bytes = text.as_bytes();
        let mut from = 0;
        let mut at = 0;
        while let Some(space) = bytes[at..].iter().position(|&byte| byte == b' ').map(|found| at + found) {
            column += text[at..space].chars().count();
            let run = bytes[space..].iter().take_while(|&&byte| byte == b' ').count();
            let is_edge = space == 0 || space + run == bytes.len();
            if run == 1 && column > WIDTH && !(keep_edges && is_edge) {
                self.out.push_str(&text[from..space]);
                self.indention = false;
                self.write_indent_to(indent);
                from = space + 1;
                column = indent;
            } else {
                column += run;
            }
            at = space + run;
        }
        self.out.push_str(&text[from..]);
    }

    fn write_single_quoted(&mut self, text: &str, may_fold: bool) {
        self.write_indicator("'", true);
        let has_breaks = text.contains(['\u{2028}', '\u{2029}']);
        let column = self.foldable_column(text.len(), may_fold);
        match column {
            None if !has_breaks && !text.contains('\'') => self.out.push_str(text),
            _ if has_breaks || text.contains('\'') => self.write_single_quoted_slowly(text, may_fold),
            Some(column) => self.write_folded(text, column, true),
            None => unreachable!("the first arm takes plain text"),
        }
        self.out.push('\'');
        self.whitespace = false;
        self.indention = false;
    }

    fn write_single_quoted_slowly(&mut self, text: &str, may_fold: bool) {
        let indent = self.scalar_indent();
        let may_fold = may_fold && self.dialect == Dialect::Compact;
        let mut column = self.out[self.line_start..].chars().count();
        let mut after_space = false;
        let mut after_break = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|&(_, next)| next);
            match character {
                ' ' => {
                    let fold = may_fold
                        && !after_space
                        && column > WIDTH
                        && at > 0
                        && next.is_some_and(|next| next != ' ');
                    if fold {
                        self.write_indent_to(indent);
                        column = indent;
                    } else {
                        self.out.push(' ');
                        column += 1;
                    }
                    after_space = true;
                }
                '\u{2028}' | '\u{2029}' => {
                    self.out.push(character);
                    self.line_start = self.out.len();
                    self.indention = true;
                    column = 0;
                    after_break = true;
                }
                _ => {
                    if after_break {
                        self.write_indent_to(indent);
                        column = indent;
                    }
                    if character == '\'' {
                        self.out.push('\'');
                        column += 1;
                    }
                    self.out.push(character);
                    column += 1;
                    self.indention = false;
                    after_space = false;
                    after_break = false;
                }
            }
        }
    }

    fn write_double_quoted(&mut self, text: &str, may_fold: bool) {
        self.write_indicator("\"", true);
        let indent = self.scalar_indent();
        let bytes = text.as_bytes();
        // go-yaml's test for a byte order mark looks at the start of the string, whichever character it is asked about.
        let escape_all = text.starts_with('\u{feff}');
        let mut column = self.out[self.line_start..].chars().count();
        let may_fold = may_fold && self.dialect == Dialect::Compact;
        let mut after_space = false;
        for (at, character) in text.char_indices() {
            let is_plain = is_printable(bytes, at) && bytes::break_width(bytes, at) == 0;
            if escape_all || !is_plain || matches!(character, '"' | '\\') {
                column += self.write_escape(character);
                after_space = false;
            } else if character == ' ' {
                let fold = may_fold && !after_space && column > WIDTH && at > 0 && at < bytes.len() - 1;
                if fold {
                    self.write_indent_to(indent);
                    column = indent;
                    if bytes[at + 1] == b' ' {
                        self.out.push('\\');
                        column += 1;
                    }
                } else {
                    self.out.push(' ');
                    column += 1;
                }
                after_space = true;
            } else {
                self.out.push(character);
                column += 1;
                after_space = false;
            }
        }
        self.out.push('"');
        self.whitespace = false;
        self.indention = false;
    }

    /// Writes an escape sequence and gives its length.
    fn write_escape(&mut self, character: char) -> usize {
        let short = match character {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0B' => 'v',
            '\x0C' => 'f',
            '\r' => 'r',
            '\x1B' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(character);
                let text = match code {
                    0..=0xFF => format!("\\x{code:02X}"),
                    0x100..=0xFFFF => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.out.push_str(&text);
                return text.len();
            }
        };
        self.out.push('\\');
        self.out.push(short);
        2
    }

    fn write_literal(&mut self, text: &str) {
        self.write_indicator("|", true);
        if text.starts_with([' ', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.out.push('2');
        }
        let last_is_break = ends_with_break(text);
        match last_is_break {
            None => self.out.push('-'),
            Some(rest) if rest.is_empty() || ends_with_break(rest).is_some() => self.out.push('+'),
            Some(_) => {}
        }
        self.break_line();
        self.whitespace = true;
        let indent = self.scalar_indent();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes::find_break(bytes, at);
            if end > at {
                self.write_indent_to(indent);
                self.out.push_str(&text[at..end]);
                self.indention = false;
            }
            let width = bytes::break_width(bytes, end.min(bytes.len()));
            if width > 0 {
                self.out.push_str(&text[end..end + width]);
                self.line_start = self.out.len();
                self.indention = true;
            }
            at = end + width;
        }
    }

    /// A string as it comes out of go-yaml's reading of its JSON form.
    pub(super) fn admit_text<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        if self.dialect == Dialect::Pretty || text.is_ascii() && !text.contains('\x7F') {
            return Cow::Borrowed(text);
        }
        if text.contains(is_refused) {
            self.fail(ErrorKind::Encoding, "yaml: control characters are not allowed");
        } else if text.contains('\u{85}') {
            return self.fold_next_lines(text);
        }
        Cow::Borrowed(text)
    }

    pub(super) fn admit_key<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        if self.dialect == Dialect::Compact && !is_json_key(text) {
            self.fail(ErrorKind::Syntax, "yaml: did not find expected ',' or '}'");
        }
        self.admit_text(text)
    }

    /// U+0085 is not escaped in JSON, but a line break in YAML: it is folded like any other.
    fn fold_next_lines<'t>(&mut self, text: &str) -> Cow<'t, str> {
        let json = json_form(&serde_json::Value::from(text));
        match crate::from_str(&json, &Options::default()) {
            Ok(serde_json::Value::String(folded)) => Cow::Owned(folded),
            _ => {
                self.fail(ErrorKind::Syntax, "yaml: found unexpected document indicator");
                Cow::Borrowed("")
            }
        }
    }
}

/// The text before its last line break, if it ends with one.
fn ends_with_break(text: &str) -> Option<&str> {
    text.strip_suffix(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// Characters that JSON does not escape and YAML's reader refuses.
fn is_refused(character: char) -> bool {
    matches!(character, '\x7F'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether YAML takes the JSON form of the text for a key: on one line and not too long.
fn is_json_key(text: &str) -> bool {
    let is_short = text.len() < LONGEST_JSON_KEY / 6;
    (is_short || json_length(text) <= LONGEST_JSON_KEY) && (text.is_ascii() || !text.contains('\u{85}'))
}

/// The number of characters of a string as Go's JSON encoder writes it, with its quotes.
fn json_length(text: &str) -> usize {
    let lengths = text.chars().map(|character| match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0C' => 2,
        '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    });
    lengths.sum::<usize>() + 2
}
