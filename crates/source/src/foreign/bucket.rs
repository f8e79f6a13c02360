//! Packages in a bucket of an object store: by its index, or by the packages that lie in it.

mod operator;
mod transport;

use chandlery_chart::IndexEntry;
use chandlery_core::Digest;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use opendal::{ErrorKind, Operator};

use self::operator::operator;
use super::describe::describe;
use super::listing::{self, Abandoned, Writer};
use super::{
    BucketUrl, Code, Failure, Fetched, Known, LARGEST_INDEX, Location, MOST_VERSIONS, Package, PackageReader,
    Source, Stage, Validator, helm, index, spool,
};
use crate::outbound::OutboundError;

/// Helm reads no larger package either.
const LARGEST_PACKAGE: u64 = 100 << 20;

/// So many packages are read at a time.
const PARALLEL: usize = 4;

const INDEX: &str = "index.yaml";

/// How the clients begin to tell that the credentials do not work, before anything is sent.
const UNSIGNED: &str = "signing http request";

/// What an error of the store means.
pub(super) fn unread(error: &opendal::Error) -> Failure {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(outbound) = inner.downcast_ref::<OutboundError>() {
            return outbound.clone().into();
        }
        cause = inner.source();
    }
    let message = Some(error.message().trim()).filter(|message| !message.is_empty());
    let kind = error.kind().to_string();
    let text = format!("the object store answered: {}", message.unwrap_or(&kind));
    if message.is_some_and(|message| message.starts_with(UNSIGNED)) {
        let cause = "no request can be signed with these credentials";
        let advice = "Check that the key is whole, and of the kind that the store gives out.";
        return Failure::new(Stage::Auth, Code::ObjectStoreDenied, cause, advice);
    }
    match error.kind() {
        ErrorKind::PermissionDenied => Failure::new(
            Stage::Auth,
            Code::ObjectStoreDenied,
            text,
            "Check the access key, its secret and the region; the key needs the rights to list and read the bucket.",
        ),
        kind if kind == ErrorKind::NotFound || text.contains("NoSuchBucket") => {
            let advice = "Check the names of bucket and folder.";
            Failure::new(Stage::Status, Code::NotARepository, text, advice)
        }
        ErrorKind::RateLimited => {
            Failure::new(Stage::Status, Code::NoAccess, text, "Choose a longer period.").temporary()
        }
        ErrorKind::ConfigInvalid => {
            Failure::new(Stage::Url, Code::UrlFormat, text, "Check the URL and the region.")
        }
        _ => {
            let advice = "Check the URL: an object store answers otherwise.";
            Failure::new(Stage::Content, Code::NoAccess, text, advice).temporary()
        }
    }
}

/// More bytes than were allowed.
pub(super) fn too_large() -> Failure {
    Failure::content("the package is larger than the limit", "Ask the operator for a higher limit.")
}

/// Lists a bucket.
pub(super) async fn fetch(
    source: &Source,
    url: &BucketUrl,
    previous: Option<&Validator>,
    known: impl Future<Output = Known> + Send,
) -> Result<Fetched, Failure> {
    let operator = operator(source, url)?;
    let etag = match operator.stat(INDEX).await {
        Ok(metadata) => metadata.etag().map(str::to_owned),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return list(source, operator, previous, known).await;
        }
        Err(error) => return Err(unread(&error)),
    };
    let mut validator = Validator { scope: source.scope(), etag, ..Validator::default() };
    if let Some(previous) =
        previous.filter(|previous| previous.etag.is_some() && previous.etag == validator.etag)
    {
        validator.digest = previous.digest;
        return Ok(Fetched::Unchanged(validator));
    }
    let stream = read(&operator, INDEX).await?;
    let spooled = spool::spool_stream(bytes_of(stream), LARGEST_INDEX).await?;
    let url = url.clone();
    let locate = Box::new(move |entry: &IndexEntry| locate(&url, entry));
    index::list(spooled, validator, previous, known, locate).await
}

async fn read(operator: &Operator, key: &str) -> Result<opendal::BufferStream, Failure> {
    let reader = operator.reader(key).await.map_err(|error| unread(&error))?;
    reader.into_stream(..).await.map_err(|error| unread(&error))
}

/// The pieces of an object.
pub(super) fn bytes_of(stream: opendal::BufferStream) -> impl Stream<Item = Result<bytes::Bytes, Failure>> {
    stream.map_ok(|buffer| buffer.to_bytes()).map_err(|error| unread(&error))
}

/// Where the package of an entry is: an object, or at a URL elsewhere.
fn locate(url: &BucketUrl, entry: &IndexEntry) -> Result<Location, String> {
    let text = helm::first_url(entry)?;
    let BucketUrl { store, host, bucket, prefix } = url;
    let scheme = store.scheme();
    let below = |root: &str| text.strip_prefix(root)?.strip_prefix(prefix.as_str());
    let own = [format!("{scheme}://{host}/{bucket}/"), format!("{scheme}://{bucket}/")];
    let key = own.iter().find_map(|root| below(root)).or_else(|| (!text.contains(':')).then_some(text));
    match key {
        Some(key) if key.split('/').any(|part| part == "..") => {
            Err("the URL of its package leads out of the folder".to_owned())
        }
        Some(key) => {
            Ok(Location::Object { key: key.trim_start_matches("./").trim_start_matches('/').to_owned() })
        }
        None => helm::absolute(text, &entry.metadata.version),
    }
}

/// A package in a bucket without an index.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    /// The name of the chart as the name of the file tells it.
    chart: String,
    key: String,
    etag: String,
    length: u64,
    modified: Option<i64>,
}

/// Lists the packages of a bucket without an index.
async fn list(
    source: &Source,
    operator: Operator,
    previous: Option<&Validator>,
    known: impl Future<Output = Known> + Send,
) -> Result<Fetched, Failure> {
    let mut objects = list_objects(&operator).await?;
    objects.sort();
    let names: Vec<String> =
        objects.iter().map(|object| format!("{}\0{}\n", object.key, object.etag)).collect();
    let digest = Some(Digest::of(names.concat().as_bytes()));
    let validator = Validator { scope: source.scope(), digest, ..Validator::default() };
    if previous.is_some_and(|previous| previous.digest == digest) {
        return Ok(Fetched::Unchanged(validator));
    }
    if objects.is_empty() {
        let cause = "the bucket has neither an index.yaml nor any .tgz file at this place";
        let advice = "Check the folder, or upload a package.";
        return Err(Failure::new(Stage::Content, Code::NotARepository, cause, advice));
    }
    let known = known.await;
    let (mut writer, listing) = listing::channel(validator);
    tokio::spawn(async move {
        if let Ok(outcome) = read_objects(&operator, objects, &known, &mut writer).await {
            writer.end(outcome).await;
        }
    });
    Ok(Fetched::Changed(listing))
}

async fn list_objects(operator: &Operator) -> Result<Vec<Object>, Failure> {
    let mut objects = Vec::new();
    let mut lister = operator.lister_with("").recursive(true).await.map_err(|error| unread(&error))?;
    let mut seen = 0;
    while let Some(entry) = lister.try_next().await.map_err(|error| unread(&error))? {
        seen += 1;
        if seen > MOST_VERSIONS {
            let cause = format!("the bucket has more than {MOST_VERSIONS} objects at this place");
            return Err(Failure::parse(cause, "Name a folder of packages, or put an index.yaml there."));
        }
        let key = entry.path();
        let Some(stem) = key.strip_suffix(".tgz") else { continue };
        let metadata = entry.metadata();
        objects.push(Object {
            chart: chart_of(stem).to_owned(),
            key: key.to_owned(),
            etag: metadata.etag().unwrap_or_default().to_owned(),
            length: metadata.content_length(),
            modified: metadata.last_modified().map(|time| time.into_inner().as_second()),
        });
    }
    Ok(objects)
}

/// The name in `FOLDER/NAME-VERSION`.
pub(super) fn chart_of(stem: &str) -> &str {
    let file = stem.rsplit('/').next().unwrap_or(stem);
    let version = file.match_indices('-').find(|(at, _)| {
        let version = &file[at + 1..];
        version.strip_prefix('v').unwrap_or(version).starts_with(|first: char| first.is_ascii_digit())
    });
    version.map_or(file, |(at, _)| &file[..at])
}

/// What an object proved to be.
enum Seen {
    Known(Digest),
    Package(Box<Package>),
    Other(String),
}

async fn read_objects(
    operator: &Operator,
    objects: Vec<Object>,
    known: &Known,
    writer: &mut Writer,
) -> Result<Result<(), Failure>, Abandoned> {
    let mut seen = stream::iter(objects)
        .map(|object| async move { (look_at(operator, &object, known).await, object) })
        .buffered(PARALLEL);
    while let Some((outcome, object)) = seen.next().await {
        let counted = match outcome {
            Err(failure) => Err(failure),
            Ok(Seen::Known(fingerprint)) => {
                writer.add_known(fingerprint);
                writer.count_version(&object.chart)
            }
            Ok(Seen::Package(package)) => {
                let counted = writer.count_version(&package.name);
                writer.counts.bytes += object.length;
                writer.add_package(*package);
                counted
            }
            Ok(Seen::Other(reason)) => {
                writer.add_skipped(&object.key, "", reason);
                Ok(())
            }
        };
        if counted.is_err() {
            return Ok(counted);
        }
        writer.hand_over().await?;
    }
    Ok(Ok(()))
}

async fn look_at(operator: &Operator, object: &Object, known: &Known) -> Result<Seen, Failure> {
    let fingerprint = Digest::of(format!("object\0{}\0{}", object.key, object.etag).as_bytes());
    if known.contains(&fingerprint) {
        return Ok(Seen::Known(fingerprint));
    }
    if object.length > LARGEST_PACKAGE {
        return Ok(Seen::Other(format!("it is larger than {LARGEST_PACKAGE} bytes")));
    }
    let location = Location::Object { key: object.key.clone() };
    let reader = PackageReader::of_object(read(operator, &object.key).await?, object.length, LARGEST_PACKAGE);
    let bytes = reader.bytes().await?;
    let read = tokio::task::spawn_blocking(move || (Digest::of(&bytes), describe(&bytes)));
    let (digest, described) = read.await.map_err(|_| Failure::internal("a package could not be read"))?;
    let (kind, metadata) = match described {
        Ok(described) => described,
        Err(reason) => return Ok(Seen::Other(reason)),
    };
    let created = chandlery_chart::Timestamp::from_unix(object.modified.unwrap_or_default(), 0);
    let name = metadata.name.clone();
    let (urls, digest) = (vec![object.key.clone()], digest.to_hex());
    let entry = IndexEntry { metadata, urls, created, digest, ..IndexEntry::default() };
    Ok(Seen::Package(Box::new(Package::new(kind, name, entry, fingerprint, Ok(location)))))
}

/// Begins to fetch a package.
pub(super) async fn open(source: &Source, key: &str, limit: u64) -> Result<PackageReader, Failure> {
    let super::SourceUrl::S3(url) = &source.url else {
        return Err(super::package::lost("it is in a bucket, and the repository is none"));
    };
    let operator = operator(source, url)?;
    let metadata = operator.stat(key).await.map_err(|error| unread(&error))?;
    if metadata.content_length() > limit {
        return Err(too_large());
    }
    Ok(PackageReader::of_object(read(&operator, key).await?, metadata.content_length(), limit))
}

#[cfg(test)]
mod tests {
    use super::super::SourceUrl;
    use super::*;

    #[test]
    fn names_in_file_names() {
        for (stem, name) in
            [("a/b/web-1.0.0", "web"), ("my-web-v1.0.0-rc.1", "my-web"), ("web", "web"), ("x-2y-3", "x")]
        {
            assert_eq!(chart_of(stem), name, "{stem}");
        }
    }

    #[test]
    fn packages_in_buckets() {
        let SourceUrl::S3(url) = "s3://h:9000/b/p".parse().unwrap() else { panic!("it is a bucket") };
        let object = |key: &str| Ok(Location::Object { key: key.to_owned() });
        let cases = [
            ("web-1.tgz", object("web-1.tgz")),
            ("./charts/web-1.tgz", object("charts/web-1.tgz")),
            ("s3://h:9000/b/p/web-1.tgz", object("web-1.tgz")),
            ("s3://b/p/web-1.tgz", object("web-1.tgz")),
            ("https://h/web-1.tgz", Ok(Location::Url { url: "https://h/web-1.tgz".to_owned() })),
            ("../web-1.tgz", Err("the URL of its package leads out of the folder".to_owned())),
            (
                "s3://other/web-1.tgz",
                Err("the URL of its package begins with s3:, not with https://".to_owned()),
            ),
        ];
        for (text, expected) in cases {
            let entry = IndexEntry { urls: vec![text.to_owned()], ..IndexEntry::default() };
            assert_eq!(locate(&url, &entry), expected, "{text}");
        }
    }
}
