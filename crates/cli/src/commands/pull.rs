//! `chandlery pull`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use chandlery_core::Digest;
use indicatif::ProgressBar;
use reqwest::Url;
use serde::Deserialize;

use crate::client::address::{RepositoryTarget, RepositoryUrls, is_url, join_segments, parse_http_url};
use crate::client::{Client, ClientArguments, explain_transport};
use crate::error::usage;
use crate::local::{LARGEST_PACKAGE, Package, create_folder, file_name_of, unpack, write_whole_file};
use crate::output::{byte_progress, print_text, say};
use crate::remote_index::{fetch_index, select};
use crate::signatures::{KeyringArguments, verify};

/// The largest provenance file, in bytes.
const LARGEST_PROVENANCE: usize = 1 << 20;

/// Download a chart.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery pull redis --repo team/charts\n  \
                        chandlery pull team/charts/redis --version '^1.2' --untar\n  \
                        chandlery pull team/charts/redis --verify --keyring trusted.gpg\n  \
                        chandlery pull https://charts.example.org/charts/redis-1.2.3.tgz -d /tmp")]
pub(crate) struct PullArguments {
    /// A chart: NAME, WORKSPACE/REPOSITORY/NAME or the URL of a package.
    #[arg(value_name = "CHART")]
    chart: String,
    #[command(flatten)]
    source: SourceArguments,
    /// The folder to download to; made if it is missing.
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    destination: PathBuf,
    /// Unpack the chart, and keep no package.
    #[arg(long)]
    untar: bool,
    /// The folder to unpack in, below the destination.
    #[arg(long, value_name = "DIR", default_value = ".", requires = "untar")]
    untardir: PathBuf,
    /// Download the provenance file as well.
    #[arg(long)]
    prov: bool,
    /// Download the provenance file as well, and keep the chart only if a key of the keyring signed it.
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    keyring: KeyringArguments,
    #[command(flatten)]
    client: ClientArguments,
}

/// Which version of a chart, and from where.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct SourceArguments {
    /// The repository: WORKSPACE/REPOSITORY, `default`, or the URL of any Helm repository.
    #[arg(long, value_name = "REPOSITORY")]
    pub(crate) repo: Option<String>,
    /// A version or a range; the newest release unless given.
    #[arg(long)]
    pub(crate) version: Option<String>,
    /// Take prereleases into account, as `--version '>0.0.0-0'` does.
    #[arg(long, conflicts_with = "version")]
    pub(crate) devel: bool,
}

impl SourceArguments {
    fn wanted_version(&self) -> &str {
        let newest = if self.devel { ">0.0.0-0" } else { "latest" };
        self.version.as_deref().filter(|version| !version.is_empty()).unwrap_or(newest)
    }
}

/// Where a package is, and what it must hash to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// Its address.
    pub(crate) url: Url,
    /// Its sha256, where the repository says.
    pub(crate) digest: Option<Digest>,
}

/// What the ChartMuseum API says of one version.
#[derive(Deserialize)]
struct VersionAnswer {
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    digest: String,
}

impl PullArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let located = locate(&client, &self.chart, &self.source).await?;
        let name = file_name_of(&located.url)?;
        let bytes = download(&client, &located).await?;
        let keyring = if self.verify { Some(self.keyring.read()?) } else { None };
        let wants_provenance = self.prov || self.verify;
        let provenance =
            if wants_provenance { Some(fetch_provenance(&client, &located.url).await?) } else { None };
        if let (Some(provenance), Some(keyring)) = (&provenance, &keyring) {
            print_text(&verify(&bytes, &name, provenance, keyring)?)?;
        }
        if self.untar {
            let package =
                Package::parse(bytes).with_context(|| format!("{} is no valid package", located.url))?;
            let parent = self.destination.join(&self.untardir);
            let folder = unpack(&package.bytes, package.name(), &parent)?;
            say(&format!("unpacked {name} to {}", folder.display()));
        } else {
            let path = self.destination.join(&name);
            create_folder(&self.destination)?;
            write_whole_file(&path, |file| file.write_all(&bytes))?;
            say(&format!("pulled {}", path.display()));
        }
        if let Some(provenance) = provenance {
            create_folder(&self.destination)?;
            let path = self.destination.join(format!("{name}.prov"));
            write_whole_file(&path, |file| file.write_all(&provenance))?;
        }
        Ok(())
    }
}

/// Downloads the package that a reference means.
///
/// # Errors
/// It is not found, or its bytes are not those the repository promises.
pub(crate) async fn fetch_package(client: &Client, chart: &str, source: &SourceArguments) -> Result<Bytes> {
    let located = locate(client, chart, source).await?;
    download(client, &located).await
}

/// Finds the package that a reference means.
async fn locate(client: &Client, chart: &str, source: &SourceArguments) -> Result<Located> {
    if is_url(chart) {
        if source.repo.is_some() || source.version.is_some() {
            return Err(usage("the URL of a package needs neither --repo nor --version"));
        }
        return Ok(Located { url: parse_http_url(chart)?, digest: None });
    }
    let (target, name) = split_reference(chart, source.repo.as_deref())?;
    let urls = client.repository(&target)?;
    match target {
        RepositoryTarget::Remote(_) => locate_in_index(client, &urls, &name, source.wanted_version()).await,
        _ => locate_on_server(client, &urls, &name, source.wanted_version()).await,
    }
}

/// Splits `WORKSPACE/REPOSITORY/NAME`, or takes `NAME` with a repository given otherwise.
fn split_reference(chart: &str, repository: Option<&str>) -> Result<(RepositoryTarget, String)> {
    match (chart.rsplit_once('/'), repository) {
        (None, repository) => {
            Ok((RepositoryTarget::parse(repository.unwrap_or("default"))?, chart.to_owned()))
        }
        (Some((path, name)), None) => Ok((RepositoryTarget::parse(path)?, name.to_owned())),
        (Some(_), Some(_)) => Err(usage(format!("{chart:?} names a repository already: leave out --repo"))),
    }
}

async fn locate_on_server(
    client: &Client,
    urls: &RepositoryUrls,
    name: &str,
    version: &str,
) -> Result<Located> {
    let answer: VersionAnswer = client
        .get_json(&urls.version(name, version))
        .await
        .with_context(|| format!("no {name} {version} in {}", urls.repository))?;
    resolve(urls, name, answer.urls.first(), &answer.digest)
}

async fn locate_in_index(
    client: &Client,
    urls: &RepositoryUrls,
    name: &str,
    version: &str,
) -> Result<Located> {
    let index = fetch_index(client, urls).await?;
    let found = select(&index, name, version).with_context(|| format!("in {}", urls.repository))?;
    resolve(urls, name, found.urls.first(), &found.digest)
}

/// The address and digest of an index entry; relative addresses are below the repository.
pub(crate) fn resolve(
    urls: &RepositoryUrls,
    name: &str,
    url: Option<&String>,
    digest: &str,
) -> Result<Located> {
    let text = url.with_context(|| format!("{} has no address for {name}", urls.repository))?;
    let url = if is_url(text) {
        Url::parse(text).with_context(|| format!("{name}: {text:?} is not a URL"))?
    } else {
        // The address of the repository, with a slash, is what relative addresses start from; its query is kept.
        let mut base = join_segments(&urls.repository, &[""]);
        let query = base.query().map(str::to_owned);
        base.set_query(None);
        let mut joined = base.join(text).with_context(|| format!("{name}: {text:?} is not an address"))?;
        if joined.query().is_none() {
            joined.set_query(query.as_deref());
        }
        joined
    };
    if !matches!(url.scheme(), "http" | "https") {
        bail!("{name} is at {url}, which is neither http nor https");
    }
    let digest = if digest.is_empty() { None } else { Some(digest.parse()?) };
    Ok(Located { url, digest })
}

/// Downloads a package and checks its digest.
///
/// # Errors
/// It cannot be downloaded, is too large, or is not what the repository promises.
pub(crate) async fn download(client: &Client, located: &Located) -> Result<Bytes> {
    let progress = byte_progress(&file_name_of(&located.url)?);
    let bytes = download_with(client, located, &progress).await;
    progress.finish_and_clear();
    bytes
}

async fn download_with(client: &Client, located: &Located, progress: &ProgressBar) -> Result<Bytes> {
    let mut response = client.get(&located.url).await.with_context(|| located.url.to_string())?;
    progress.set_length(response.content_length().unwrap_or(0));
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain_transport(&error))? {
        bytes.extend_from_slice(&chunk);
        progress.inc(chunk.len() as u64);
        if bytes.len() > LARGEST_PACKAGE {
            bail!("{} has more than {LARGEST_PACKAGE} bytes", located.url);
        }
    }
    let found = Digest::of(&bytes);
    if let Some(expected) = located.digest
        && expected != found
    {
        bail!("{} has sha256 {found}, the repository promises {expected}: not used", located.url);
    }
    Ok(bytes.into())
}

/// Downloads `URL.prov`.
async fn fetch_provenance(client: &Client, package: &Url) -> Result<Vec<u8>> {
    let mut url = package.clone();
    url.set_path(&format!("{}.prov", package.path()));
    client.get_bytes(&url, LARGEST_PROVENANCE).await.with_context(|| format!("no provenance file at {url}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let named = |path: &str| RepositoryTarget::Named(path.parse().unwrap());
        let cases = [
            ("redis", None, Some((RepositoryTarget::Default, "redis"))),
            ("redis", Some("a/b"), Some((named("a/b"), "redis"))),
            ("a/b/redis", None, Some((named("a/b"), "redis"))),
            ("default/redis", None, Some((RepositoryTarget::Default, "redis"))),
            ("a/b/redis", Some("a/b"), None),
            ("b/redis", None, None),
        ];
        for (chart, repository, expected) in cases {
            let found = split_reference(chart, repository).ok();
            assert_eq!(
                found,
                expected.map(|(target, name)| (target, name.to_owned())),
                "{chart} {repository:?}"
            );
        }
    }

    #[test]
    fn addresses_in_an_index() {
        let urls = RepositoryUrls::of_url(&Url::parse("https://h/x/repo?k=v").unwrap(), "").unwrap();
        let cases = [
            ("charts/a-1.tgz", Some("https://h/x/repo/charts/a-1.tgz?k=v")),
            ("charts/a b+1.tgz", Some("https://h/x/repo/charts/a%20b+1.tgz?k=v")),
            ("/a.tgz", Some("https://h/a.tgz?k=v")),
            ("https://cdn/a.tgz", Some("https://cdn/a.tgz")),
            ("file:///etc/passwd", None),
            ("oci://h/a", None),
        ];
        for (text, expected) in cases {
            let located = resolve(&urls, "a", Some(&text.to_owned()), "").ok();
            assert_eq!(located.map(|located| located.url.to_string()).as_deref(), expected, "{text}");
        }
        assert!(resolve(&urls, "a", None, "").is_err());
        assert!(resolve(&urls, "a", Some(&"a.tgz".to_owned()), "abc").is_err());
    }
}
