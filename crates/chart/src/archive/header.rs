//! One tar header block, and the records that override it.

use super::ArchiveError;

/// The unit of a tar archive.
pub(super) const BLOCK_BYTES: usize = 512;

/// Where the fields are (POSIX ustar interchange format).
mod field {
    use std::ops::Range;

    pub(super) const NAME: Range<usize> = 0..100;
    pub(super) const MODE: Range<usize> = 100..108;
    pub(super) const SIZE: Range<usize> = 124..136;
    pub(super) const MODIFIED: Range<usize> = 136..148;
    pub(super) const CHECKSUM: Range<usize> = 148..156;
    pub(super) const KIND: usize = 156;
    pub(super) const MAGIC: Range<usize> = 257..265;
    pub(super) const PREFIX: Range<usize> = 345..500;
}

/// The bits of the mode that say what a file is, and their value for a directory (POSIX `S_IFMT`, `S_IFDIR`).
const MODE_KIND: u64 = 0o170_000;
const MODE_DIRECTORY: u64 = 0o040_000;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// A pax header for the next entry.
    Records,
    /// A pax header for all entries, which has nothing for us.
    GlobalRecords,
    /// GNU: the content is the next entry's path.
    LongName,
    /// GNU: the content is the next entry's link target.
    LongLink,
    /// Anything a chart may not contain, by its name for a person.
    Forbidden(&'static str),
}

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) path: Vec<u8>,
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) modified: i64,
    pub(super) kind: Kind,
}

const DAMAGED: ArchiveError = ArchiveError::TarHeader { entry: None };

/// Reads a block that is not all zeros.
pub(super) fn parse(block: &[u8; BLOCK_BYTES]) -> Result<Header, ArchiveError> {
    check_sum(block)?;
    let path = parse_path(block);
    let mode = parse_number(&block[field::MODE]).unwrap_or_default();
    let kind = parse_kind(block[field::KIND], &path, mode);
    let size = parse_number(&block[field::SIZE]).and_then(|size| u64::try_from(size).ok()).ok_or(DAMAGED)?;
    let has_content = !matches!(kind, Kind::Directory | Kind::Forbidden(_)) || block[field::KIND] == b'0';
    Ok(Header {
        path,
        size: if has_content { size } else { 0 },
        modified: parse_number(&block[field::MODIFIED]).unwrap_or_default(),
        kind,
    })
}

/// The sum of all bytes with the checksum's own field as spaces; old programs summed signed bytes.
fn check_sum(block: &[u8; BLOCK_BYTES]) -> Result<(), ArchiveError> {
    let blank_sum = u32::try_from(field::CHECKSUM.len()).expect("eight") * u32::from(b' ');
    let unsigned = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let signed = |bytes: &[u8]| bytes.iter().map(|&byte| i32::from(byte.cast_signed())).sum::<i32>();
    let own = &block[field::CHECKSUM];
    let stated = parse_number(own).ok_or(DAMAGED)?;
    let is_unsigned = stated == i64::from(unsigned(block) - unsigned(own) + blank_sum);
    if is_unsigned || stated == i64::from(signed(block) - signed(own) + blank_sum.cast_signed()) {
        return Ok(());
    }
    Err(DAMAGED)
}

fn parse_path(block: &[u8; BLOCK_BYTES]) -> Vec<u8> {
    let name = until_nul(&block[field::NAME]);
    let prefix = match &block[field::MAGIC] {
        b"ustar\x0000" => until_nul(&block[field::PREFIX]),
        _ => &[],
    };
    match prefix {
        [] => name.to_vec(),
        _ => [prefix, b"/", name].concat(),
    }
}

pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in base 256 when the first bit is set (GNU).
fn parse_number(field: &[u8]) -> Option<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => parse_base_256(field),
        _ => parse_octal(field),
    }
}

fn parse_base_256(field: &[u8]) -> Option<i64> {
    let negative = field[0] & 0x40 != 0;
    let mut value: i64 = if negative { -1 } else { 0 };
    for (index, &byte) in field.iter().enumerate() {
        let byte = match (index, negative) {
            (0, false) => byte & 0x7f,
            _ => byte,
        };
        if !(i64::MIN >> 8..=i64::MAX >> 8).contains(&value) {
            return None;
        }
        value = (value << 8) | i64::from(byte);
    }
    Some(value)
}

fn parse_octal(field: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches([' ', '\0']);
    let digits = digits.split('\0').next().unwrap_or_default();
    match digits {
        "" => Some(0),
        _ if digits.starts_with(['+', '-']) => None,
        _ => i64::from_str_radix(digits, 8).ok(),
    }
}

/// What the type byte means; like Go, an old-style file whose path ends in `/` or whose mode says so is a directory.
fn parse_kind(byte: u8, path: &[u8], mode: i64) -> Kind {
    let mode_directory = mode.cast_unsigned() & MODE_KIND == MODE_DIRECTORY;
    match byte {
        b'0' | b'7' | 0 if mode_directory => Kind::Directory,
        0 if path.ends_with(b"/") => Kind::Directory,
        b'0' | b'7' | 0 => Kind::File,
        b'1' => Kind::Forbidden("hard link"),
        b'2' => Kind::Forbidden("symbolic link"),
        b'3' => Kind::Forbidden("character device"),
        b'4' => Kind::Forbidden("block device"),
        b'5' => Kind::Directory,
        b'6' => Kind::Forbidden("FIFO"),
        b'S' => Kind::Forbidden("sparse file"),
        b'x' => Kind::Records,
        b'g' => Kind::GlobalRecords,
        b'L' => Kind::LongName,
        b'K' => Kind::LongLink,
        _ => Kind::Forbidden("entry of unknown kind"),
    }
}

/// What pax and GNU records say about the next entry.
#[derive(Default)]
pub(super) struct PaxRecords {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<i64>,
    sparse: bool,
}

impl PaxRecords {
    /// Reads lines of the form `LENGTH KEY=VALUE\n`.
    pub(super) fn parse(mut content: &[u8]) -> Result<Self, ArchiveError> {
        let mut records = Self::default();
        while !content.is_empty() {
            let (key, value, rest) = split_record(content).ok_or(DAMAGED)?;
            records.set(key, value)?;
            content = rest;
        }
        Ok(records)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), ArchiveError> {
        let text = || std::str::from_utf8(value).map_err(|_| DAMAGED);
        match key {
            b"path" if value.contains(&0) => return Err(DAMAGED),
            b"path" if !value.is_empty() => self.path = Some(value.to_vec()),
            b"size" => self.size = Some(text()?.parse().map_err(|_| DAMAGED)?),
            b"mtime" => {
                let seconds = text()?.split('.').next().unwrap_or_default();
                self.modified = Some(seconds.parse().map_err(|_| DAMAGED)?);
            }
            _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn set_path(&mut self, path: &[u8]) {
        self.path = Some(path.to_vec());
    }

    /// Overrides the header. A size that differs from the header's is refused: two readers would see two archives.
    pub(super) fn apply(self, header: &mut Header) -> Result<(), ArchiveError> {
        if let Some(path) = self.path {
            header.path = path;
        }
        if self.size.is_some_and(|size| size != header.size) {
            return Err(DAMAGED);
        }
        if let Some(modified) = self.modified {
            header.modified = modified;
        }
        if self.sparse {
            header.kind = Kind::Forbidden("sparse file");
        }
        Ok(())
    }
}

/// The key, the value and what follows the first record.
fn split_record(content: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = content.iter().take(20).position(|&byte| byte == b' ')?;
    let length: usize = std::str::from_utf8(&content[..space]).ok()?.parse().ok()?;
    let record = content.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &content[length..]))
}
