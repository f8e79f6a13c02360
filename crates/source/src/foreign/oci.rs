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

use self::registry::Registry;
use super::listing::{self, Abandoned, Writer};
use super::{
    Code, Failure, Fetched, Known, Location, MOST_VERSIONS, Package, PackageReader, RegistryUrl, Source,
    Stage, Validator,
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
    let super::SourceUrl::Oci(url) = &source.url else {
        return Err(super::package::lost("it is in a registry, and the repository is none"));
    };
    let answer = Registry::new(source, url)?.blob(repository, digest, limit).await?;
    Ok(PackageReader::of_answer(answer))
}

/// Where the package of a chart is.
fn location(repository: &str, digest: &str) -> Location {
    Location::Blob { repository: repository.to_owned(), digest: digest.to_owned() }
}
