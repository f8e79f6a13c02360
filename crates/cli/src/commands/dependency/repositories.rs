//! The repositories that dependencies come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chandlery_chart::{Dependency, IndexFile};
use serde::Deserialize;

use super::list::local_folder;
use crate::client::address::{RepositoryTarget, RepositoryUrls, is_url};
use crate::client::credentials::process_variable;
use crate::client::{Client, ClientArguments};
use crate::output::{neutralise, print_text};
use crate::remote_index::fetch_index;

/// The indexes of repositories, each fetched once.
pub(super) struct Repositories {
    arguments: ClientArguments,
    client: Option<Client>,
    indexes: BTreeMap<String, Repository>,
}

/// A repository and what is in it.
pub(super) struct Repository {
    pub(super) urls: RepositoryUrls,
    pub(super) index: IndexFile,
}

/// Helm's list of repositories, as far as it is needed.
#[derive(Default, Deserialize)]
struct KnownRepositories {
    #[serde(default)]
    repositories: Vec<KnownRepository>,
}

#[derive(Deserialize)]
struct KnownRepository {
    name: String,
    url: String,
}

impl Repositories {
    pub(super) fn new(arguments: &ClientArguments) -> Self {
        Self { arguments: arguments.clone(), client: None, indexes: BTreeMap::new() }
    }

    /// Replaces `@NAME` and `alias:NAME` by the addresses that Helm's repositories.yaml has, and checks that every
    /// address can be used.
    ///
    /// # Errors
    /// An alias nobody knows, a path to nothing, an address of another kind.
    pub(super) fn resolve_names(&self, dependencies: &mut [Dependency], folder: &Path) -> Result<()> {
        let mut missing = Vec::new();
        for dependency in dependencies {
            let address = &dependency.repository;
            let alias = address.strip_prefix('@').or_else(|| address.strip_prefix("alias:"));
            if let Some(alias) = alias {
                match known_repositories()?.into_iter().find(|known| known.name == alias) {
                    Some(known) => dependency.repository = known.url,
                    None => missing.push(address.clone()),
                }
            } else if address.starts_with("file://") {
                local_folder(address, folder)?;
            } else if address.starts_with("oci://") {
                bail!(
                    "{}: {address} is in a registry, which cannot be used for dependencies yet; put its package into \
                     charts/ and leave its repository empty",
                    dependency.name
                );
            } else if !address.is_empty() && !is_url(address) {
                missing.push(address.clone());
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "no repository definition for {}. Repositories must be URLs, or `@NAME` of one in Helm's repositories.yaml",
            missing.join(", ")
        )
    }

    pub(super) fn client(&mut self) -> Result<&Client> {
        if self.client.is_none() {
            self.client = Some(Client::new(&self.arguments)?);
        }
        Ok(self.client.as_ref().expect("it was just made"))
    }

    /// The index of a repository.
    ///
    /// # Errors
    /// It cannot be fetched or read.
    pub(super) async fn get(&mut self, address: &str) -> Result<&Repository> {
        let key = address.trim_end_matches('/').to_owned();
        if !self.indexes.contains_key(&key) {
            let client = self.client()?;
            let urls = client.repository(&RepositoryTarget::parse(address)?)?;
            let index = fetch_index(client, &urls).await?;
            let shown = neutralise(address);
            print_text(&format!("...Successfully got an update from the {shown:?} chart repository\n"))?;
            self.indexes.insert(key.clone(), Repository { urls, index });
        }
        Ok(&self.indexes[&key])
    }
}

fn known_repositories() -> Result<Vec<KnownRepository>> {
    let Some(path) = repositories_file().filter(|path| path.is_file()) else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let known: KnownRepositories = chandlery_yaml::from_str_as(&text, &chandlery_yaml::Options::default())
        .with_context(|| format!("{} is no list of repositories", path.display()))?;
    Ok(known.repositories)
}

/// Where Helm keeps its list.
fn repositories_file() -> Option<PathBuf> {
    if let Some(path) = process_variable("HELM_REPOSITORY_CONFIG") {
        return Some(path.into());
    }
    let folder = process_variable("HELM_CONFIG_HOME").map(PathBuf::from).or_else(|| {
        let config = process_variable("XDG_CONFIG_HOME").map(PathBuf::from);
        let config = config.or_else(|| process_variable("HOME").map(|home| Path::new(&home).join(".config")));
        config.map(|config| config.join("helm"))
    });
    folder.map(|folder| folder.join("repositories.yaml"))
}
