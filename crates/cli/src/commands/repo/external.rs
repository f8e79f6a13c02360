//! Commands on external repositories.

use std::time::Duration;

use anyhow::{Result, bail};
use chandlery_api::{
    AcceptDigest, CreateRepository, RepositoryView, SourceRunView, SourceSettings, SourceView,
    ValidateSource, ValidationView,
};
use chandlery_core::{Digest, RepositoryPath, Visibility};
use reqwest::Method;

use super::super::resource::ResourceArguments;
use super::source::{SourceArguments, told_rule};
use super::virtual_members::MergeArguments;
use super::{SettingArguments, details, segments};
use crate::client::Client;
use crate::error::usage;
use crate::output::{Table, human_size, print_text, say, warn};

/// Add a repository of what others have: an external one of what its source has, or a virtual one of its members.
///
/// What an external repository shows is served from here, under the permissions of here. A virtual repository shows its
/// members as one; of each version the first member's counts, and a chart that a hosted member has comes from hosted
/// members only.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery repo add mirrors/bitnami https://charts.bitnami.com/bitnami --visibility public --wait\n  \
                  chandlery repo add team/private https://charts.example.org --source-username ci --source-password-file pw.txt\n  \
                  chandlery repo add acme/all --member acme/own --member mirrors/bitnami --reserve 'acme-*'\n  \
                  chandlery repo add team/bucket s3://s3.eu-west-1.amazonaws.com/charts/stable --access-key-id ID --secret-key-file key.txt\n  \
                  chandlery repo add team/vendor https://charts.example.org --import draft --import-newest 3\n  \
                  chandlery repo add mirrors/vendor https://charts.example.org --import active --import-exclude 'test-*' \\\n      \
                  --category other --map-category '*sql*=database'"
)]
pub(crate) struct AddArguments {
    /// The repository to make.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    /// Where it is: https://HOST/PATH, s3://HOST/BUCKET/PREFIX, a git URL, or oci://REGISTRY/NAMESPACE; other buckets by
    /// gs://, azblob://, oss://, cos://, obs:// or swift://.
    #[arg(required_unless_present = "members", conflicts_with_all = ["members", "reserved"])]
    url: Option<String>,
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    merge: MergeArguments,
    /// Who may read it: public, internal or private.
    #[arg(long)]
    visibility: Option<Visibility>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Wait for the first look at the source, and fail if that fails.
    #[arg(long, requires = "url")]
    wait: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Replace the source of an external repository with all its settings; without --import no apps are made of it any more.
/// Credentials stay as long as scheme, host and port do.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery repo set-source mirrors/bitnami https://charts.bitnami.com/bitnami --exclude 'old-*'\n  \
                  chandlery repo set-source mirrors/bitnami https://charts.bitnami.com/bitnami --import draft --map-category '*sql*=database'"
)]
pub(crate) struct SetSourceArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    /// Where it is: https://HOST/PATH, s3://HOST/BUCKET/PREFIX, a git URL, or oci://REGISTRY/NAMESPACE; other buckets by
    /// gs://, azblob://, oss://, cos://, obs:// or swift://.
    url: String,
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Print where an external repository comes from, and how the last looks there went.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery repo source mirrors/bitnami -o json")]
pub(crate) struct SourceOfArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Have the source of an external repository looked at now.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery repo sync mirrors/bitnami --wait")]
pub(crate) struct SyncArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    /// Wait until it has been looked at, and fail if that fails.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List the last looks at the source of an external repository, newest first.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery repo events mirrors/bitnami\n  chandlery repo events mirrors/bitnami -o json"
)]
pub(crate) struct EventsArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Try the source of an external repository stage by stage; nothing is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery repo check mirrors/bitnami")]
pub(crate) struct CheckArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Take over the digest that a source names now for a version, after you looked at what changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery repo source mirrors/bitnami   # lists changed digests\n  \
                  chandlery repo accept mirrors/bitnami redis 1.0.0 4f53cda1…")]
pub(crate) struct AcceptArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    /// The chart.
    chart: String,
    /// The version.
    version: String,
    /// The digest that you looked at.
    digest: Digest,
    #[command(flatten)]
    resource: ResourceArguments,
}

fn below<'a>(path: &'a RepositoryPath, rest: &[&'a str]) -> Vec<&'a str> {
    segments(path).into_iter().chain(["source"]).chain(rest.iter().copied()).collect()
}

impl AddArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let settings = SettingArguments {
            visibility: self.visibility,
            description: self.description,
            ..SettingArguments::default()
        };
        let (source, merge) = match self.url {
            Some(url) => (Some(self.source.into_request(url)?), None),
            None => {
                let unused = self.source.into_request(String::new())?;
                if unused.settings != SourceSettings::default() || unused.credentials.is_some() {
                    return Err(usage("flags that describe a source need its URL, and --member has none"));
                }
                (None, Some(self.merge.into_request()))
            }
        };
        let request = CreateRepository {
            path: self.path.clone(),
            settings: settings.into_update(),
            source,
            r#virtual: merge,
        };
        let client = self.resource.client()?;
        let made: RepositoryView =
            client.send_json(Method::POST, &client.api(&["repositories"])?, &request).await?;
        if self.wait {
            wait(&client, &self.path, 0).await?;
        }
        let view = match self.wait {
            true => client.get_json(&client.api(&segments(&self.path))?).await?,
            false => made,
        };
        self.resource.output.print(&view, details)
    }
}

impl SetSourceArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let request = self.source.into_request(self.url)?;
        self.resource.send(Method::PUT, &below(&self.path, &[]), &request, source_details).await
    }
}

impl SourceOfArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let view: SourceView = client.get_json(&client.api(&below(&self.path, &[]))?).await?;
        view.warnings.iter().for_each(|warning| warn(warning));
        self.resource.output.print(&view, source_details)
    }
}

/// The number of the last look.
async fn last_look(client: &Client, path: &RepositoryPath) -> Result<Option<SourceRunView>> {
    let runs: Vec<SourceRunView> = client.list(&below(path, &["runs"])).await?;
    Ok(runs.into_iter().next())
}

/// Waits for the end of the first look after the run `last`.
async fn wait(client: &Client, path: &RepositoryPath, last: i64) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(500);
    loop {
        if let Some(run) = last_look(client, path).await?.filter(|run| run.id > last) {
            return match run.message {
                Some(message) => bail!("the source of {path} could not be read: {message}"),
                None => {
                    say(&told(&run));
                    Ok(())
                }
            };
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn told(run: &SourceRunView) -> String {
    let SourceRunView { outcome, charts, versions, added, changed, vanished, skipped, imported, .. } = run;
    let imported = match imported {
        0 => String::new(),
        imported => format!(", {imported} imported"),
    };
    format!(
        "{outcome}: {charts} charts, {versions} versions; {added} added, {changed} changed, {vanished} vanished, \
         {skipped} skipped{imported}"
    )
}

impl SyncArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let last = last_look(&client, &self.path).await?.map_or(0, |run| run.id);
        let url = client.api(&below(&self.path, &["sync"]))?;
        let view: SourceView = client.send_json(Method::POST, &url, &serde_json::json!({})).await?;
        if !self.wait {
            return self.resource.output.print(&view, source_details);
        }
        wait(&client, &self.path, last).await?;
        let view: SourceView = client.get_json(&client.api(&below(&self.path, &[]))?).await?;
        self.resource.output.print(&view, source_details)
    }
}

impl EventsArguments {
    pub(crate) async fn run(self) -> Result<()> {
        const HEAD: [&str; 8] =
            ["ENDED", "CAUSE", "OUTCOME", "VERSIONS", "CHANGES", "SKIPPED", "IMPORTED", "MESSAGE"];
        let cells = |run: &SourceRunView| {
            [
                run.ended_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                run.cause.clone(),
                run.outcome.clone(),
                run.versions.to_string(),
                format!("+{} ~{} -{}", run.added, run.changed, run.vanished),
                run.skipped.to_string(),
                run.imported.to_string(),
                run.message.clone().or_else(|| run.problems.first().cloned()).unwrap_or_default(),
            ]
        };
        self.resource.list(&below(&self.path, &["runs"]), HEAD, cells).await
    }
}

impl CheckArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let url = client.api(&below(&self.path, &["validate"]))?;
        let view: ValidationView = client.send_json(Method::POST, &url, &ValidateSource::default()).await?;
        view.warnings.iter().for_each(|warning| warn(warning));
        self.resource.output.print(&view, stages)?;
        match view.valid {
            true => Ok(()),
            false => bail!("the source of {} cannot be used", self.path),
        }
    }
}

fn stages(view: &ValidationView) -> Table {
    Table::of(["STAGE", "OUTCOME", "CODE", "DETAILS"], &view.stages, |stage| {
        let details = stage.details.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let causes = [stage.cause.clone(), stage.advice.clone()];
        let told: Vec<String> = causes.into_iter().flatten().chain(details).collect();
        let code = stage.code.map(|code| code.to_string()).unwrap_or_default();
        [stage.stage.clone(), stage.outcome.clone(), code, told.join(" ")]
    })
}

impl AcceptArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let url = client.api(&below(&self.path, &["digests"]))?;
        let Self { chart, version, digest, .. } = self;
        let request = AcceptDigest { chart, version, digest };
        client.send(client.request(Method::POST, &url).json(&request)).await?;
        say(&format!("{} {} has the digest {} from now on", request.chart, request.version, request.digest));
        print_text("")
    }
}

fn source_details(view: &SourceView) -> Table {
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    let settings = &view.settings;
    let changed = view.changed_digests.iter().map(|changed| {
        ("changed digest", format!("{} {}: {} is claimed", changed.chart, changed.version, changed.claimed))
    });
    let problems = view.import_problems.iter().map(|problem| ("not imported", problem.clone()));
    let rule = settings
        .import
        .iter()
        .flat_map(|rule| [("import", told_rule(rule)), ("imported apps", view.imported_apps.to_string())]);
    let rows: Vec<(&str, String)> = [
        ("kind", view.kind.clone()),
        ("url", settings.url.clone()),
        ("credentials", view.has_credentials.to_string()),
        ("period", format!("{} s", settings.period)),
        ("state", view.state.clone()),
        ("message", view.message.clone().unwrap_or_default()),
        ("checked", time(view.checked_at)),
        ("synced", time(view.synced_at)),
        ("next", time(view.next_at)),
        ("cached", format!("{} packages, {}", view.cached_packages, human_size(view.cached_bytes))),
        ("vanished versions", view.vanished_versions.to_string()),
    ]
    .into_iter()
    .chain(rule)
    .chain(problems)
    .chain(changed)
    .collect();
    Table::of(["SOURCE", "VALUE"], &rows, |(name, value)| [(*name).to_owned(), value.clone()])
}
