//! Charts in a registry.
//!
//! A tag that is a version is a version of a chart. Its manifest and its config tell everything that an index would, so
//! no package is fetched to list it, and only tags that the caller does not know are asked for.

mod manifest;
mod registry;
mod token;

use chandlery_chart::is_strict_version;
use chandlery_core::{Digest, Sha256Hasher};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use self::manifest::Layers;
use self::registry::Registry;
use super::listing::{self, Abandoned, Writer};
use super::{
    Code, Failure, Fetched, Known, Location, MOST_VERSIONS, Package, PackageReader, RegistryUrl, Source,
    SourceUrl, Stage, Validator,
};

/// So many requests go to a registry at a time.
const PARALLEL: usize = 8;

/// A version of a chart in a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tag {
    /// The last part of the repository, which is the chart's name.
    chart: String,
    repository: String,
    tag: String,
}

impl Tag {
    /// The version: `+` cannot stand in a tag.
    fn version(&self) -> String {
        self.tag.replace('_', "+")
    }
}

/// The tag of a version.
fn tag_of(version: &str) -> String {
    version.replace('+', "_")
}

/// Lists a repository of a registry, or all repositories below a path.
pub(super) async fn fetch(
    source: &Source,
    url: &RegistryUrl,
    previous: Option<&Validator>,
    known: impl Future<Output = Known> + Send,
) -> Result<Fetched, Failure> {
    let registry = Registry::new(source, url)?;
    let mut tags = list_tags(&registry, &url.path).await?;
    tags.sort();
    let validator =
        Validator { scope: source.scope(), digest: Some(digest_of(&tags)), ..Validator::default() };
    let is_unchanged = previous.is_some_and(|previous| previous.digest == validator.digest);
    if is_unchanged && !source.access.check_moved_tags {
        return Ok(Fetched::Unchanged(validator));
    }
    let known = known.await;
    let (mut writer, listing) = listing::channel(validator);
    let check_moved = source.access.check_moved_tags;
    tokio::spawn(async move {
        match read_tags(&registry, tags, &known, check_moved, &mut writer).await {
            Ok(()) => writer.end(Ok(())).await,
            Err(End::Abandoned) => {}
            Err(End::Failed(failure)) => writer.end(Err(failure)).await,
        }
    });
    Ok(Fetched::Changed(listing))
}

fn digest_of(tags: &[Tag]) -> Digest {
    let mut hasher = Sha256Hasher::new();
    for tag in tags {
        hasher.update(format!("{}:{}\n", tag.repository, tag.tag).as_bytes());
    }
    hasher.finish()
}

/// All tags that are versions.
async fn list_tags(registry: &Registry, path: &str) -> Result<Vec<Tag>, Failure> {
    if !path.is_empty()
        && let Some(tags) = registry.tags(path).await?
    {
        return Ok(versions(path, tags));
    }
    let repositories = registry.repositories(path).await?;
    if repositories.is_empty() {
        let cause = format!("the registry has nothing at {path:?}, or shows it only to those who log in");
        let advice = "Check the path and the credentials; push a chart if there is none yet.";
        return Err(Failure::new(Stage::Status, Code::NotARepository, cause, advice));
    }
    let found: Vec<Vec<Tag>> = stream::iter(repositories)
        .map(|repository| async move {
            let tags = registry.tags(&repository).await?.unwrap_or_default();
            Ok::<_, Failure>(versions(&repository, tags))
        })
        .buffer_unordered(PARALLEL)
        .try_collect()
        .await?;
    let tags = found.concat();
    if tags.len() as u64 > MOST_VERSIONS {
        let cause = format!("the registry has more than {MOST_VERSIONS} versions at {path:?}");
        return Err(Failure::parse(cause, "Name a smaller part of the registry."));
    }
    Ok(tags)
}

/// The tags that are versions, as Helm picks them: signatures and `latest` are none.
fn versions(repository: &str, tags: Vec<String>) -> Vec<Tag> {
    let chart = repository.rsplit('/').next().unwrap_or(repository);
    let tag = |tag| Tag { chart: chart.to_owned(), repository: repository.to_owned(), tag };
    tags.into_iter().map(tag).filter(|tag| is_strict_version(&tag.version())).collect()
}

/// Why reading ends early.
enum End {
    Abandoned,
    Failed(Failure),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Abandoned> for End {
    fn from(_: Abandoned) -> Self {
        Self::Abandoned
    }
}

/// What is known about a tag after it was looked at.
enum Seen {
    Known(Digest),
    Chart(Box<Package>),
    Other(String),
}

async fn read_tags(
    registry: &Registry,
    tags: Vec<Tag>,
    known: &Known,
    check_moved: bool,
    writer: &mut Writer,
) -> Result<(), End> {
    let mut seen = stream::iter(tags)
        .map(|tag| async move { (look_at(registry, &tag, known, check_moved).await, tag) })
        .buffered(PARALLEL);
    while let Some((outcome, tag)) = seen.next().await {
        match outcome? {
            Seen::Known(fingerprint) => {
                writer.count_version(&tag.chart)?;
                writer.add_known(fingerprint);
            }
            Seen::Chart(package) => {
                writer.count_version(&tag.chart)?;
                writer.add_package(*package);
            }
            Seen::Other(reason) => writer.add_skipped(&tag.repository, &tag.version(), reason),
        }
        writer.hand_over().await?;
    }
    Ok(())
}

async fn look_at(registry: &Registry, tag: &Tag, known: &Known, check_moved: bool) -> Result<Seen, Failure> {
    let digest = if check_moved { registry.digest(&tag.repository, &tag.tag).await? } else { None };
    let text =
        format!("oci\0{}\0{}\0{}\0{}", registry.host(), tag.repository, tag.tag, digest.unwrap_or_default());
    let fingerprint = Digest::of(text.as_bytes());
    if known.contains(&fingerprint) {
        return Ok(Seen::Known(fingerprint));
    }
    manifest::read(registry, tag, fingerprint).await
}

/// Begins to fetch a package.
pub(super) async fn open(
    source: &Source,
    repository: &str,
    digest: &str,
    limit: u64,
) -> Result<PackageReader, Failure> {
    let SourceUrl::Oci(url) = &source.url else {
        return Err(super::package::lost("it is in a registry, and the repository is none"));
    };
    let answer = Registry::new(source, url)?.blob(repository, digest, limit).await?;
    Ok(PackageReader::of_answer(answer))
}

/// Where a chart is that an index names by `oci://HOST/REPOSITORY`, with a tag, with the digest of a manifest, or with
/// neither: then the version is the tag.
pub(super) fn locate(url: &str, version: &str) -> Result<Location, String> {
    let (place, digest) = match url.rsplit_once('@').filter(|(_, digest)| digest.starts_with("sha256:")) {
        Some((place, digest)) => (place, Some(digest)),
        None => (url, None),
    };
    let (place, tag) = match place.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((place, tag)) => (place, Some(tag)),
        None => (place, None),
    };
    let reference = digest.or(tag).map_or_else(|| tag_of(version), str::to_owned);
    let unreadable = |reason: &str| format!("the URL of its package cannot be read: {reason}");
    match SourceUrl::parse(place).map_err(|failure| unreadable(&failure.cause))? {
        (_, Some(_)) => Err("the URL of its package holds a user name or password".to_owned()),
        (SourceUrl::Oci(RegistryUrl { host, path }), None)
            if !path.is_empty() && is_reference(&reference) =>
        {
            Ok(Location::Chart { host, repository: path, reference })
        }
        _ => Err(unreadable("it names no chart of a registry")),
    }
}

/// Whether a text is a tag as the specification has it, or a digest.
fn is_reference(text: &str) -> bool {
    let tag = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_tag =
        text.len() <= 128 && !text.is_empty() && text.bytes().all(tag) && !text.starts_with(['.', '-']);
    is_tag || manifest::sha256(text).is_some()
}

/// Begins to fetch a chart of a registry that need not be the source's own: then it is told no credentials.
pub(super) async fn open_chart(
    source: &Source,
    host: &str,
    repository: &str,
    reference: &str,
    limit: u64,
) -> Result<PackageReader, Failure> {
    let chart = Chart::read(source, host, repository, reference).await?;
    chart.open(&chart.layers.package, limit).await
}

/// Begins to fetch the provenance file of such a chart.
pub(super) async fn open_provenance_of_chart(
    source: &Source,
    host: &str,
    repository: &str,
    reference: &str,
    limit: u64,
) -> Result<Option<PackageReader>, Failure> {
    Chart::read(source, host, repository, reference).await?.open_provenance(limit).await
}

/// Begins to fetch the provenance file of a package of the source's own registry. Its version is the tag, whose manifest
/// names both files.
pub(super) async fn open_provenance_of_blob(
    source: &Source,
    repository: &str,
    package: &str,
    version: &str,
    limit: u64,
) -> Result<Option<PackageReader>, Failure> {
    let SourceUrl::Oci(url) = &source.url else {
        return Err(super::package::lost("it is in a registry, and the repository is none"));
    };
    let chart = Chart::read(source, &url.host, repository, &tag_of(version)).await?;
    if chart.layers.package != package {
        return Err(super::package::lost("its tag names another one now"));
    }
    chart.open_provenance(limit).await
}

/// What a manifest says of a chart, and where.
struct Chart<'a> {
    registry: Registry,
    repository: &'a str,
    place: String,
    layers: Layers,
}

impl<'a> Chart<'a> {
    async fn read(
        source: &Source,
        host: &str,
        repository: &'a str,
        reference: &str,
    ) -> Result<Self, Failure> {
        let url = RegistryUrl { host: host.to_owned(), path: repository.to_owned() };
        let registry = Registry::new(source, &url)?;
        let place = format!("{host}/{repository} {reference}");
        let manifest = registry.manifest(repository, reference).await?;
        let manifest = manifest.ok_or_else(|| absent(format!("there is no {place}")))?;
        let asked = manifest::sha256(reference);
        if asked.is_some_and(|digest| digest != Digest::of(&manifest)) {
            return Err(absent(format!("what the registry has for {place} has another digest")));
        }
        let layers = manifest::layers_of(&manifest).map_err(|reason| absent(format!("{place}: {reason}")))?;
        Ok(Self { registry, repository, place, layers })
    }

    /// Begins to fetch one of its files.
    async fn open(&self, layer: &str, limit: u64) -> Result<PackageReader, Failure> {
        let digest = manifest::sha256(layer)
            .ok_or_else(|| absent(format!("{}: one of its files has no sha256", self.place)))?;
        let answer = self.registry.blob(self.repository, layer, limit).await?;
        Ok(PackageReader::of_answer(answer).expecting(digest))
    }

    async fn open_provenance(&self, limit: u64) -> Result<Option<PackageReader>, Failure> {
        match &self.layers.provenance {
            Some(layer) => self.open(layer, limit).await.map(Some),
            None => Ok(None),
        }
    }
}

/// A registry does not have what it should.
fn absent(cause: String) -> Failure {
    let advice = "The registry does not have the chart any more: push it again, or have its index made anew.";
    Failure::new(Stage::SamplePackage, Code::NotARepository, cause, advice)
}

/// Where the package of a chart is.
fn location(repository: &str, digest: &str) -> Location {
    Location::Blob { repository: repository.to_owned(), digest: digest.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_that_an_index_names() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let cases = [
            ("oci://h/team/web:1.0.0", Some(("h", "team/web", "1.0.0"))),
            ("oci://H:5000/web", Some(("h:5000", "web", "1.0.0_x"))),
            ("oci://h/web:1.0.0_x@DIGEST", Some(("h", "web", digest.as_str()))),
            ("oci://h/web@DIGEST", Some(("h", "web", digest.as_str()))),
            ("oci://h", None),
            ("oci://h:5000", None),
            ("oci://u:p@h/web:1.0.0", None),
            ("oci://h/web:", None),
            ("oci://h/web:a?b", None),
            ("oci://h/web:-a", None),
            ("oci://h/Web:1.0.0", None),
            ("oci://h/../web:1.0.0", Some(("h", "web", "1.0.0"))),
            ("oci://h/web@sha256:1", None),
        ];
        for (url, expected) in cases {
            let expected = expected.map(|(host, repository, reference)| {
                let [host, repository, reference] = [host, repository, reference].map(str::to_owned);
                Location::Chart { host, repository, reference }
            });
            assert_eq!(locate(&url.replace("DIGEST", &digest), "1.0.0+x").ok(), expected, "{url}");
        }
    }
}
