//! Which version of each dependency is taken.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use chandlery_chart::{Constraint, Dependency, IndexFile, Version};

use super::list::{local_folder, read_local};
use super::repositories::Repositories;
use crate::output::print_text;

/// The dependencies with a single version each.
///
/// # Errors
/// A constraint is none, or nothing fits it; the texts are Helm's.
pub(super) async fn resolve(
    declared: &[Dependency],
    folder: &Path,
    repositories: &mut Repositories,
) -> Result<Vec<Dependency>> {
    if declared.iter().any(is_remote) {
        print_text("Getting updates for unmanaged Helm repositories...\n")?;
    }
    let mut locked = Vec::new();
    let mut missing = Vec::new();
    for dependency in declared {
        match pick_version(dependency, folder, repositories).await? {
            Some(version) => locked.push(Dependency {
                name: dependency.name.clone(),
                version,
                repository: dependency.repository.clone(),
                ..Dependency::default()
            }),
            None => missing.push(describe(dependency)),
        }
    }
    if missing.is_empty() {
        return Ok(locked);
    }
    bail!(
        "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or \
         change the version constraint in Chart.yaml",
        missing.len(),
        missing.join(", ")
    )
}

fn is_remote(dependency: &Dependency) -> bool {
    !dependency.repository.is_empty() && !dependency.repository.starts_with("file://")
}

fn describe(dependency: &Dependency) -> String {
    let Dependency { name, repository, version, .. } = dependency;
    format!("{name:?} (repository {repository:?}, version {version:?})")
}

/// The version to take; none if no one fits.
async fn pick_version(
    dependency: &Dependency,
    folder: &Path,
    repositories: &mut Repositories,
) -> Result<Option<String>> {
    let constraint = parse_constraint(dependency)?;
    let address = &dependency.repository;
    if address.is_empty() {
        local_folder(&format!("charts/{}", dependency.name), folder)?;
        return Ok(Some(dependency.version.clone()));
    }
    if address.starts_with("file://") {
        let version = read_local(&local_folder(address, folder)?)?.metadata.version;
        let fits = version.parse().is_ok_and(|version: Version| constraint.matches(&version));
        return Ok(fits.then_some(version));
    }
    let repository = repositories.get(address).await?;
    newest(&repository.index, &dependency.name, &constraint)
        .with_context(|| format!("{} chart not found in repo {address}", dependency.name))
}

/// The newest version of a chart in a range; the index is sorted.
fn newest(index: &IndexFile, name: &str, constraint: &Constraint) -> Option<Option<String>> {
    let entries = index.entries.get(name)?;
    let fits = |version: &str| version.parse().is_ok_and(|version: Version| constraint.matches(&version));
    let found = entries.iter().find(|entry| !entry.urls.is_empty() && fits(&entry.metadata.version));
    Some(found.map(|entry| entry.metadata.version.clone()))
}

/// Reads the versions that a dependency allows.
///
/// # Errors
/// They are none, in Helm's words.
pub(super) fn parse_constraint(dependency: &Dependency) -> Result<Constraint> {
    let Dependency { name, version, .. } = dependency;
    version.parse().map_err(|_| {
        anyhow!(
            "dependency {name:?} has an invalid version/constraint format: improper constraint: {version:?}"
        )
    })
}
