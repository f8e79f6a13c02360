//! A tar writer: plain files in ustar, with pax records where ustar cannot hold the path, as Go's writer chooses.

use std::io::{self, Write};

const BLOCK_BYTES: usize = 512;

/// The longest path in the name field, and in the prefix field before it.
const NAME_BYTES: usize = 100;
const PREFIX_BYTES: usize = 155;

/// The largest number of eleven octal digits.
const LARGEST_OCTAL: u64 = 0o77_777_777_777;

/// Writes entries one after the other.
pub(super) struct TarWriter<W> {
    out: W,
    /// The time of all entries, instead of their own.
    modified: Option<i64>,
}

impl<W: Write> TarWriter<W> {
    pub(super) fn new(out: W, modified: Option<i64>) -> Self {
        Self { out, modified }
    }

    /// The time of all entries, if there is one.
    pub(super) fn modified(&self) -> Option<i64> {
        self.modified
    }

    /// Writes one file with mode 0644.
    pub(super) fn append(&mut self, path: &str, data: &[u8], modified: i64) -> io::Result<()> {
        let modified =
            u64::try_from(self.modified.unwrap_or(modified)).unwrap_or_default().min(LARGEST_OCTAL);
        let (prefix, name) = match split_path(path) {
            Some(parts) => parts,
            None => {
                self.append_record(path)?;
                ("", shortened(path))
            }
        };
        self.write_entry(&header(prefix, name, b'0', 0o644, data.len() as u64, modified), data)
    }

    /// Writes the end of the archive and gives back what it was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK_BYTES])?;
        Ok(self.out)
    }

    /// Writes a pax header that gives the next entry its path.
    fn append_record(&mut self, path: &str) -> io::Result<()> {
        let record = pax_record("path", path);
        let header = header("", "PaxHeaders.0/path", b'x', 0, record.len() as u64, 0);
        self.write_entry(&header, record.as_bytes())
    }

    fn write_entry(&mut self, header: &[u8; BLOCK_BYTES], data: &[u8]) -> io::Result<()> {
        self.out.write_all(header)?;
        self.out.write_all(data)?;
        let padding = data.len().next_multiple_of(BLOCK_BYTES) - data.len();
        self.out.write_all(&[0; BLOCK_BYTES][..padding])
    }
}

/// The path as prefix and name, if ustar can hold it.
fn split_path(path: &str) -> Option<(&str, &str)> {
    if !path.is_ascii() {
        return None;
    }
    if path.len() <= NAME_BYTES {
        return Some(("", path));
    }
    let longest_prefix = &path[..path.len().min(PREFIX_BYTES + 1)];
    let (prefix, _) = longest_prefix.rsplit_once('/')?;
    let name = &path[prefix.len() + 1..];
    (name.len() <= NAME_BYTES && !name.is_empty() && !prefix.is_empty()).then_some((prefix, name))
}

/// The beginning of a path for readers that do not know pax.
fn shortened(path: &str) -> &str {
    let mut end = path.len().min(NAME_BYTES);
    while !path.is_char_boundary(end) {
        end -= 1;
    }
    &path[..end]
}

/// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
fn pax_record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    loop {
        let record = format!("{length}{rest}");
        if record.len() == length {
            return record;
        }
        length = record.len();
    }
}

fn header(prefix: &str, name: &str, kind: u8, mode: u64, size: u64, modified: u64) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, format!("{mode:07o}").as_bytes());
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, format!("{modified:011o}").as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    put(329, b"0000000");
    put(337, b"0000000");
    put(345, prefix.as_bytes());
    let sum: u64 = block.iter().copied().map(u64::from).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
