//! What several tests need.

use std::io::Write as _;
use std::path::PathBuf;

/// The folder of public charts: `CHANDLERY_CORPUS`, or `../shared/corpus` beside the project.
pub(crate) fn corpus() -> PathBuf {
    let path = std::env::var_os("CHANDLERY_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    assert!(path.is_dir(), "the corpus is not at {}: set CHANDLERY_CORPUS", path.display());
    path
}

/// A tar archive made by hand, so that it can be wrong in every way.
#[derive(Default)]
pub(crate) struct TarBuilder {
    bytes: Vec<u8>,
}

impl TarBuilder {
    /// An entry of the given type byte.
    pub(crate) fn entry(mut self, name: &[u8], kind: u8, data: &[u8]) -> Self {
        self.header(name, kind, data.len() as u64);
        self.bytes.extend_from_slice(data);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    /// A regular file.
    pub(crate) fn file(self, name: &str, data: impl AsRef<[u8]>) -> Self {
        self.entry(name.as_bytes(), b'0', data.as_ref())
    }

    /// A header that promises `size` bytes; none follow.
    pub(crate) fn header(&mut self, name: &[u8], kind: u8, size: u64) {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name);
        block[100..107].copy_from_slice(b"0000644");
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[136..147].copy_from_slice(b"00000000001");
        block[148..156].copy_from_slice(b"        ");
        block[156] = kind;
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u64 = block.iter().copied().map(u64::from).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend_from_slice(&block);
    }

    /// The archive with its two blocks of zeros.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 1024, 0);
        self.bytes
    }

    /// The packed archive.
    pub(crate) fn gzip(self) -> Vec<u8> {
        gzip(&self.finish())
    }
}

/// Packs bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A sound `Chart.yaml`.
pub(crate) const CHART_YAML: &str = "apiVersion: v2\nname: t\nversion: 0.1.0\n";

/// A package whose only fault can be what is added to it.
pub(crate) fn sound() -> TarBuilder {
    TarBuilder::default().file("t/Chart.yaml", CHART_YAML)
}
