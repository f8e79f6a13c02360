//! Fragments as text and in the encodings that somebody asked for, and documents made of them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use bytes::Bytes;
use chandlery_core::{Digest, Error, Result, Sha256Hasher};
use http::HeaderValue;
use jiff::Timestamp;

use super::Document;
use super::encoding::{Encoding, GZIP_HEADER, gzip_trailer};
use super::fragment;
use super::fragment::Links;
use super::layer::{Fragment, Layer};
use crate::body::Part;

/// What is known of a fragment's text.
pub(super) struct Text<A> {
    checksum: crc32fast::Hasher,
    digest: Digest,
    /// What else its owner wants to know.
    pub(super) about: A,
}

/// The fragments of charts.
pub(super) struct Fragments<A> {
    texts: Layer<Text<A>>,
    compressed: [Layer<()>; 2],
}

impl<A> Fragments<A> {
    /// None yet; their files go to `directory`.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        let layer = || Layer::create(directory);
        Ok(Self { texts: Layer::create(directory)?, compressed: [layer()?, layer()?] })
    }

    /// All of them in the order of their names.
    pub(super) fn all(&self) -> &BTreeMap<String, Fragment<Text<A>>> {
        self.texts.fragments()
    }

    /// The text of a chart.
    pub(super) fn read(&self, name: &str) -> io::Result<Option<(String, &A)>> {
        let Some(fragment) = self.all().get(name) else { return Ok(None) };
        let text = String::from_utf8(self.texts.read(fragment.slot)?).map_err(io::Error::other)?;
        Ok(Some((text, &fragment.about.about)))
    }

    /// Puts a text in the place of the chart's last one. The same `generation` means the same text.
    pub(super) fn insert(&mut self, name: &str, generation: i64, text: &str, about: A) -> io::Result<()> {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(text.as_bytes());
        let about = Text { checksum, digest: Digest::of(text.as_bytes()), about };
        self.texts.insert(name, generation, text.as_bytes(), about)
    }

    /// Forgets the charts that `keep` does not know.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.texts.retain(keep);
    }

    /// See [`Layer::tidy`].
    pub(super) fn tidy(&mut self) -> io::Result<()> {
        self.texts.tidy()
    }

    /// Compresses the texts that changed since the last time, each once.
    pub(super) fn compress(&mut self, encoding: Encoding) -> io::Result<()> {
        let Self { texts, compressed } = self;
        let Some(number) = compressed_layer(encoding) else { return Ok(()) };
        let layer = &mut compressed[number];
        layer.retain(|name| texts.fragments().contains_key(name));
        for (name, Fragment { generation, slot, .. }) in texts.fragments() {
            if !layer.has(name, *generation) {
                layer.insert(name, *generation, &encoding.encode(&texts.read(*slot)?)?, ())?;
            }
        }
        layer.tidy()
    }

    /// Adds the fragments that `keep` knows to a document, after they were compressed.
    pub(super) fn add_to(&self, middle: &mut Middle, keep: impl Fn(&str) -> bool) {
        let kept = self.all().iter().filter(|(name, _)| keep(name));
        kept.for_each(|(_, fragment)| middle.count(fragment));
        match compressed_layer(middle.encoding) {
            None => middle.parts.extend(self.texts.parts_at(slots(&self.texts, keep))),
            Some(number) => {
                let layer = &self.compressed[number];
                middle.parts.extend(layer.parts_at(slots(layer, keep)));
            }
        }
    }
}

/// Where the fragments are that `keep` knows.
fn slots<T>(layer: &Layer<T>, keep: impl Fn(&str) -> bool) -> impl Iterator<Item = super::pack::Slot> {
    layer.fragments().iter().filter(move |(name, _)| keep(name)).map(|(_, fragment)| fragment.slot)
}

/// The number of the layer that has the fragments in an encoding; `None` for the texts.
fn compressed_layer(encoding: Encoding) -> Option<usize> {
    (encoding as usize).checked_sub(1)
}

/// What a document has between its head and its tail.
pub(super) struct Middle {
    encoding: Encoding,
    parts: Vec<Part>,
    /// Of the plain text.
    checksum: crc32fast::Hasher,
    /// Of the plain text.
    length: u64,
    tag: Sha256Hasher,
}

impl Middle {
    /// Nothing yet.
    pub(super) fn new(encoding: Encoding) -> Self {
        let (checksum, tag) = (crc32fast::Hasher::new(), Sha256Hasher::new());
        Self { encoding, parts: Vec::new(), checksum, length: 0, tag }
    }

    fn count<A>(&mut self, fragment: &Fragment<Text<A>>) {
        self.checksum.combine(&fragment.about.checksum);
        self.length += fragment.slot.length;
        self.tag.update(fragment.about.digest.as_bytes());
    }

    /// The whole document.
    pub(super) fn into_document(self, changed_at: Timestamp, links: &Links) -> Result<Document> {
        let encoding = self.encoding;
        let head = fragment::head(self.length == 0);
        let tail = fragment::tail(changed_at, links.context_path());
        let etag = self.etag(&tail)?;
        let parts = match encoding {
            Encoding::Identity => framed(head.into(), self.parts, tail.into()),
            Encoding::Gzip | Encoding::Zstd => self.encoded_parts(&head, &tail).map_err(cache_fault)?,
        };
        Ok(Document { etag, length: parts.iter().map(Part::length).sum(), parts })
    }

    fn encoded_parts(mut self, head: &str, tail: &str) -> io::Result<Vec<Part>> {
        let mut first = self.encoding.encode(head.as_bytes())?;
        let mut last = self.encoding.encode(tail.as_bytes())?;
        if self.encoding == Encoding::Gzip {
            first.splice(0..0, GZIP_HEADER);
            let (checksum, length) = self.checksum_with(head, tail);
            last.extend(gzip_trailer(checksum, length));
        }
        Ok(framed(first.into(), std::mem::take(&mut self.parts), last.into()))
    }

    /// The CRC and length of the whole plain document, from those of its pieces.
    fn checksum_with(&self, head: &str, tail: &str) -> (crc32fast::Hasher, u64) {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(head.as_bytes());
        checksum.combine(&self.checksum);
        checksum.update(tail.as_bytes());
        (checksum, self.length + (head.len() + tail.len()) as u64)
    }

    /// An entity tag that depends on the bytes only, so that replicas agree on it.
    fn etag(&self, tail: &str) -> Result<HeaderValue> {
        let mut hasher = self.tag.clone();
        hasher.update(tail.as_bytes());
        let digest = hasher.finish().to_hex();
        let suffix = self.encoding.name().map(|name| format!("-{name}")).unwrap_or_default();
        HeaderValue::from_str(&format!("\"{}{suffix}\"", &digest[..32])).map_err(Error::internal)
    }
}

fn framed(head: Bytes, middle: Vec<Part>, tail: Bytes) -> Vec<Part> {
    let mut parts = vec![Part::Memory(head)];
    parts.extend(middle);
    parts.push(Part::Memory(tail));
    parts
}

/// What whoever asks is told when the files of fragments cannot be read or written.
pub(super) fn cache_fault(error: io::Error) -> Error {
    Error::unavailable("the index cache in the data directory", error)
}
