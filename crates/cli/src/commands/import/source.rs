//! Where packages come from: a folder, a bucket, a repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use chandlery_chart::IndexEntry;
use chandlery_store::BlobsUrl;
use futures_util::TryStreamExt as _;
use opendal::layers::RetryLayer;
use opendal::{HttpTransporter, Operator, services};
use opendal_http_transport_reqwest::ReqwestTransport;

use crate::client::Client;
use crate::client::address::{RepositoryTarget, RepositoryUrls};
use crate::client::credentials::process_variable;
use crate::commands::pull::{Located, download, resolve};
use crate::error::usage;
use crate::local::{LARGEST_PACKAGE, read_bounded};
use crate::remote_index::fetch_index;

/// A place with packages.
#[derive(Debug)]
pub(super) enum Source {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A Helm repository.
    Repository(RepositoryUrls),
    /// A bucket, or what is below a prefix of it.
    Bucket(Operator),
}

/// Where the bytes of one thing are.
#[derive(Debug)]
pub(super) enum Location {
    /// Below the source's folder.
    File(PathBuf),
    /// At an address.
    Url(Located),
    /// Under a key below the source's prefix.
    Key(String),
}

/// A package, its provenance file, or both.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// Its place below the source, for the report.
    pub(super) label: String,
    /// The archive.
    pub(super) package: Option<Location>,
    /// The provenance file.
    pub(super) provenance: Option<Location>,
    /// Why it cannot be imported, if that is clear from the start: the reason.
    pub(super) unusable: Option<String>,
}

impl Source {
    /// Understands what the user named.
    ///
    /// # Errors
    /// A usage error if it is neither a folder nor a URL that can be read.
    pub(super) fn open(text: &str, client: &Client) -> Result<Self> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Repository(client.repository(&RepositoryTarget::parse(text)?)?));
        }
        if text.starts_with("s3://") {
            return Ok(Self::Bucket(open_bucket(text, client)?));
        }
        let path = PathBuf::from(text);
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        Err(usage(format!(
            "{text:?} is no folder; name a folder, s3://BUCKET/PREFIX or the URL of a Helm repository"
        )))
    }

    /// Everything there is, in order.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(super) async fn list(&self, client: &Client) -> Result<Vec<Item>> {
        match self {
            Self::Folder(root) => {
                let mut files = Vec::new();
                walk(root, Path::new(""), &mut files)?;
                Ok(pair(files.into_iter().map(|path| (path.display().to_string(), Location::File(path)))))
            }
            Self::Bucket(operator) => {
                let keys = list_keys(operator).await?;
                Ok(pair(keys.into_iter().map(|key| (key.clone(), Location::Key(key)))))
            }
            Self::Repository(urls) => {
                let index = fetch_index(client, urls).await?;
                Ok(index.entries.values().flatten().map(|entry| index_item(urls, entry)).collect())
            }
        }
    }

    /// The bytes of one thing.
    ///
    /// # Errors
    /// They cannot be read or downloaded.
    pub(super) async fn fetch(&self, client: &Client, location: &Location) -> Result<Bytes> {
        match (self, location) {
            (Self::Folder(root), Location::File(path)) => {
                let path = root.join(path);
                tokio::task::spawn_blocking(move || read_bounded(&path))
                    .await
                    .context("reading was stopped")?
            }
            (_, Location::File(path)) => read_bounded(path),
            (Self::Bucket(operator), Location::Key(key)) => {
                let length = operator.stat(key).await.with_context(|| key.clone())?.content_length();
                if length > LARGEST_PACKAGE as u64 {
                    bail!("{key} has more than {LARGEST_PACKAGE} bytes");
                }
                Ok(operator.read(key).await.with_context(|| key.clone())?.to_bytes())
            }
            (_, Location::Url(located)) => download(client, located).await,
            (_, Location::Key(key)) => bail!("{key} is in no bucket"),
        }
    }
}

/// Opens a bucket; access comes from the standard AWS variables, files and services.
fn open_bucket(text: &str, client: &Client) -> Result<Operator> {
    let url: BlobsUrl = text.parse().map_err(|error| usage(format!("{text}: {error}")))?;
    let BlobsUrl::S3 { bucket, prefix, endpoint, region, path_style, .. } = url else {
        return Err(usage(format!("{text:?} is no bucket")));
    };
    let region =
        region.or_else(|| process_variable("AWS_REGION")).or_else(|| process_variable("AWS_DEFAULT_REGION"));
    let root = format!("/{prefix}");
    let mut service =
        services::S3::default().bucket(&bucket).root(&root).region(region.as_deref().unwrap_or("us-east-1"));
    if let Some(endpoint) = &endpoint {
        service = service.endpoint(endpoint);
    }
    if !path_style {
        service = service.enable_virtual_host_style();
    }
    let operator = Operator::new(service).with_context(|| text.to_owned())?;
    let transport = HttpTransporter::new(ReqwestTransport::new(client.http().clone()));
    let context = operator.context().with_http_transport(transport);
    Ok(operator.with_context(context).layer(RetryLayer::new()))
}

/// The keys below the prefix, without those in hidden folders (see [`walk`]).
async fn list_keys(operator: &Operator) -> Result<Vec<String>> {
    let entries = operator.lister_with("").recursive(true).await.context("cannot list the bucket")?;
    let keys: Vec<String> = entries
        .try_filter_map(async |entry| Ok(entry.metadata().is_file().then(|| entry.path().to_owned())))
        .try_collect()
        .await
        .context("cannot list the bucket")?;
    let hidden = |key: &String| key.split('/').any(|segment| segment.starts_with('.'));
    Ok(keys.into_iter().filter(|key| !hidden(key)).collect())
}

fn index_item(urls: &RepositoryUrls, entry: &IndexEntry) -> Item {
    let label = entry.metadata.file_name();
    match resolve(urls, &entry.metadata.name, entry.urls.first(), &entry.digest) {
        Ok(located) => Item { label, package: Some(Location::Url(located)), ..Item::default() },
        Err(error) => Item { label, unusable: Some(format!("{error:#}")), ..Item::default() },
    }
}

/// Collects the files below a folder, in order. Links to folders are not followed, so no circle catches the walk;
/// hidden folders are left out: there lie editors' and servers' own files, such as `.chandlery`.
fn walk(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let folder = root.join(below);
    let name = || format!("cannot read {}", folder.display());
    let mut entries: Vec<_> = std::fs::read_dir(&folder).and_then(Iterator::collect).with_context(name)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        let kind = entry.file_type().with_context(name)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if kind.is_dir() && !hidden {
            walk(root, &path, files)?;
        } else if !kind.is_dir() && !hidden {
            files.push(path);
        }
    }
    Ok(())
}

/// Puts each provenance file to its package: `X.tgz` and `X.tgz.prov`.
pub(super) fn pair(found: impl Iterator<Item = (String, Location)>) -> Vec<Item> {
    let mut items: BTreeMap<String, Item> = BTreeMap::new();
    for (label, location) in found {
        let (key, package, provenance, unusable) = if let Some(package) = label.strip_suffix(".prov") {
            (package.to_owned(), None, Some(location), None)
        } else if label.ends_with(".tgz") {
            (label, Some(location), None, None)
        } else {
            (label, None, None, Some("neither a package (.tgz) nor a provenance file (.tgz.prov)".to_owned()))
        };
        let item = items.entry(key.clone()).or_default();
        item.label = key;
        item.package = item.package.take().or(package);
        item.provenance = item.provenance.take().or(provenance);
        item.unusable = item.unusable.take().or(unusable);
    }
    items.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_to_the_bottom() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for path in [
            "b-1.tgz",
            "a-1.tgz",
            "a-1.tgz.prov",
            "org/repo/c-1.tgz",
            "lone.tgz.prov",
            "index-cache.yaml",
            ".chandlery/blobs/x.tgz",
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(root, root.join("org/circle")).unwrap();
        let mut files = Vec::new();
        walk(root, Path::new(""), &mut files).unwrap();
        let items = pair(files.into_iter().map(|path| (path.display().to_string(), Location::File(path))));
        let found: Vec<_> = items
            .iter()
            .map(|item| {
                let parts = (item.package.is_some(), item.provenance.is_some(), item.unusable.is_some());
                (item.label.as_str(), parts)
            })
            .collect();
        let expected = [
            ("a-1.tgz", (true, true, false)),
            ("b-1.tgz", (true, false, false)),
            ("index-cache.yaml", (false, false, true)),
            ("lone.tgz", (false, true, false)),
            ("org/circle", (false, false, true)),
            ("org/repo/c-1.tgz", (true, false, false)),
        ];
        assert_eq!(found, expected);
    }
}
