//! Characters to tokens: indentation, simple keys and indicators of YAML 1.1 as go-yaml v2 has them.

mod block;
mod plain;
mod quoted;
mod tag;

use std::collections::VecDeque;

use crate::bytes::{self, BLANK, INDICATOR};
use crate::error::{Error, ErrorKind, Mark};
use crate::token::{Token, TokenKind};

type Result<T> = std::result::Result<T, Error>;

/// A simple key (one without `?`) must end within this many characters (YAML 1.1, 7.4).
const SIMPLE_KEY_LENGTH: u32 = 1024;

/// The size of the pieces in which go-yaml reads its input; it refuses a bad character when its piece is read.
const READ_SIZE: usize = 512;

pub(crate) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    line: u32,
    line_start: usize,
    /// Continuation bytes between `line_start` and `wide_until`; they do not count as columns.
    wide: usize,
    wide_until: usize,
    ascii: bool,
    /// Where the text ends early because of a character YAML forbids.
    forbidden_at: Option<usize>,
    tokens: VecDeque<Token<'a>>,
    tokens_taken: usize,
    ready: bool,
    ended: bool,
    indent: i64,
    indents: Vec<i64>,
    simple_keys: Vec<SimpleKey>,
    simple_key_allowed: bool,
    max_depth: usize,
}

/// A token that turns out to be a mapping key if a `:` follows in time. One per flow level, the last is the current.
#[derive(Clone, Copy)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// Whether the token waits in the queue for a `:`.
    waits: bool,
    token: usize,
    mark: Mark,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str, max_depth: usize) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let forbidden_at = find_forbidden(text);
        let text = forbidden_at.map_or(text, |at| &text[..at]);
        Self {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            line: 0,
            line_start: 0,
            wide: 0,
            wide_until: 0,
            ascii: text.is_ascii(),
            forbidden_at,
            tokens: VecDeque::with_capacity(8),
            tokens_taken: 0,
            ready: false,
            ended: false,
            indent: -1,
            indents: Vec::new(),
            simple_keys: vec![SimpleKey {
                possible: false,
                required: false,
                waits: false,
                token: 0,
                mark: Mark::default(),
            }],
            simple_key_allowed: true,
            max_depth,
        }
    }

    /// The next token, left in the queue.
    pub(crate) fn peek(&mut self) -> Result<&Token<'a>> {
        if !self.ready {
            self.fetch_more()?;
            self.ready = true;
        }
        Ok(self.tokens.front().expect("fetch_more leaves a token in the queue"))
    }

    /// Takes the token that `peek` showed.
    pub(crate) fn take(&mut self) -> Token<'a> {
        self.ready = false;
        self.tokens_taken += 1;
        self.tokens.pop_front().expect("take follows peek")
    }

    /// go-yaml meets a forbidden character when it reads the piece it lies in, before it scans that piece.
    fn check_forbidden(&self) -> Result<()> {
        match self.forbidden_at {
            Some(at) if self.pos + 4 > at / READ_SIZE * READ_SIZE => Err(self.forbidden()),
            _ => Ok(()),
        }
    }

    fn forbidden(&self) -> Error {
        let mark = Mark { offset: self.bytes.len(), ..position_of(self.bytes, self.bytes.len()) };
        Error::new(ErrorKind::Encoding, "yaml: control characters are not allowed", Some(mark))
    }

    fn fetch_more(&mut self) -> Result<()> {
        while self.tokens.is_empty() || self.head_may_be_key()? {
            self.fetch()?;
        }
        Ok(())
    }

    /// Whether the head of the queue may still turn out to be a key, so that a KEY token must go before it.
    fn head_may_be_key(&mut self) -> Result<bool> {
        let head = self.tokens_taken;
        let first = self.simple_keys.partition_point(|key| key.token < head);
        let found = (first..self.simple_keys.len())
            .take_while(|&index| self.simple_keys[index].token == head)
            .find(|&index| self.simple_keys[index].possible && self.simple_keys[index].waits);
        found.map_or(Ok(false), |index| self.key_is_possible(index))
    }

    fn key_is_possible(&mut self, index: usize) -> Result<bool> {
        let key = self.simple_keys[index];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line == self.line && key.mark.column + SIMPLE_KEY_LENGTH >= self.column() {
            return Ok(true);
        }
        self.forget_key(index)?;
        Ok(false)
    }

    fn forget_key(&mut self, index: usize) -> Result<()> {
        let key = &mut self.simple_keys[index];
        if key.possible && key.required {
            return Err(self.error("could not find expected ':'"));
        }
        key.possible = false;
        Ok(())
    }

    fn current_key(&self) -> usize {
        self.simple_keys.len() - 1
    }

    fn save_simple_key(&mut self) -> Result<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let mark = self.mark();
        let index = self.current_key();
        self.forget_key(index)?;
        self.simple_keys[index] = SimpleKey {
            possible: true,
            required: !self.in_flow() && self.indent == i64::from(mark.column),
            waits: true,
            token: self.tokens_taken + self.tokens.len(),
            mark,
        };
        Ok(())
    }

    fn in_flow(&self) -> bool {
        self.simple_keys.len() > 1
    }

    /// Reads one more token (and what it implies) into the queue.
    fn fetch(&mut self) -> Result<()> {
        self.skip_to_token();
        self.check_forbidden()?;
        let mark = self.mark();
        self.unroll_indent(i64::from(mark.column), mark);
        let Some(&byte) = self.bytes.get(self.pos) else {
            return self.fetch_stream_end();
        };
        if mark.column == 0 && byte == b'%' {
            return self.fetch_directive(mark);
        }
        if mark.column == 0 && bytes::is_document_indicator(self.bytes, self.pos) {
            return self.fetch_document_indicator(byte, mark);
        }
        if !bytes::is(byte, INDICATOR) && !bytes::is_blank_or_end(self.bytes, self.pos) {
            return self.fetch_plain(mark);
        }
        let blank_follows = bytes::is_blank_or_end(self.bytes, self.pos + 1);
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart, mark),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart, mark),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd, mark),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd, mark),
            b',' => self.fetch_flow_entry(mark),
            b'-' if blank_follows => self.fetch_block_entry(mark),
            b'?' if self.in_flow() || blank_follows => self.fetch_key(mark),
            b':' if self.in_flow() || blank_follows => self.fetch_value(mark),
            b'-' | b'?' | b':' => self.fetch_plain(mark),
            b'*' | b'&' => self.fetch_anchor(byte, mark),
            b'!' => self.fetch_tag(mark),
            b'|' | b'>' if !self.in_flow() => self.fetch_block_scalar(byte == b'|', mark),
            b'\'' | b'"' => self.fetch_quoted(byte, mark),
            _ => Err(self.error("found character that cannot start any token")),
        }
    }

    /// Skips blanks, comments and line breaks. A tab is no indentation: it stays where a simple key may begin.
    fn skip_to_token(&mut self) {
        if self.pos == 0 && self.text.starts_with('\u{feff}') {
            self.pos = '\u{feff}'.len_utf8();
        }
        loop {
            let tabs = self.in_flow() || !self.simple_key_allowed;
            while self.byte(0) == b' ' || (tabs && self.byte(0) == b'\t') {
                self.pos += 1;
            }
            if self.byte(0) == b'#' {
                self.pos = bytes::find_break(self.bytes, self.pos);
            }
            if !self.skip_break() {
                return;
            }
            if !self.in_flow() {
                self.simple_key_allowed = true;
            }
        }
    }

    fn fetch_stream_end(&mut self) -> Result<()> {
        if self.column() != 0 {
            self.line += 1;
            self.start_line_here();
        }
        let mark = self.mark();
        self.unroll_indent(-1, mark);
        self.forget_key(self.current_key())?;
        self.simple_key_allowed = false;
        self.ended = true;
        self.push(TokenKind::StreamEnd, mark);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, byte: u8, mark: Mark) -> Result<()> {
        self.unroll_indent(-1, mark);
        self.forget_key(self.current_key())?;
        self.simple_key_allowed = false;
        self.pos += 3;
        let kind = if byte == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind<'a>, mark: Mark) -> Result<()> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey {
            possible: false,
            required: false,
            waits: false,
            token: self.tokens_taken + self.tokens.len(),
            mark,
        });
        self.check_depth(self.simple_keys.len() - 1)?;
        self.simple_key_allowed = true;
        self.pos += 1;
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind<'a>, mark: Mark) -> Result<()> {
        self.forget_key(self.current_key())?;
        if self.in_flow() {
            let inner = self.simple_keys.pop().map(|key| key.token);
            // In go-yaml an empty flow collection does not wait for its `:`, so `[]: a` is not read as a mapping.
            let index = self.current_key();
            self.simple_keys[index].waits &= Some(self.simple_keys[index].token) != inner;
        }
        self.simple_key_allowed = false;
        self.pos += 1;
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_flow_entry(&mut self, mark: Mark) -> Result<()> {
        self.forget_key(self.current_key())?;
        self.simple_key_allowed = true;
        self.pos += 1;
        self.push(TokenKind::FlowEntry, mark);
        Ok(())
    }

    fn fetch_block_entry(&mut self, mark: Mark) -> Result<()> {
        if !self.in_flow() {
            self.require_key_place("block sequence entries are not allowed in this context")?;
            self.roll_indent(mark, None, TokenKind::BlockSequenceStart)?;
        }
        self.forget_key(self.current_key())?;
        self.simple_key_allowed = true;
        self.pos += 1;
        self.push(TokenKind::BlockEntry, mark);
        Ok(())
    }

    fn fetch_key(&mut self, mark: Mark) -> Result<()> {
        if !self.in_flow() {
            self.require_key_place("mapping keys are not allowed in this context")?;
            self.roll_indent(mark, None, TokenKind::BlockMappingStart)?;
        }
        self.forget_key(self.current_key())?;
        self.simple_key_allowed = !self.in_flow();
        self.pos += 1;
        self.push(TokenKind::Key, mark);
        Ok(())
    }

    fn fetch_value(&mut self, mark: Mark) -> Result<()> {
        let index = self.current_key();
        if self.key_is_possible(index)? {
            let key = self.simple_keys[index];
            let at = key.token.checked_sub(self.tokens_taken);
            self.insert(at, TokenKind::Key, key.mark);
            self.roll_indent(key.mark, at, TokenKind::BlockMappingStart)?;
            self.simple_keys[index].possible = false;
            self.simple_key_allowed = false;
        } else {
            if !self.in_flow() {
                self.require_key_place("mapping values are not allowed in this context")?;
                self.roll_indent(mark, None, TokenKind::BlockMappingStart)?;
            }
            self.simple_key_allowed = !self.in_flow();
        }
        self.pos += 1;
        self.push(TokenKind::Value, mark);
        Ok(())
    }

    fn require_key_place(&mut self, problem: &str) -> Result<()> {
        if self.simple_key_allowed { Ok(()) } else { Err(self.error(problem)) }
    }

    /// Opens a block collection if this column is deeper than the current indentation.
    fn roll_indent(&mut self, mark: Mark, at: Option<usize>, kind: TokenKind<'a>) -> Result<()> {
        let column = i64::from(mark.column);
        if self.in_flow() || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        self.check_depth(self.indents.len())?;
        self.insert(at, kind, mark);
        Ok(())
    }

    /// Closes the block collections that are deeper than this column.
    fn unroll_indent(&mut self, column: i64, mark: Mark) {
        if self.in_flow() {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, mark);
            self.indent = self.indents.pop().expect("one entry per open indentation");
        }
    }

    fn check_depth(&mut self, depth: usize) -> Result<()> {
        if depth <= self.max_depth {
            return Ok(());
        }
        let problem = format!("exceeded max depth of {}", self.max_depth);
        let error = self.error(&problem);
        Err(Error::new(ErrorKind::Limit, error.to_string(), Some(self.mark())))
    }

    fn push(&mut self, kind: TokenKind<'a>, start: Mark) {
        self.tokens.push_back(Token { kind, start });
    }

    /// Puts a token at a place in the queue, or at its end.
    fn insert(&mut self, at: Option<usize>, kind: TokenKind<'a>, start: Mark) {
        let at = at.unwrap_or(self.tokens.len());
        self.tokens.insert(at, Token { kind, start });
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        self.pos = bytes::skip(self.bytes, self.pos, BLANK);
    }

    /// Skips one line break, if there is one here.
    fn skip_break(&mut self) -> bool {
        let width = bytes::break_width(self.bytes, self.pos);
        if width == 0 {
            return false;
        }
        self.pos += width;
        self.line += 1;
        self.start_line_here();
        true
    }

    fn start_line_here(&mut self) {
        self.line_start = self.pos;
        self.wide = 0;
        self.wide_until = self.pos;
    }

    fn column(&mut self) -> u32 {
        if !self.ascii {
            let since = &self.bytes[self.wide_until..self.pos];
            self.wide += since.iter().filter(|&&byte| is_continuation(byte)).count();
            self.wide_until = self.pos;
        }
        u32::try_from(self.pos - self.line_start - self.wide).unwrap_or(u32::MAX)
    }

    fn mark(&mut self) -> Mark {
        Mark { offset: self.pos, line: self.line, column: self.column() }
    }

    fn error(&mut self, problem: &str) -> Error {
        if let Err(error) = self.check_forbidden() {
            return error;
        }
        Error::scanner(problem, self.mark())
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// The first character go-yaml's reader refuses: C0 controls but tab, LF and CR; DEL; C1 controls but NEL; U+FFFE, U+FFFF.
fn find_forbidden(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at = find_suspect(bytes, at)?;
        match bytes[at..] {
            [0xC2, 0x85 | 0xA0..=0xFF, ..] => at += 2,
            [0xEF, 0xBF, 0xBE | 0xBF, ..] => return Some(at),
            [0xEF, ..] => at += 3,
            _ => return Some(at),
        }
    }
}

/// The next byte that is, or may begin, a forbidden character. Most texts have none: they are passed over a block at a
/// time, without a branch for each byte.
fn find_suspect(bytes: &[u8], from: usize) -> Option<usize> {
    const BLOCK: usize = 64;
    let clean_blocks = bytes[from..]
        .as_chunks::<BLOCK>()
        .0
        .iter()
        .take_while(|block| !block.iter().fold(false, |found, &byte| found | is_suspect(byte)))
        .count();
    let start = from + clean_blocks * BLOCK;
    bytes[start..].iter().position(|&byte| is_suspect(byte)).map(|at| start + at)
}

fn is_suspect(byte: u8) -> bool {
    let is_control = (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r');
    is_control | (byte == 0x7F) | (byte == 0xC2) | (byte == 0xEF)
}

fn position_of(bytes: &[u8], offset: usize) -> Mark {
    let mut mark = Mark::default();
    let mut at = 0;
    let mut line_start = 0;
    loop {
        at = bytes::find_break(&bytes[..offset], at);
        if at >= offset {
            break;
        }
        at += bytes::break_width(bytes, at);
        line_start = at;
        mark.line += 1;
    }
    let column = bytes[line_start..offset].iter().filter(|&&byte| !is_continuation(byte)).count();
    mark.column = u32::try_from(column).unwrap_or(u32::MAX);
    mark
}
