//! Packages and charts on this machine.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use chandlery_chart::{Archive, Limits, PackageSummary, inspect};
use chandlery_core::Digest;

/// The largest package that is read, in bytes; its unpacked size has a limit of its own.
pub(crate) const LARGEST_PACKAGE: usize = 512 << 20;

/// A package that was read and found valid.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// What it says about itself.
    pub(crate) summary: PackageSummary,
    /// Its sha256.
    pub(crate) digest: Digest,
    /// The archive.
    pub(crate) bytes: Bytes,
}

impl Package {
    /// Checks an archive as the server does.
    ///
    /// # Errors
    /// It is no valid package; the message is the reason.
    pub(crate) fn parse(bytes: Bytes) -> Result<Self> {
        let summary = inspect(&bytes[..], &Limits::default()).context("not a valid package")?;
        Ok(Self { summary, digest: Digest::of(&bytes), bytes })
    }

    /// The chart's name.
    pub(crate) fn name(&self) -> &str {
        &self.summary.metadata.name
    }

    /// The chart's version.
    pub(crate) fn version(&self) -> &str {
        &self.summary.metadata.version
    }

    /// `NAME-VERSION.tgz`.
    pub(crate) fn file_name(&self) -> String {
        self.summary.metadata.file_name()
    }
}

/// Reads a file of at most [`LARGEST_PACKAGE`] bytes.
///
/// # Errors
/// It cannot be read or is too large.
pub(crate) fn read_bounded(path: &Path) -> Result<Bytes> {
    let name = || format!("cannot read {}", path.display());
    let file = fs::File::open(path).with_context(name)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_PACKAGE as u64 + 1).read_to_end(&mut bytes).with_context(name)?;
    if bytes.len() > LARGEST_PACKAGE {
        bail!("{} has more than {LARGEST_PACKAGE} bytes", path.display());
    }
    Ok(bytes.into())
}

/// Writes a whole file or, if anything fails, leaves what was there.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_whole_file(
    path: &Path,
    write: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let attempt = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".chandlery-").tempfile_in(folder)?;
        write(file.as_file_mut())?;
        set_ordinary_mode(file.as_file())?;
        file.persist(path)?;
        Ok(())
    };
    attempt().with_context(|| format!("cannot write {}", path.display()))
}

/// Temporary files are private; what commands write are ordinary files, as Helm leaves them.
fn set_ordinary_mode(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

/// The time of builds that must be reproducible, in seconds since 1970 (reproducible-builds.org).
///
/// # Errors
/// The variable is no whole number.
pub(crate) fn source_date_epoch() -> Result<Option<i64>> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    seconds.map(Some).with_context(|| format!("SOURCE_DATE_EPOCH={} is no number of seconds", text.display()))
}

/// Unpacks a package into `parent/CHART`, a folder that must not exist yet. Nothing is written outside of it.
///
/// # Errors
/// The folder exists, the archive is not valid, or a file cannot be written.
pub(crate) fn unpack(bytes: &[u8], chart: &str, parent: &Path) -> Result<PathBuf> {
    if !is_plain(Path::new(chart)) {
        bail!("the chart's name {chart:?} is no folder name");
    }
    let archive = Archive::read(bytes, &Limits::default())?;
    let target = parent.join(chart);
    create_folder(parent)?;
    // `create_dir` fails on anything that is there, a link included, so everything below is new and ours.
    fs::create_dir(&target).with_context(|| format!("cannot create {}", target.display()))?;
    for file in &archive.files {
        let relative = Path::new(&file.path);
        if !is_relative_and_inside(relative) {
            bail!("{:?} leads out of the chart's folder", file.path);
        }
        let path = target.join(relative);
        let write = || -> std::io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::File::create_new(&path)?;
            fs::write(&path, &file.data)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(target)
}

/// Makes a folder and those above it, unless they exist.
///
/// # Errors
/// They cannot be made.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

/// Whether a path stays below the folder it is joined to.
pub(crate) fn is_relative_and_inside(path: &Path) -> bool {
    path.components().next().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn is_plain(path: &Path) -> bool {
    is_relative_and_inside(path) && path.components().count() == 1
}

/// The last segment of a URL's path as a file name.
///
/// # Errors
/// It is none: empty, `..`, or with a path separator or control character once unescaped.
pub(crate) fn file_name_of(url: &reqwest::Url) -> Result<String> {
    let segment = url.path_segments().and_then(Iterator::last).unwrap_or_default();
    let name = percent_decode(segment);
    let unusable = name.is_empty() || name.contains(['/', '\\']) || name.chars().any(char::is_control);
    if unusable || !is_plain(Path::new(&name)) {
        bail!("{url} does not end in a file name");
    }
    Ok(name)
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escaped = (bytes[index] == b'%')
            .then(|| bytes.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(bytes[index]));
        index += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_urls() {
        let cases = [
            ("http://h/a/b-1.0.0.tgz", Some("b-1.0.0.tgz")),
            ("http://h/a/b%20c-1.0.0%2Bx.tgz?x=/y", Some("b c-1.0.0+x.tgz")),
            ("http://h/a%2Fb.tgz", None),
            ("http://h/..%2f..%2fetc%2fpasswd", None),
            ("http://h/a%5Cb.tgz", None),
            ("http://h/a%00.tgz", None),
            ("http://h/a/", None),
            ("http://h", None),
        ];
        for (url, expected) in cases {
            let name = file_name_of(&reqwest::Url::parse(url).unwrap()).ok();
            assert_eq!(name.as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn only_new_folders_are_unpacked_into() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["..", ".", "", "/x", "a/b"] {
            assert!(unpack(&[], name, directory.path()).is_err(), "{name:?}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
