//! `chandlery repo`: repositories that are pushed to, those that come from elsewhere, and those that merge others.

mod external;
mod source;
mod validate;
mod virtual_members;

use anyhow::Result;
use chandlery_api::{CreateRepository, RemovalImpact, RepositoryView, UpdateRepository};
use chandlery_core::{AppName, RepositoryPath, Visibility};
use clap::Subcommand;
use reqwest::Method;

use super::resource::{ResourceArguments, delete};
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::{Table, human_size, shorten};

/// Create, list, change and delete repositories; add external ones and follow their sources; merge several into one.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery repo create team/charts --visibility public\n  chandlery repo list"
)]
pub(crate) enum RepoCommand {
    /// Create a repository; its workspace is created with its first repository.
    #[command(after_help = "Examples:\n  chandlery repo create team/charts\n  \
                            chandlery repo create team/nightly --visibility public --allow-overwrite --keep-versions 30")]
    Create(ChangeArguments),
    /// List the repositories that you may read.
    #[command(
        visible_alias = "ls",
        after_help = "Examples:\n  chandlery repo list\n  chandlery repo list -o json"
    )]
    List(ResourceArguments),
    Get(GetArguments),
    /// Change settings of a repository; what is not given stays.
    #[command(after_help = "Examples:\n  chandlery repo update team/charts --visibility internal\n  \
                            chandlery repo update team/charts --keep-versions none")]
    Update(ChangeArguments),
    Add(Box<external::AddArguments>),
    Source(external::SourceOfArguments),
    SetSource(Box<external::SetSourceArguments>),
    Sync(external::SyncArguments),
    Events(external::EventsArguments),
    Check(external::CheckArguments),
    Accept(external::AcceptArguments),
    #[command(visible_aliases = ["rm", "remove"])]
    Delete(DeleteArguments),
    Validate(validate::ValidateArguments),
    Members(virtual_members::MembersArguments),
    SetMembers(virtual_members::SetMembersArguments),
    Resolve(virtual_members::ResolveArguments),
}

/// Settings of a repository. Limits take a number or `none`.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
struct SettingArguments {
    /// Who may read it: public, internal or private.
    #[arg(long)]
    visibility: Option<Visibility>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Whether a version that exists may be uploaded again.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    allow_overwrite: Option<bool>,
    /// The largest package in bytes.
    #[arg(long, value_name = "BYTES", value_parser = read_limit::<u64>)]
    max_package_size: Option<Limit<u64>>,
    /// How many versions one chart may have; one more is refused.
    #[arg(long, value_name = "N", value_parser = read_limit::<u64>)]
    max_versions_per_chart: Option<Limit<u64>>,
    /// How many packages and provenance files there may be; one more is refused.
    #[arg(long, value_name = "N", value_parser = read_limit::<u64>)]
    max_storage_objects: Option<Limit<u64>>,
    /// Keep the last N uploads of each chart; an upload removes older ones.
    #[arg(long, value_name = "N", value_parser = read_limit::<u64>)]
    keep_versions: Option<Limit<u64>>,
    /// The id that Artifact Hub asks for in artifacthub-repo.yml.
    #[arg(long, value_name = "ID")]
    artifacthub_repository_id: Option<String>,
}

/// A number, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit<T>(Option<T>);

fn read_limit<T: std::str::FromStr>(text: &str) -> Result<Limit<T>, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    text.parse().map(|number| Limit(Some(number))).map_err(|_| "write a number or none".to_owned())
}

impl SettingArguments {
    fn into_update(self) -> UpdateRepository {
        UpdateRepository {
            visibility: self.visibility,
            description: self.description,
            allow_overwrite: self.allow_overwrite,
            max_package_size: self.max_package_size.map(|limit| limit.0),
            max_versions_per_chart: self.max_versions_per_chart.map(|limit| limit.0),
            max_storage_objects: self.max_storage_objects.map(|limit| limit.0),
            keep_versions: self.keep_versions.map(|limit| limit.0),
            artifacthub_repository_id: self
                .artifacthub_repository_id
                .map(|id| (id != "none" && !id.is_empty()).then_some(id)),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ChangeArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    #[command(flatten)]
    settings: SettingArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Print one repository with all its settings.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery repo get team/charts\n  chandlery repo get team/charts -o yaml"
)]
pub(crate) struct GetArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete a repository and everything in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery repo delete team/old --yes")]
pub(crate) struct DeleteArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    /// Do it: all its packages become unreachable.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    client: ClientArguments,
}

impl RepoCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(arguments) => arguments.create().await,
            Self::List(arguments) => arguments.list(&["repositories"], COLUMNS, cells).await,
            Self::Get(arguments) => arguments.run().await,
            Self::Update(arguments) => arguments.update().await,
            Self::Add(arguments) => arguments.run().await,
            Self::Source(arguments) => arguments.run().await,
            Self::SetSource(arguments) => arguments.run().await,
            Self::Sync(arguments) => arguments.run().await,
            Self::Events(arguments) => arguments.run().await,
            Self::Check(arguments) => arguments.run().await,
            Self::Accept(arguments) => arguments.run().await,
            Self::Delete(arguments) => arguments.run().await,
            Self::Validate(arguments) => arguments.run().await,
            Self::Members(arguments) => arguments.run().await,
            Self::SetMembers(arguments) => arguments.run().await,
            Self::Resolve(arguments) => arguments.run().await,
        }
    }
}

fn segments(path: &RepositoryPath) -> [&str; 3] {
    ["repositories", path.workspace.as_str(), path.repository.as_str()]
}

impl ChangeArguments {
    async fn create(self) -> Result<()> {
        let request = CreateRepository {
            path: self.path,
            settings: self.settings.into_update(),
            source: None,
            r#virtual: None,
        };
        self.resource.send(Method::POST, &["repositories"], &request, details).await
    }

    async fn update(self) -> Result<()> {
        let update = self.settings.into_update();
        if serde_json::to_value(&update)?.as_object().is_none_or(serde_json::Map::is_empty) {
            return Err(usage("nothing to change: give at least one setting, see --help"));
        }
        self.resource.send(Method::PATCH, &segments(&self.path), &update, details).await
    }
}

const COLUMNS: [&str; 5] = ["REPOSITORY", "VISIBILITY", "CHARTS", "VERSIONS", "DESCRIPTION"];

fn cells(view: &RepositoryView) -> [String; 5] {
    [
        view.path.to_string(),
        view.settings.visibility.as_str().to_owned(),
        view.charts.to_string(),
        view.versions.to_string(),
        shorten(&view.settings.description, 60),
    ]
}

impl GetArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let view: RepositoryView = client.get_json(&client.api(&segments(&self.path))?).await?;
        self.resource.output.print(&view, details)
    }
}

impl DeleteArguments {
    async fn run(self) -> Result<()> {
        if !self.yes {
            return Err(usage(self.impact().await));
        }
        delete(&self.client, &segments(&self.path), &format!("repository {}", self.path)).await
    }
}

impl DeleteArguments {
    /// What would happen, as far as a server tells.
    async fn impact(&self) -> String {
        let all = match self.ask().await {
            Ok(impact) => format!(
                "{} versions of {} charts ({} apps have one of them and keep it{}){}",
                impact.versions,
                impact.charts,
                impact.apps,
                imported(&impact.imported_apps),
                merged_in(&impact)
            ),
            Err(_) => "all its packages".to_owned(),
        };
        format!("{} would be deleted with {all}: add --yes", self.path)
    }

    async fn ask(&self) -> Result<RemovalImpact> {
        let client = Client::new(&self.client)?;
        let segments: Vec<&str> = segments(&self.path).into_iter().chain(["removal"]).collect();
        client.get_json(&client.api(&segments)?).await
    }
}

/// Apps that would get nothing new any more, in a few words.
fn imported(apps: &[AppName]) -> String {
    const SHOWN: usize = 10;
    let names: Vec<&str> = apps.iter().take(SHOWN).map(AppName::as_str).collect();
    match apps.len() {
        0 => String::new(),
        count if count > SHOWN => {
            format!("; imported by rule: {} and {} more", names.join(", "), count - SHOWN)
        }
        _ => format!("; imported by rule: {}", names.join(", ")),
    }
}

/// The virtual repositories that would lose a member.
fn merged_in(impact: &RemovalImpact) -> String {
    let mut names: Vec<String> = impact.virtual_repositories.iter().map(ToString::to_string).collect();
    match impact.hidden_virtual_repositories {
        0 => {}
        hidden => names.push(format!("{hidden} that you may not read")),
    }
    match names.is_empty() {
        true => String::new(),
        false => format!(", and taken out of the virtual repositories {}", names.join(", ")),
    }
}

fn details(view: &RepositoryView) -> Table {
    let settings = &view.settings;
    let limit = |limit: Option<u64>| limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
    let rows = [
        ("repository", view.path.to_string()),
        ("kind", view.kind.as_str().to_owned()),
        ("url", view.url.clone()),
        ("visibility", settings.visibility.as_str().to_owned()),
        ("description", settings.description.clone()),
        ("allow-overwrite", settings.allow_overwrite.to_string()),
        ("max-package-size", settings.max_package_size.map_or_else(|| "none".to_owned(), human_size)),
        ("max-versions-per-chart", limit(settings.max_versions_per_chart)),
        ("max-storage-objects", limit(settings.max_storage_objects)),
        ("keep-versions", limit(settings.keep_versions)),
        ("artifacthub-repository-id", settings.artifacthub_repository_id.clone().unwrap_or_default()),
        ("charts", view.charts.to_string()),
        ("versions", view.versions.to_string()),
        ("created", view.created_at.to_string()),
        ("updated", view.updated_at.to_string()),
    ];
    let source = view.source.iter().flat_map(|source| {
        let synced = source.synced_at.map(|time| time.to_string()).unwrap_or_default();
        [("source", format!("{}, {}", source.kind, source.state)), ("synced", synced)]
    });
    let members = view.r#virtual.iter().flat_map(|merge| &merge.members);
    let members = members.map(|member| ("member", member.to_string()));
    let rows: Vec<_> = rows.into_iter().chain(source).chain(members).collect();
    Table::of(["SETTING", "VALUE"], &rows, |(name, value)| [(*name).to_owned(), value.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_can_be_set_and_removed() {
        assert_eq!(read_limit::<u32>("none"), Ok(Limit(None)));
        assert_eq!(read_limit::<u32>("5"), Ok(Limit(Some(5))));
        for bad in ["", "-1", "5000000000", "all"] {
            assert!(read_limit::<u32>(bad).is_err(), "{bad:?}");
        }
        let settings = SettingArguments { keep_versions: Some(Limit(None)), ..Default::default() };
        let text = serde_json::to_string(&settings.into_update()).unwrap();
        assert_eq!(text, r#"{"keep_versions":null}"#);
    }
}
