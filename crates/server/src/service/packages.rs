//! Packages: finding, reading and deleting them.

use std::io::{Cursor, Read};
use std::sync::Arc;

use bytes::Bytes;
use chandlery_chart::{Archive, ArchiveError, File, Limits, read_templates, read_values};
use chandlery_core::{Digest, Error, Permission, Result};
use chandlery_store::charts::VersionRow;
use chandlery_store::{BlobReader, packages, provenance};
use futures_util::TryStreamExt;
use http::HeaderValue;
use jiff::Timestamp;
use serde::Serialize;

use super::repositories::Repository;
use super::sources;
use super::virtual_repositories::{Held, Merged, Stamp};
use crate::app::{App, Scope};

/// A stored file of a repository.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    /// Its sha256.
    pub(crate) digest: Digest,
    /// In bytes.
    pub(crate) size: u64,
}

impl StoredFile {
    /// Names the bytes.
    pub(crate) fn etag(&self) -> HeaderValue {
        HeaderValue::from_str(&format!("\"{}\"", self.digest))
            .expect("quotes and hex digits are header characters")
    }
}

/// Files by repository and name.
type ByName<T> = moka::sync::Cache<(i64, String), T>;

/// Files that were looked up.
pub(crate) struct PackageCache {
    /// Those of hosted repositories, each with the generation of its repository at that time.
    files: ByName<(i64, StoredFile)>,
    /// The members of virtual repositories that they come from, each with what that depends on.
    holders: ByName<(Stamp, Arc<Repository>)>,
}

impl PackageCache {
    /// Nothing looked up yet.
    pub(crate) fn new() -> Self {
        const REMEMBERED: u64 = 10_000;
        Self { files: ByName::new(REMEMBERED), holders: ByName::new(REMEMBERED) }
    }
}

/// The file of this name, a package or the provenance file of one, and the repository it comes from.
pub(crate) async fn find_file(app: &App, scope: &Scope, name: &str) -> Result<(Arc<Repository>, StoredFile)> {
    scope.require(Permission::AppsView)?;
    let repository = match Merged::of(app, scope).await? {
        Some(merged) => holder(app, &merged, name).await?,
        None => scope.repository.clone(),
    };
    let file = file_in(app, &repository, name).await?;
    Ok((repository, file))
}

/// The member that a file of a virtual repository comes from.
async fn holder(app: &App, merged: &Merged, name: &str) -> Result<Arc<Repository>> {
    let key = (merged.repository().id, name.to_owned());
    let stamp = merged.stamp();
    if let Some((_, member)) = app.packages.holders.get(&key).filter(|(as_of, _)| *as_of == stamp) {
        return Ok(merged.current(&member));
    }
    let member = merged.holder_of_file(app, name).await?;
    app.packages.holders.insert(key, (stamp, member.clone()));
    Ok(member)
}

async fn file_in(app: &App, repository: &Repository, name: &str) -> Result<StoredFile> {
    // What an external repository keeps comes and goes with its quota, within one generation.
    if repository.source.is_some() {
        return looked_up(app, repository, name).await;
    }
    let generation = repository.generation();
    let key = (repository.id, name.to_owned());
    if let Some((_, file)) = app.packages.files.get(&key).filter(|(as_of, _)| *as_of == generation) {
        return Ok(file);
    }
    let file = looked_up(app, repository, name).await?;
    app.packages.files.insert(key, (generation, file.clone()));
    Ok(file)
}

async fn looked_up(app: &App, repository: &Repository, name: &str) -> Result<StoredFile> {
    let row = match name.ends_with(".prov") {
        true => provenance_in(app, repository, name).await?,
        false => package_in(app, repository, name).await?,
    };
    Ok(StoredFile { digest: row.digest, size: row.size })
}

/// The package of this name with its bytes here: those of an external repository come with the first pull.
async fn package_in(app: &App, repository: &Repository, name: &str) -> Result<packages::StoredFile> {
    let database = app.store.database();
    let row = packages::find_file(database.reader(), repository.id, name).await?.ok_or_else(not_found)?;
    if row.stored {
        return Ok(row);
    }
    sources::packages::fetch(app, repository.id, name).await?;
    packages::find_file(database.writer(), repository.id, name).await?.ok_or_else(not_found)
}

/// The provenance file of this name: that of an external package comes with the first pull.
async fn provenance_in(app: &App, repository: &Repository, name: &str) -> Result<packages::StoredFile> {
    let database = app.store.database();
    if let Some(row) = provenance::find(database.reader(), repository.id, name).await? {
        return Ok(row);
    }
    let package = name.strip_suffix(".prov").filter(|_| repository.source.is_some());
    sources::provenances::fetch(app, repository.id, package.ok_or_else(not_found)?).await?;
    provenance::find(database.writer(), repository.id, name).await?.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("object")
}

/// The provenance file of a package, if there is one that can be had now.
pub(crate) async fn stored_provenance(
    app: &App,
    repository: &Repository,
    package: &str,
) -> Result<Option<packages::StoredFile>> {
    match provenance_in(app, repository, &format!("{package}.prov")).await {
        Ok(file) => Ok(Some(file)),
        Err(Error::NotFound(_) | Error::Unavailable { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The templates of a package as ChartMuseum's API shows them: null for none.
#[derive(Serialize)]
pub(crate) struct Templates {
    templates: Option<Vec<Template>>,
    values: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Template {
    name: String,
    data: String,
}

/// The version with its bytes here: those of an external repository come with the first pull.
pub(crate) async fn stored_version(app: &App, held: Held) -> Result<VersionRow> {
    let Held { repository, row: mut version } = held;
    if version.stored {
        return Ok(version);
    }
    let here = package_in(app, &repository, &version.file_name).await?;
    (version.digest, version.size, version.stored) = (here.digest, here.size, here.stored);
    Ok(version)
}

/// The templates and values of a version, without those of its dependencies.
pub(crate) async fn templates(app: &App, version: &VersionRow) -> Result<Templates> {
    use base64::Engine;
    let found = read_package(app, version, read_templates).await?;
    let values = found.values.map(|text| parse_values(&text)).transpose()?;
    let template = |file: File| Template {
        name: file.path,
        data: base64::engine::general_purpose::STANDARD.encode(&file.data),
    };
    let templates: Vec<Template> = found.templates.into_iter().map(template).collect();
    Ok(Templates { templates: (!templates.is_empty()).then_some(templates), values })
}

fn parse_values(text: &Bytes) -> Result<serde_json::Value> {
    let text = String::from_utf8_lossy(text);
    chandlery_yaml::from_str(&text, &chandlery_yaml::Options::default())
        .map_err(|error| Error::invalid("values.yaml", error.to_string()))
}

/// The values.yaml of a version, as it is.
pub(crate) async fn values(app: &App, version: &VersionRow) -> Result<Bytes> {
    let values = read_package(app, version, read_values).await?;
    values.ok_or_else(|| Error::not_found("values.yaml"))
}

type ReadPackage<T> = fn(Box<dyn Read>, &Limits) -> Result<T, ArchiveError>;

/// Reads something out of the package of a version.
async fn read_package<T: Send + 'static>(app: &App, version: &VersionRow, read: ReadPackage<T>) -> Result<T> {
    read_blob(app, &version.digest, version.size, move |reader| read(reader, &Limits::default())).await
}

/// A file of a package as text; what is no UTF-8 in it is replaced.
pub(crate) fn text_of(archive: &Archive, path: &str) -> Option<String> {
    let file = archive.files.iter().find(|file| file.path == path)?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// The README of a package.
pub(crate) fn readme_of(archive: &Archive) -> Option<String> {
    const NAMES: [&str; 3] = ["readme.md", "readme.txt", "readme"];
    let named = |name: &str| archive.files.iter().find(|file| file.path.eq_ignore_ascii_case(name));
    let file = NAMES.iter().find_map(|name| named(name))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// Reads something out of a stored package, off the threads that serve connections.
pub(crate) async fn read_blob<T: Send + 'static>(
    app: &App,
    digest: &Digest,
    size: u64,
    read: impl FnOnce(Box<dyn Read>) -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T> {
    read_stored(app, digest, size, read).await?.map_err(Error::internal)
}

/// Gives a stored file to `read`, off the threads that serve connections.
pub(crate) async fn read_stored<T: Send + 'static>(
    app: &App,
    digest: &Digest,
    size: u64,
    read: impl FnOnce(Box<dyn Read>) -> T + Send + 'static,
) -> Result<T> {
    let blob = app.store.blobs().open_blob(digest, size, None).await?;
    let blob = match blob {
        BlobReader::File { file, .. } => OpenPackage::File(file),
        BlobReader::Stream { stream, .. } => {
            let bytes: Vec<Bytes> = stream.try_collect().await.map_err(|error| unreadable(error.into()))?;
            OpenPackage::Memory(bytes.concat())
        }
    };
    tokio::task::spawn_blocking(move || read(blob.into_reader())).await.map_err(Error::internal)
}

fn unreadable(error: chandlery_core::BoxError) -> Error {
    Error::unavailable("the blob store", error)
}

enum OpenPackage {
    File(std::fs::File),
    Memory(Vec<u8>),
}

impl OpenPackage {
    fn into_reader(self) -> Box<dyn Read> {
        match self {
            Self::File(file) => Box::new(file),
            Self::Memory(bytes) => Box::new(Cursor::new(bytes)),
        }
    }
}

/// Deletes a version and its provenance file. As with ChartMuseum any split of the file name `<name>-<version>.tgz`
/// into two is accepted.
pub(crate) async fn delete(app: &App, scope: &Scope, name: &str, version: &str) -> Result<()> {
    scope.require(Permission::AppsManage)?;
    let transaction = app.store.database().begin().await?;
    let id = scope.repository.id;
    let deleted = packages::delete_version(&transaction, id, name, version, Timestamp::now()).await?;
    transaction.commit().await?;
    scope.repository.advance(deleted.generation);
    tracing::info!(repository = %scope.repository.path, package = deleted.file_name, "package deleted");
    Ok(())
}
