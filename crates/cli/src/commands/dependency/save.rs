//! Dependencies into `charts/`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use chandlery_chart::{Dependency, Version};

use super::list::{local_folder, read_local};
use super::repositories::Repositories;
use super::resolve::parse_constraint;
use crate::charts::read_place;
use crate::commands::pull::{Located, download, resolve};
use crate::local::{Package, create_folder, file_name_of, source_date_epoch, write_whole_file};
use crate::output::{neutralise, print_text, warn};

/// A package that belongs into `charts/`.
struct Fetched {
    file_name: String,
    bytes: Vec<u8>,
}

/// Fetches all dependencies, then puts them into `charts/` and removes the packages there that are none of them.
///
/// Versions of folders replace those of the lock, as these may have changed.
///
/// # Errors
/// One cannot be fetched or written; `charts/` is then as it was.
pub(super) async fn save(
    locked: &mut [Dependency],
    folder: &Path,
    repositories: &mut Repositories,
) -> Result<()> {
    print_text(&format!("Saving {} charts\n", locked.len()))?;
    let mut fetched: Vec<Fetched> = Vec::new();
    let mut addresses = BTreeSet::new();
    for dependency in locked.iter_mut() {
        if dependency.repository.is_empty() {
            check_present(dependency, folder)?;
        } else if dependency.repository.starts_with("file://") {
            let (version, package) = pack_folder(dependency, folder)?;
            dependency.version = version;
            fetched.push(package);
        } else {
            fetched.extend(fetch(dependency, repositories, &mut addresses).await?);
        }
    }
    place(&fetched, locked, &folder.join("charts"))
}

fn check_present(dependency: &Dependency, folder: &Path) -> Result<()> {
    let name = neutralise(&dependency.name);
    print_text(&format!(
        "Dependency {name} did not declare a repository. Assuming it exists in the charts directory\n"
    ))?;
    let path = folder.join("charts").join(&dependency.name);
    let chart = read_local(&path).with_context(|| format!("unable to load chart '{}'", path.display()))?;
    let version = &chart.metadata.version;
    let constraint = parse_constraint(dependency)?;
    if !version.parse().is_ok_and(|version: Version| constraint.matches(&version)) {
        bail!(
            "dependency {name} at version {version} does not satisfy the constraint {}",
            dependency.version
        );
    }
    Ok(())
}

fn pack_folder(dependency: &Dependency, folder: &Path) -> Result<(String, Fetched)> {
    let chart = read_local(&local_folder(&dependency.repository, folder)?)?;
    let version = chart.metadata.version.clone();
    let constraint = parse_constraint(dependency)?;
    if !version.parse().is_ok_and(|version: Version| constraint.matches(&version)) {
        bail!("can't get a valid version for dependency {}", dependency.name);
    }
    let mut bytes = Vec::new();
    chart.write_package(source_date_epoch()?, &mut bytes)?;
    Ok((version, Fetched { file_name: chart.metadata.file_name(), bytes }))
}

/// Downloads a package, unless another dependency had the same one.
async fn fetch(
    dependency: &Dependency,
    repositories: &mut Repositories,
    addresses: &mut BTreeSet<String>,
) -> Result<Option<Fetched>> {
    let located = locate(dependency, repositories).await?;
    let shown = format!("{} from repo {}", neutralise(&dependency.name), neutralise(&dependency.repository));
    if !addresses.insert(located.url.to_string()) {
        print_text(&format!("Already downloaded {shown}\n"))?;
        return Ok(None);
    }
    print_text(&format!("Downloading {shown}\n"))?;
    let file_name = file_name_of(&located.url)?;
    let bytes = download(repositories.client()?, &located).await?;
    let package = Package::parse(bytes).with_context(|| format!("{} is no package", located.url))?;
    Ok(Some(Fetched { file_name, bytes: package.bytes.to_vec() }))
}

async fn locate(dependency: &Dependency, repositories: &mut Repositories) -> Result<Located> {
    let Dependency { name, version, repository, .. } = dependency;
    let found = repositories.get(repository).await?;
    let is_wanted = |text: &str| match (text.parse::<Version>(), version.parse::<Version>()) {
        (Ok(left), Ok(right)) => left == right,
        _ => text == version,
    };
    let entries = found.index.entries.get(name).into_iter().flatten();
    let entry =
        entries.into_iter().find(|entry| !entry.urls.is_empty() && is_wanted(&entry.metadata.version));
    let entry = entry.with_context(|| format!("chart {name} {version} not found in {repository}"))?;
    resolve(&found.urls, name, entry.urls.first(), &entry.digest)
}

fn place(fetched: &[Fetched], locked: &[Dependency], charts: &Path) -> Result<()> {
    create_folder(charts)?;
    for package in fetched {
        write_whole_file(&charts.join(&package.file_name), |file| file.write_all(&package.bytes))?;
    }
    print_text("Deleting outdated charts\n")?;
    let is_local = |name: &str| {
        locked.iter().any(|dependency| dependency.repository.is_empty() && dependency.name == name)
    };
    for entry in fs::read_dir(charts).with_context(|| format!("cannot read {}", charts.display()))?.flatten()
    {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() || fetched.iter().any(|package| name == *package.file_name) {
            continue;
        }
        match read_place(&path) {
            Ok(chart) if is_local(chart.name()) => {}
            Ok(_) => fs::remove_file(&path).with_context(|| format!("cannot delete {}", path.display()))?,
            Err(error) => warn(&format!("could not verify {} for deletion: {error:#}", path.display())),
        }
    }
    Ok(())
}
