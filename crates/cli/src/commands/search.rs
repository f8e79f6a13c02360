//! `chandlery search`.

use std::collections::BTreeMap;

use anyhow::Result;
use chandlery_api::SearchHit;
use serde::{Deserialize, Serialize};

use crate::client::address::{RepositoryTarget, RepositoryUrls};
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::{OutputArguments, Table, shorten, warn};

/// How many hits the server gives at most.
const MOST_HITS: u32 = 500;

/// How many charts of one repository are asked for at once.
const PAGE: usize = 200;

/// Search the charts that you may read, in all repositories or in one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery search redis\n  chandlery search redis --versions\n  \
                        chandlery search --repo team/charts -o json")]
pub(crate) struct SearchArguments {
    /// Words that name, keywords or description contain; everything without one.
    term: Vec<String>,
    /// Show every version, not only the newest.
    #[arg(short = 'l', long, visible_alias = "list")]
    versions: bool,
    /// Search one repository: WORKSPACE/REPOSITORY or `default`.
    #[arg(long, value_name = "REPOSITORY")]
    repo: Option<String>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    client: ClientArguments,
}

/// One line of the result.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Found {
    repository: String,
    name: String,
    version: String,
    app_version: String,
    description: String,
}

/// A version as the ChartMuseum API lists it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListedVersion {
    name: String,
    version: String,
    app_version: String,
    description: String,
    keywords: Vec<String>,
}

impl SearchArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let found = match &self.repo {
            Some(repository) => self.search_repository(&client, repository).await?,
            None => self.search_everything(&client).await?,
        };
        self.output.print(&found, |found| {
            let mut table = Table::new(["REPOSITORY", "NAME", "VERSION", "APP VERSION", "DESCRIPTION"]);
            for one in found {
                table.row([
                    one.repository.clone(),
                    one.name.clone(),
                    one.version.clone(),
                    one.app_version.clone(),
                    shorten(&one.description, 60),
                ]);
            }
            table
        })
    }

    async fn search_everything(&self, client: &Client) -> Result<Vec<Found>> {
        let mut url = client.api(&["search"])?;
        let words = self.term.join(" ");
        url.query_pairs_mut().append_pair("q", &words).append_pair("limit", &MOST_HITS.to_string());
        let hits: SearchHits = client.get_json(&url).await?;
        let hits = hits.into_items();
        if hits.len() >= MOST_HITS as usize {
            warn(&format!(
                "only the first {MOST_HITS} hits are shown: search for more words, or with --repo"
            ));
        }
        let mut found = Vec::new();
        for hit in hits {
            if !self.versions {
                found.push(Found {
                    repository: hit.repository.to_string(),
                    name: hit.name.to_string(),
                    version: hit.version,
                    app_version: hit.app_version,
                    description: hit.description,
                });
                continue;
            }
            let urls = RepositoryUrls::on_server(client.server()?, Some(&hit.repository));
            let chart = crate::client::address::join_segments(&urls.charts(), &[hit.name.as_str()]);
            let versions: Vec<ListedVersion> = client.get_json(&chart).await?;
            found.extend(versions.into_iter().map(|version| found_in(&hit.repository.to_string(), version)));
        }
        Ok(found)
    }

    async fn search_repository(&self, client: &Client, repository: &str) -> Result<Vec<Found>> {
        let target = RepositoryTarget::parse(repository)?;
        if matches!(target, RepositoryTarget::Remote(_)) {
            return Err(usage(
                "--repo takes a repository of the server; for another one use `helm search repo`",
            ));
        }
        let urls = client.repository(&target)?;
        let mut found = Vec::new();
        let mut offset = 0;
        loop {
            let mut url = urls.charts();
            url.query_pairs_mut()
                .append_pair("offset", &offset.to_string())
                .append_pair("limit", &PAGE.to_string());
            let page: BTreeMap<String, Vec<ListedVersion>> = client.get_json(&url).await?;
            let size = page.len();
            for versions in page.into_values() {
                let matching = versions.first().is_some_and(|newest| matches_words(newest, &self.term));
                let shown = if self.versions { versions.len() } else { 1 };
                if matching {
                    found.extend(
                        versions.into_iter().take(shown).map(|version| found_in(repository, version)),
                    );
                }
            }
            offset += size;
            if size < PAGE {
                return Ok(found);
            }
        }
    }
}

/// The answer of `GET /api/v1/search`: a page, or its items alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum SearchHits {
    Page(chandlery_api::Page<SearchHit>),
    Items(Vec<SearchHit>),
}

impl SearchHits {
    fn into_items(self) -> Vec<SearchHit> {
        match self {
            Self::Page(page) => page.items,
            Self::Items(items) => items,
        }
    }
}

fn found_in(repository: &str, version: ListedVersion) -> Found {
    Found {
        repository: repository.to_owned(),
        name: version.name,
        version: version.version,
        app_version: version.app_version,
        description: version.description,
    }
}

/// Whether every word is in the name, the keywords or the description, whatever its case (the server's rule).
fn matches_words(version: &ListedVersion, words: &[String]) -> bool {
    let haystack =
        format!("{}\n{}\n{}", version.name, version.keywords.join("\n"), version.description).to_lowercase();
    words.iter().flat_map(|word| word.split_whitespace()).all(|word| haystack.contains(&word.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_name_keywords_and_description() {
        let version = ListedVersion {
            name: "redis".to_owned(),
            keywords: vec!["Cache".to_owned()],
            description: "A key-value store".to_owned(),
            ..Default::default()
        };
        for (words, expected) in [
            (&[][..], true),
            (&["RED"], true),
            (&["cache", "store"], true),
            (&["cache store"], true),
            (&["cache", "sql"], false),
        ] {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert_eq!(matches_words(&version, &words), expected, "{words:?}");
        }
    }
}
