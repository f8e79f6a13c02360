//! Charts and addons in a git repository.
//!
//! One request finds the branch or tag; if its commit is another than the last time, one more fetches that commit without
//! its history. The pack is read in memory: nothing is checked out, no program is run, and neither symbolic links out of
//! a chart nor sub-modules are followed.

mod pack;
mod packet;
mod remote;
mod tree;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chandlery_chart::{IndexEntry, is_strict_version};
use chandlery_core::Digest;
use sha1::{Digest as _, Sha1};

use self::pack::{Kind, Objects};
use self::remote::{Reference, Remote};
use self::tree::{Found, Tree};
use super::listing::{self, Abandoned, Writer};
use super::{
    Code, Failure, Fetched, GitUrl, Known, Location, Package, PackageReader, Source, SourceUrl, Stage,
    Validator,
};

/// So many tags are read as versions at most; the newest ones win.
const MOST_TAGS: usize = 1000;

/// The name of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Id([u8; 20]);

impl Id {
    /// The name of an object with this content.
    fn of(kind: &str, content: &[u8]) -> Self {
        let mut hasher = Sha1::new();
        hasher.update(format!("{kind} {}\0", content.len()));
        hasher.update(content);
        Self(hasher.finalize().into())
    }

    /// Reads 40 hex digits.
    fn read(text: &str) -> Option<Self> {
        let mut id = [0; 20];
        let pairs = text.as_bytes().as_chunks::<2>();
        if pairs.0.len() != 20 || !pairs.1.is_empty() {
            return None;
        }
        for (byte, pair) in id.iter_mut().zip(pairs.0) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
        }
        Some(Self(id))
    }
}

impl TryFrom<&[u8]> for Id {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// The server speaks git, and says what cannot be.
fn broken(reason: &str) -> Failure {
    Failure::content(
        format!("the answer of the git server cannot be used: {reason}"),
        "Check the repository with `git fsck`, and that the server speaks protocol version 2.",
    )
}

/// The commits that were read last, so that fetching packages one after the other asks once.
#[derive(Clone, Default)]
pub(super) struct Cache(Arc<Mutex<Option<Cached>>>);

type Cached = (Vec<Id>, Arc<Objects>);

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cache")
    }
}

impl Cache {
    fn get(&self, commit: Id) -> Option<Arc<Objects>> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, objects) = cached.as_ref().filter(|(commits, _)| commits.contains(&commit))?;
        Some(objects.clone())
    }

    fn put(&self, commits: Vec<Id>, objects: &Arc<Objects>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((commits, objects.clone()));
    }
}

/// A commit to read, and the version that its tag gives to what is in it.
#[derive(Clone, Debug)]
struct Wanted {
    commit: Id,
    version: Option<String>,
}

/// Lists a repository.
pub(super) async fn fetch(
    source: &Source,
    url: &GitUrl,
    previous: Option<&Validator>,
    known: impl Future<Output = Known> + Send,
) -> Result<Fetched, Failure> {
    let remote = Remote::find(source, &url.remote).await?;
    let reference = source.access.reference.as_deref().or(url.reference.as_deref());
    let wanted = match source.access.tags_as_versions {
        true => versions(&remote).await?,
        false => vec![Wanted { commit: find(&remote, reference).await?, version: None }],
    };
    let state: Vec<String> = wanted.iter().map(|wanted| format!("{wanted:?}")).collect();
    let commit = Some(Digest::of(state.concat().as_bytes()).to_hex());
    let validator = Validator { scope: source.scope(), commit, ..Validator::default() };
    if previous.is_some_and(|previous| previous.commit == validator.commit) {
        return Ok(Fetched::Unchanged(validator));
    }
    let objects = objects(source, &remote, wanted.iter().map(|wanted| wanted.commit).collect()).await?;
    let path = [url.path.as_str(), source.access.sub_path.as_deref().unwrap_or_default()];
    let path = path.map(|part| part.trim_matches('/')).into_iter().filter(|part| !part.is_empty());
    let path = path.collect::<Vec<_>>().join("/");
    let known = known.await;
    let (writer, listing) = listing::channel(validator);
    tokio::task::spawn_blocking(move || list(&objects, &wanted, &path, &known, writer));
    Ok(Fetched::Changed(listing))
}

/// The commit that a branch, a tag or the default branch names.
async fn find(remote: &Remote<'_>, reference: Option<&str>) -> Result<Id, Failure> {
    if let Some(commit) = reference.and_then(Id::read) {
        return Ok(commit);
    }
    let names = match reference {
        None => vec!["HEAD".to_owned()],
        Some(name) if name.starts_with("refs/") => vec![name.to_owned()],
        Some(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")],
    };
    let references = remote.references(&names).await?;
    let found = names.iter().find_map(|name| references.iter().find(|reference| reference.name == *name));
    found.map(|reference| reference.commit).ok_or_else(|| {
        let (cause, advice) = match reference {
            Some(name) => (
                format!("there is no branch or tag {name:?} in the repository"),
                "Check its name; a branch whose name holds a slash is given beside the URL.",
            ),
            None => {
                ("the repository has no default branch, or no commit".to_owned(), "Name a branch or a tag.")
            }
        };
        Failure::new(Stage::Status, Code::NotARepository, cause, advice)
    })
}

/// The tags that are versions, with or without a `v`, the newest first.
async fn versions(remote: &Remote<'_>) -> Result<Vec<Wanted>, Failure> {
    let references = remote.references(&["refs/tags/".to_owned()]).await?;
    let version = |Reference { name, commit }: &Reference| {
        let tag = name.strip_prefix("refs/tags/")?;
        let version = tag.strip_prefix('v').unwrap_or(tag);
        let version = is_strict_version(version).then(|| version.to_owned())?;
        Some(Wanted { commit: *commit, version: Some(version) })
    };
    let mut wanted: Vec<Wanted> = references.iter().filter_map(version).collect();
    let text = |wanted: &Wanted| wanted.version.clone().unwrap_or_default();
    wanted.sort_by(|left, right| chandlery_chart::compare_newest_first(&text(left), &text(right)));
    wanted.dedup_by_key(|wanted| text(wanted));
    wanted.truncate(MOST_TAGS);
    if wanted.is_empty() {
        let cause = "the repository has no tag that is a version";
        let advice = "Tag a commit as 1.0.0 or v1.0.0, or read a branch instead.";
        return Err(Failure::new(Stage::Counts, Code::NotARepository, cause, advice));
    }
    Ok(wanted)
}

/// The objects of commits.
async fn objects(
    source: &Source,
    remote: &Remote<'_>,
    mut commits: Vec<Id>,
) -> Result<Arc<Objects>, Failure> {
    commits.sort();
    commits.dedup();
    let pack = remote.fetch(&commits).await?;
    let reading = tokio::task::spawn_blocking(move || Objects::read(pack));
    let objects = reading.await.map_err(|_| Failure::internal("the pack could not be read"))?;
    let objects = Arc::new(objects?);
    source.git.put(commits, &objects);
    Ok(objects)
}

fn list(objects: &Objects, wanted: &[Wanted], path: &str, known: &Known, mut writer: Writer) {
    match list_all(objects, wanted, path, known, &mut writer) {
        Ok(()) => writer.end_blocking(Ok(())),
        Err(End::Abandoned) => {}
        Err(End::Failed(failure)) => writer.end_blocking(Err(failure)),
    }
}

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

fn list_all(
    objects: &Objects,
    wanted: &[Wanted],
    path: &str,
    known: &Known,
    writer: &mut Writer,
) -> Result<(), End> {
    let mut all = Vec::new();
    for wanted in wanted {
        let tree = Tree::of_commit(objects, wanted.commit)?;
        // A folder may have come only with a later tag.
        if wanted.version.is_some() && !tree.has(path)? {
            continue;
        }
        all.extend(tree.find(path)?.into_iter().map(|found| (found, wanted)));
    }
    all.sort_by(|(left, _), (right, _)| {
        (chart_of(&left.path), &left.path).cmp(&(chart_of(&right.path), &right.path))
    });
    if all.is_empty() {
        let cause = format!("there is no chart, package or addon in {path:?}");
        let advice = "Check the folder: a chart has a Chart.yaml and an addon a metadata.yaml.";
        return Err(Failure::new(Stage::Counts, Code::NotARepository, cause, advice).into());
    }
    for (found, wanted) in all {
        take(objects, &found, wanted, known, writer)?;
        writer.hand_over_blocking()?;
    }
    Ok(())
}

/// The chart as its path tells: the name of its folder, or what the name of a package begins with.
fn chart_of(path: &str) -> &str {
    let folder = || path.rsplit('/').next().unwrap_or(path);
    path.strip_suffix(".tgz").map_or_else(folder, super::bucket::chart_of)
}

fn take(
    objects: &Objects,
    found: &Found,
    wanted: &Wanted,
    known: &Known,
    writer: &mut Writer,
) -> Result<(), Failure> {
    let version = wanted.version.as_deref();
    let text = format!("tree\0{}\0{}\0{}", found.path, found.id, version.unwrap_or_default());
    let fingerprint = Digest::of(text.as_bytes());
    if known.contains(&fingerprint) {
        writer.count_version(chart_of(&found.path))?;
        writer.add_known(fingerprint);
        return Ok(());
    }
    let packed = match Tree::of_commit(objects, wanted.commit)?.pack(&found.path, version)? {
        Ok(packed) => packed,
        Err(reason) => {
            writer.add_skipped(&found.path, version.unwrap_or_default(), reason);
            return Ok(());
        }
    };
    let location = Location::Tree {
        commit: wanted.commit.to_string(),
        path: found.path.clone(),
        version: wanted.version.clone(),
    };
    writer.count_version(chart_of(&found.path))?;
    writer.counts.bytes += packed.bytes.len() as u64;
    let entry = IndexEntry {
        urls: vec![found.path.clone()],
        created: packed.created,
        digest: Digest::of(&packed.bytes).to_hex(),
        metadata: packed.metadata,
        ..IndexEntry::default()
    };
    let name = entry.metadata.name.clone();
    writer.add_package(Package::new(packed.kind, name, entry, fingerprint, Ok(location)));
    Ok(())
}

/// Makes a package anew.
pub(super) async fn open(
    source: &Source,
    commit: &str,
    path: &str,
    version: Option<&str>,
    limit: u64,
) -> Result<PackageReader, Failure> {
    let (commit, objects) = objects_of(source, commit).await?;
    let (path, version) = (path.to_owned(), version.map(str::to_owned));
    let packing = tokio::task::spawn_blocking(move || {
        Tree::of_commit(&objects, commit)?.pack(&path, version.as_deref())
    });
    let packed = packing.await.map_err(|_| Failure::internal("the package could not be made"))??;
    let packed = packed.map_err(|reason| super::package::lost(&reason))?;
    if packed.bytes.len() as u64 > limit {
        return Err(super::bucket::too_large());
    }
    Ok(PackageReader::of_bytes(packed.bytes))
}

/// Begins to fetch a file as it is in a commit; `None` if there is no such file.
pub(super) async fn open_file(
    source: &Source,
    commit: &str,
    path: &str,
    limit: u64,
) -> Result<Option<PackageReader>, Failure> {
    let (commit, objects) = objects_of(source, commit).await?;
    let path = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || Tree::of_commit(&objects, commit)?.file(&path));
    let bytes = reading.await.map_err(|_| Failure::internal("the file could not be read"))??;
    match bytes {
        Some(bytes) if bytes.len() as u64 > limit => Err(super::bucket::too_large()),
        bytes => Ok(bytes.map(PackageReader::of_bytes)),
    }
}

/// A commit of the repository with its objects, which may have been read already.
async fn objects_of(source: &Source, commit: &str) -> Result<(Id, Arc<Objects>), Failure> {
    let SourceUrl::Git(url) = &source.url else {
        return Err(super::package::lost("it is in a git repository, and the repository is none"));
    };
    let commit = Id::read(commit).ok_or_else(|| super::package::lost("its commit is none"))?;
    if let Some(objects) = source.git.get(commit) {
        return Ok((commit, objects));
    }
    let remote = Remote::find(source, &url.remote).await?;
    Ok((commit, objects(source, &remote, vec![commit]).await?))
}
