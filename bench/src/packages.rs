//! Packages to measure with: real public charts, given other versions.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use chandlery_chart::{Limits, Metadata, file_name, inspect};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// How many charts a seeded repository has.
pub(crate) const CHARTS: usize = 200;

/// Charts larger than this are left out: thousands of packages are made of the others.
const LARGEST_PACKAGE: usize = 32 << 10;

/// About how much metadata makes an index of 1 MB out of 1,000 versions, with digest, url and time.
const TYPICAL_METADATA: usize = 1_000;

/// A real chart, of which packages of any version can be made.
#[derive(Clone, Debug)]
pub(crate) struct SourceChart {
    /// Its `Chart.yaml`.
    metadata: Metadata,
    /// The archive, not compressed.
    archive: Vec<u8>,
}

/// One made package.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// The chart's name.
    pub(crate) chart: String,
    /// Its version.
    pub(crate) version: String,
    /// The archive.
    pub(crate) bytes: Vec<u8>,
}

impl Package {
    /// `<name>-<version>.tgz`.
    pub(crate) fn file_name(&self) -> String {
        file_name(&self.chart, &self.version)
    }
}

impl SourceChart {
    /// The chart's name.
    pub(crate) fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Its metadata with another version, as JSON.
    pub(crate) fn metadata_with(&self, version: &str) -> Result<String> {
        let metadata = Metadata { version: version.to_owned(), ..self.metadata.clone() };
        Ok(serde_json::to_string(&metadata)?)
    }

    /// The package with another version: the line `version:` of its `Chart.yaml` is replaced, all else is as it was.
    pub(crate) fn package(&self, version: &str) -> Result<Package> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        let chart_file = format!("{}/Chart.yaml", self.name());
        for entry in tar::Archive::new(self.archive.as_slice()).entries()? {
            let mut entry = entry?;
            let mut header = entry.header().clone();
            let path = entry.path()?.into_owned();
            let mut data = Vec::new();
            entry.read_to_end(&mut data)?;
            if path == Path::new(&chart_file) {
                data = with_version(&String::from_utf8(data)?, version).into_bytes();
                header.set_size(data.len() as u64);
            }
            builder.append_data(&mut header, &path, data.as_slice())?;
        }
        let bytes = builder.into_inner()?.finish()?;
        Ok(Package { chart: self.name().to_owned(), version: version.to_owned(), bytes })
    }
}

fn with_version(chart_file: &str, version: &str) -> String {
    let line = |line: &str| {
        if line.starts_with("version:") { format!("version: {version}\n") } else { format!("{line}\n") }
    };
    chart_file.lines().map(line).collect()
}

/// The version with this number: 0.0.0, 0.1.0, … 0.9.0, 1.0.0.
pub(crate) fn numbered_version(number: usize) -> String {
    format!("{}.{}.0", number / 10, number % 10)
}

/// The charts of a directory that are small, one version of each, those with the most typical metadata, by name.
pub(crate) fn source_charts(directory: &Path) -> Result<Vec<SourceChart>> {
    let mut found = BTreeMap::new();
    let files = fs::read_dir(directory)
        .with_context(|| format!("{}: set CHANDLERY_CORPUS to the corpus", directory.display()))?;
    let mut paths: Vec<_> = files.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        if let Some(chart) = source_chart(&fs::read(&path)?)? {
            found.entry(chart.name().to_owned()).or_insert(chart);
        }
    }
    let mut charts: Vec<SourceChart> = found.into_values().collect();
    let oddity = |chart: &SourceChart| {
        chart.metadata_with("1.0.0").map_or(usize::MAX, |text| text.len().abs_diff(TYPICAL_METADATA))
    };
    charts.sort_by_cached_key(oddity);
    charts.truncate(CHARTS);
    ensure!(charts.len() == CHARTS, "{} has fewer than {CHARTS} small charts", directory.display());
    charts.sort_by(|left, right| left.name().cmp(right.name()));
    Ok(charts)
}

/// A chart that packages can be made of, if this one is small and plain enough.
fn source_chart(package: &[u8]) -> Result<Option<SourceChart>> {
    if package.len() > LARGEST_PACKAGE {
        return Ok(None);
    }
    let Ok(summary) = inspect(package, &Limits::default()) else { return Ok(None) };
    let mut archive = Vec::new();
    GzDecoder::new(package).read_to_end(&mut archive)?;
    let chart = SourceChart { metadata: summary.metadata, archive };
    let again = chart.package("9.8.7")?;
    let usable = inspect(again.bytes.as_slice(), &Limits::default()).is_ok_and(|made| {
        made.metadata == Metadata { version: "9.8.7".to_owned(), ..chart.metadata.clone() }
    });
    Ok(usable.then_some(chart))
}

/// A valid package of about `size` bytes that does not compress, other bytes for each patch number.
pub(crate) fn large_package(name: &str, size: usize, patch: usize) -> Result<Package> {
    // Helm refuses files above 5 MiB.
    const FILE: usize = 4 << 20;
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    let version = format!("1.0.{patch}");
    let chart_file = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let mut append = |path: String, data: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, data)
    };
    append(format!("{name}/Chart.yaml"), chart_file.as_bytes())?;
    for number in 0..size.div_ceil(FILE) {
        append(
            format!("{name}/files/{number}"),
            &noise(FILE.min(size - number * FILE), (patch << 16 | number) as u64 + 1),
        )?;
    }
    let mut bytes = builder.into_inner()?;
    bytes.flush()?;
    Ok(Package { chart: name.to_owned(), version, bytes: bytes.finish()? })
}

/// Bytes that look random, the same for the same seed (xorshift; Marsaglia 2003).
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_replaced() {
        let text = "apiVersion: v2\nname: a\nversion: 1\ndependencies:\n- name: b\n  version: 2\n";
        let expected = "apiVersion: v2\nname: a\nversion: 9.8.7\ndependencies:\n- name: b\n  version: 2\n";
        assert_eq!(with_version(text, "9.8.7"), expected);
        assert_eq!((numbered_version(7), numbered_version(123)), ("0.7.0".to_owned(), "12.3.0".to_owned()));
    }

    #[test]
    fn large_packages_are_valid() {
        let package = large_package("large", 9 << 20, 3).unwrap();
        assert!(package.bytes.len() > 9 << 20);
        let summary = inspect(package.bytes.as_slice(), &Limits::default()).unwrap();
        assert_eq!((summary.metadata.name.as_str(), summary.metadata.version.as_str()), ("large", "1.0.3"));
        assert_eq!(noise(13, 1), noise(13, 1));
        assert_ne!(noise(13, 1), noise(13, 2));
    }
}
