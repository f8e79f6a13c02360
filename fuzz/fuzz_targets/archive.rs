//! Bytes as a package. To get past gzip and tar the input is taken three ways: as the package itself, as the tar archive
//! in it, and as the content of files of a sound archive.

#![no_main]

use std::io::Write as _;

use chandlery_chart::{Archive, Chart, Limits, inspect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    check(&stored_gzip(bytes));
    check(&stored_gzip(&tar_of(bytes)));
});

fn check(package: &[u8]) {
    let limits = Limits { total_bytes: 1 << 20, file_bytes: 1 << 18, entries: 1000, ..Limits::default() };
    let inspected = inspect(package, &limits);
    let read = Chart::read(package, &limits);
    if let Ok(summary) = &inspected {
        let chart = read.as_ref().expect("what is inspected can be read");
        assert_eq!(chart.metadata, summary.metadata);
        let mut written = Vec::new();
        if chart.write_package(Some(0), &mut written).is_ok() {
            let again = Chart::read(&written[..], &Limits::default()).expect("what was written can be read");
            assert_eq!(again.subcharts.len(), chart.subcharts.len());
        }
    }
    let _ = Archive::read(package, &limits);
}

/// A gzip stream that does not compress, so that its content stays in reach of the fuzzer.
fn stored_gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2_stored(Vec::new());
    encoder.write_all(content).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}

fn flate2_stored(out: Vec<u8>) -> flate2::write::GzEncoder<Vec<u8>> {
    flate2::write::GzEncoder::new(out, flate2::Compression::none())
}

/// An archive whose files are the lines of the input: a path up to the first `:`, then the content with `;` as line break.
fn tar_of(bytes: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n').take(64) {
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (path, content) = line.split_at(colon.min(99));
        let content: Vec<u8> =
            content.iter().skip(1).map(|&byte| if byte == b';' { b'\n' } else { byte }).collect();
        tar.extend_from_slice(&header(path, content.len()));
        tar.extend_from_slice(&content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn header(path: &[u8], size: usize) -> [u8; 512] {
    let mut block = [0; 512];
    block[..2].copy_from_slice(b"t/");
    let length = path.len().min(98);
    block[2..2 + length].copy_from_slice(&path[..length]);
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[148..156].copy_from_slice(b"        ");
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u64 = block.iter().copied().map(u64::from).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
