//! Directives, anchors, aliases and tags.

use std::borrow::Cow;

use super::{Result, Scanner};
use crate::bytes::{self, URI, WORD};
use crate::error::Mark;
use crate::token::{TagParts, TokenKind};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_directive(&mut self, mark: Mark) -> Result<()> {
        self.unroll_indent(-1, mark);
        self.forget_key(self.current_key())?;
        self.simple_key_allowed = false;
        self.pos += 1;
        let kind = match self.scan_directive_name()? {
            "YAML" => self.scan_version()?,
            "TAG" => self.scan_tag_directive()?,
            _ => return Err(self.error("found unknown directive name")),
        };
        self.skip_blanks();
        if self.byte(0) == b'#' {
            self.pos = bytes::find_break(self.bytes, self.pos);
        }
        if self.pos < self.bytes.len() && !self.skip_break() {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.push(kind, mark);
        Ok(())
    }

    fn scan_word(&mut self) -> &'a str {
        let start = self.pos;
        self.pos = bytes::skip(self.bytes, start, WORD);
        &self.text[start..self.pos]
    }

    fn scan_directive_name(&mut self) -> Result<&'a str> {
        let name = self.scan_word();
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !bytes::is_blank_or_end(self.bytes, self.pos) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        Ok(name)
    }

    fn scan_version(&mut self) -> Result<TokenKind<'a>> {
        self.skip_blanks();
        let major = self.scan_version_number()?;
        if self.byte(0) != b'.' {
            return Err(self.error("did not find expected digit or '.' character"));
        }
        self.pos += 1;
        let minor = self.scan_version_number()?;
        Ok(TokenKind::VersionDirective { major, minor })
    }

    fn scan_version_number(&mut self) -> Result<u8> {
        let mut number = None;
        let start = self.pos;
        while self.byte(0).is_ascii_digit() {
            if self.pos - start == 2 {
                return Err(self.error("found extremely long version number"));
            }
            number = Some(number.unwrap_or(0) * 10 + (self.byte(0) - b'0'));
            self.pos += 1;
        }
        number.ok_or_else(|| self.error("did not find expected version number"))
    }

    fn scan_tag_directive(&mut self) -> Result<TokenKind<'a>> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(true)?;
        if self.pos == self.bytes.len() || !bytes::is(self.byte(0), bytes::BLANK) {
            return Err(self.error("did not find expected whitespace"));
        }
        self.skip_blanks();
        let rest = self.scan_uri(self.pos, false)?;
        if !bytes::is_blank_or_end(self.bytes, self.pos) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(TokenKind::TagDirective(Box::new(TagParts { handle, rest })))
    }

    pub(super) fn fetch_anchor(&mut self, indicator: u8, mark: Mark) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        self.pos += 1;
        let name = self.scan_word();
        let ended = bytes::is_blank_or_end(self.bytes, self.pos) || b"?:,]}%@`".contains(&self.byte(0));
        if name.is_empty() || !ended {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        let kind = if indicator == b'*' { TokenKind::Alias(name) } else { TokenKind::Anchor(name) };
        self.push(kind, mark);
        Ok(())
    }

    pub(super) fn fetch_tag(&mut self, mark: Mark) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let parts = if self.byte(1) == b'<' { self.scan_verbatim_tag()? } else { self.scan_short_tag()? };
        if !bytes::is_blank_or_end(self.bytes, self.pos) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        self.push(TokenKind::Tag(Box::new(parts)), mark);
        Ok(())
    }

    /// `!<uri>`: no handle.
    fn scan_verbatim_tag(&mut self) -> Result<TagParts<'a>> {
        self.pos += 2;
        let rest = self.scan_uri(self.pos, false)?;
        if self.byte(0) != b'>' {
            return Err(self.error("did not find the expected '>'"));
        }
        self.pos += 1;
        Ok(TagParts { handle: "", rest })
    }

    /// `!`, `!suffix`, `!!suffix` or `!handle!suffix`.
    fn scan_short_tag(&mut self) -> Result<TagParts<'a>> {
        let start = self.pos;
        let handle = self.scan_tag_handle(false)?;
        if handle.len() > 1 && handle.ends_with('!') {
            let rest = self.scan_uri(self.pos, false)?;
            return Ok(TagParts { handle, rest });
        }
        let rest = self.scan_uri(start + 1, true)?;
        Ok(match rest.is_empty() {
            true => TagParts { handle: "", rest: Cow::Borrowed("!") },
            false => TagParts { handle: "!", rest },
        })
    }

    fn scan_tag_handle(&mut self, directive: bool) -> Result<&'a str> {
        let start = self.pos;
        if self.byte(0) != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        self.pos += 1;
        self.scan_word();
        if self.byte(0) == b'!' {
            self.pos += 1;
        } else if directive && self.pos - start > 1 {
            return Err(self.error("did not find expected '!'"));
        }
        Ok(&self.text[start..self.pos])
    }

    /// A URI that began at `start` (the position may be further on), with `%XX` escapes undone.
    fn scan_uri(&mut self, start: usize, may_be_empty: bool) -> Result<Cow<'a, str>> {
        let from = self.pos;
        self.pos = bytes::skip(self.bytes, from, WORD | URI);
        if self.pos == from && !may_be_empty {
            return Err(self.error("did not find expected tag URI"));
        }
        let end = self.pos;
        let raw = &self.text[start..end];
        if !raw.contains('%') {
            return Ok(Cow::Borrowed(raw));
        }
        self.pos = start;
        self.unescape_uri(end).map(Cow::Owned)
    }

    fn unescape_uri(&mut self, end: usize) -> Result<String> {
        let mut uri = String::new();
        while self.pos < end {
            match self.byte(0) {
                b'%' => uri.push(self.scan_uri_escapes()?),
                byte => {
                    uri.push(char::from(byte));
                    self.pos += 1;
                }
            }
        }
        Ok(uri)
    }

    /// One character written as one to four `%XX`.
    fn scan_uri_escapes(&mut self) -> Result<char> {
        let mut octets = Vec::with_capacity(4);
        let mut width = 1;
        while octets.len() < width {
            let digits = (self.byte(0) == b'%').then(|| (hex(self.byte(1)), hex(self.byte(2))));
            let Some((Some(high), Some(low))) = digits else {
                return Err(self.error("did not find URI escaped octet"));
            };
            let octet = high << 4 | low;
            if octets.is_empty() {
                width = match octet {
                    0x00..=0x7F => 1,
                    0xC0..=0xDF => 2,
                    0xE0..=0xEF => 3,
                    0xF0..=0xF7 => 4,
                    _ => return Err(self.error("found an incorrect leading UTF-8 octet")),
                };
            } else if octet & 0xC0 != 0x80 {
                return Err(self.error("found an incorrect trailing UTF-8 octet"));
            }
            octets.push(octet);
            self.pos += 3;
        }
        let text = std::str::from_utf8(&octets).ok().and_then(|text| text.chars().next());
        text.ok_or_else(|| self.error("found an incorrect trailing UTF-8 octet"))
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
