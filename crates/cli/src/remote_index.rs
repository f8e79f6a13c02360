//! `index.yaml` of any Helm repository.

use anyhow::{Context as _, Result};
use chandlery_chart::{IndexEntry, IndexFile, select_version};

use crate::client::Client;
use crate::client::address::RepositoryUrls;
use crate::output::warn;

/// The largest index that is read, in bytes; the largest public ones have 30 MB.
const LARGEST_INDEX: usize = 256 << 20;

/// Downloads and reads the index of a repository, as strictly as Helm does.
///
/// # Errors
/// It cannot be downloaded or is no index.
pub(crate) async fn fetch_index(client: &Client, urls: &RepositoryUrls) -> Result<IndexFile> {
    let url = urls.index();
    let bytes = client.get_bytes(&url, LARGEST_INDEX).await.with_context(|| url.to_string())?;
    let loaded = IndexFile::read(&bytes, &chandlery_yaml::Limits::default())
        .with_context(|| format!("{url} is no index of a Helm repository"))?;
    loaded.warnings.iter().for_each(|text| warn(text));
    Ok(loaded.index)
}

/// The version of a chart that a request means: the exact text, else the newest in the range.
///
/// # Errors
/// There is no such chart or version.
pub(crate) fn select<'a>(index: &'a IndexFile, name: &str, version: &str) -> Result<&'a IndexEntry> {
    let entries = index.entries.get(name).with_context(|| format!("no chart {name}"))?;
    let versions: Vec<&str> = entries.iter().map(|entry| entry.metadata.version.as_str()).collect();
    Ok(&entries[select_version(name, &versions, version)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "apiVersion: v1\nentries:\n  a:\n  - {name: a, version: 0.1.0, apiVersion: v2}\n  - null\n  \
                         - {name: a, version: 1.0.0, apiVersion: v2}\n  - {name: a, version: 2.0.0-rc.1}\n  b: null\n";

    #[test]
    fn versions_are_picked_as_helm_does() {
        let index = IndexFile::read(INDEX.as_bytes(), &chandlery_yaml::Limits::default()).unwrap().index;
        for (request, expected) in [
            ("latest", Some("1.0.0")),
            ("0.1", Some("0.1.0")),
            ("2.0.0-rc.1", Some("2.0.0-rc.1")),
            (">0.0.0-0", Some("2.0.0-rc.1")),
            ("3", None),
        ] {
            let found = select(&index, "a", request).ok().map(|entry| entry.metadata.version.as_str());
            assert_eq!(found, expected, "{request}");
        }
        assert!(select(&index, "b", "latest").is_err() && select(&index, "c", "latest").is_err());
    }
}
