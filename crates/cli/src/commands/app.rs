//! `chandlery app`: what workspaces publish, from upload to release.

mod screenshots;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chandlery_api::{ActOnVersion, AppVersionView, AppView, ReviewView, UpdateApp};
use chandlery_core::{Action, AppName, PhaseName, VersionState, WorkspaceName};
use clap::Subcommand;
use reqwest::{Method, Url};

use super::audit;
use super::category::read_app;
use super::resource::{ResourceArguments, delete};
use crate::client::upload::{Content, Form, send_file};
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::{Table, byte_progress, print_text, shorten};

/// Publish apps: upload, submit, review, release, take down and put back.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery app upload demo emqx-1.0.0.tgz\n  chandlery app submit demo/emqx 1.0.0 --update-log 'First release'\n  \
                  chandlery app queue\n  chandlery app pass demo/emqx 1.0.0\n  chandlery app release demo/emqx 1.0.0"
)]
pub(crate) enum AppCommand {
    Upload(UploadArguments),
    List(ListArguments),
    Info(InfoArguments),
    Edit(EditArguments),
    #[command(subcommand)]
    Screenshots(screenshots::ScreenshotsCommand),
    #[command(visible_alias = "rm")]
    Delete(DeleteArguments),
    Versions(VersionsArguments),
    /// Submit a version for review.
    #[command(after_help = "Examples:\n  chandlery app submit demo/emqx 1.0.0 --update-log 'First release'")]
    Submit(SubmitArguments),
    /// Take a submission back: the version is a draft again.
    #[command(after_help = "Examples:\n  chandlery app cancel demo/emqx 1.0.0")]
    Cancel(ActArguments),
    Queue(QueueArguments),
    Report(ReportArguments),
    /// Begin to review a version.
    #[command(after_help = "Examples:\n  chandlery app review demo/emqx 1.0.0")]
    Review(ActArguments),
    /// Pass a version, or the phase of its review that is under way.
    #[command(
        after_help = "Examples:\n  chandlery app pass demo/emqx 1.0.0\n  chandlery app pass demo/emqx 1.0.0 --phase technical"
    )]
    Pass(PassArguments),
    /// Reject a version; --message says why.
    #[command(
        after_help = "Examples:\n  chandlery app reject demo/emqx 1.0.0 --message 'the icon is missing'"
    )]
    Reject(ReasonArguments),
    /// Put a version that passed into the store.
    #[command(after_help = "Examples:\n  chandlery app release demo/emqx 1.0.0")]
    Release(ActArguments),
    /// Take a version down from the store, or the whole app without a version; what is installed keeps running.
    #[command(
        after_help = "Examples:\n  chandlery app suspend demo/emqx 1.0.0 --message 'a flaw'\n  chandlery app suspend demo/emqx"
    )]
    Suspend(AppOrVersionArguments),
    /// Put back into the store what was taken down.
    #[command(after_help = "Examples:\n  chandlery app recover demo/emqx 1.0.0")]
    Recover(AppOrVersionArguments),
    Audit(AuditArguments),
    Diff(DiffArguments),
}

type AppPath = (WorkspaceName, AppName);

#[derive(Debug, clap::Args)]
struct AppArgument {
    /// The app.
    #[arg(value_name = "WORKSPACE/APP", value_parser = read_app)]
    app: AppPath,
}

#[derive(Debug, clap::Args)]
struct VersionArgument {
    #[command(flatten)]
    of: AppArgument,
    /// The version.
    version: String,
}

/// Upload a package: a new app, or another version of one.
///
/// FILE.prov beside the package is sent along if it is there.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery app upload demo emqx-1.0.0.tgz --name emqx\n  chandlery app upload demo/emqx emqx-1.1.0.tgz --update-log 'Faster'\n  \
                  chandlery app upload demo/emqx emqx-1.1.0.tgz --replace 1.1.0"
)]
pub(crate) struct UploadArguments {
    /// The workspace for a new app, or an app for another version.
    #[arg(value_name = "WORKSPACE[/APP]")]
    place: String,
    /// The package.
    file: PathBuf,
    /// The new app's name; the chart's unless given.
    #[arg(long)]
    name: Option<AppName>,
    /// What has changed.
    #[arg(long, value_name = "TEXT")]
    update_log: Option<String>,
    /// Replace the package of this draft instead of making a version.
    #[arg(long, value_name = "VERSION")]
    replace: Option<String>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List the apps of a workspace.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  chandlery app list demo\n  chandlery app list demo -o json"
)]
pub(crate) struct ListArguments {
    /// The workspace.
    workspace: WorkspaceName,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Show an app, or one version of it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery app info demo/emqx\n  chandlery app info demo/emqx 1.0.0 -o yaml"
)]
pub(crate) struct InfoArguments {
    #[command(flatten)]
    of: AppArgument,
    /// The version.
    version: Option<String>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Change what people read of an app; the store shows it from the next release on.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery app edit demo/emqx --display-name 'EMQ X' --summary 'A broker' --keyword iot --keyword mqtt\n  \
                  chandlery app edit demo/emqx --icon emqx.svg"
)]
pub(crate) struct EditArguments {
    #[command(flatten)]
    of: AppArgument,
    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// One or two sentences: what lists show.
    #[arg(long, value_name = "TEXT")]
    summary: Option<String>,
    /// A file with the whole introduction, in Markdown.
    #[arg(long, value_name = "FILE")]
    description_file: Option<PathBuf>,
    /// The address of the app's own site.
    #[arg(long, value_name = "URL")]
    home: Option<String>,
    /// A word to find it by; may be repeated, and replaces all there are.
    #[arg(long = "keyword", value_name = "WORD")]
    keywords: Vec<String>,
    /// Who provides the service.
    #[arg(long, value_name = "TEXT")]
    provider: Option<String>,
    /// Its icon: a PNG, JPEG, WebP, GIF or SVG of at most 1 MiB.
    #[arg(long, value_name = "FILE", conflicts_with = "no_icon")]
    icon: Option<PathBuf>,
    /// Remove the icon.
    #[arg(long)]
    no_icon: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Delete a version that is not in the store, or an app without versions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery app delete demo/emqx 1.0.0\n  chandlery app delete demo/emqx")]
pub(crate) struct DeleteArguments {
    #[command(flatten)]
    of: AppArgument,
    /// The version.
    version: Option<String>,
    #[command(flatten)]
    client: ClientArguments,
}

/// List the versions of an app, newest first, each with what you may do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery app versions demo/emqx")]
pub(crate) struct VersionsArguments {
    #[command(flatten)]
    of: AppArgument,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SubmitArguments {
    #[command(flatten)]
    of: VersionArgument,
    /// What has changed since the version before.
    #[arg(long, value_name = "TEXT")]
    update_log: Option<String>,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ActArguments {
    #[command(flatten)]
    of: VersionArgument,
    /// A remark for the audit log.
    #[arg(long, short, default_value = "", hide_default_value = true, value_name = "TEXT")]
    message: String,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PassArguments {
    #[command(flatten)]
    act: ActArguments,
    /// The phase that is meant, if there are several.
    #[arg(long)]
    phase: Option<PhaseName>,
    /// Pass all phases against the usual way, as an administrator; --message says why.
    #[arg(long = "override", conflicts_with = "phase")]
    overrides: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReasonArguments {
    #[command(flatten)]
    of: VersionArgument,
    /// Why.
    #[arg(long, short, value_name = "TEXT")]
    message: String,
    /// Reject against the usual way, as an administrator.
    #[arg(long = "override")]
    overrides: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AppOrVersionArguments {
    #[command(flatten)]
    of: AppArgument,
    /// The version; all of the app's without.
    version: Option<String>,
    /// Why.
    #[arg(long, short, default_value = "", hide_default_value = true, value_name = "TEXT")]
    message: String,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List the submissions that wait for a reviewer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery app queue\n  chandlery app queue --all -o json")]
pub(crate) struct QueueArguments {
    /// Those that were decided as well.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Show what was found out about a version when it was submitted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery app report demo/emqx 1.0.0\n  chandlery app report demo/emqx 1.0.0 -o json"
)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    of: VersionArgument,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// List what was done to an app, or to one version of it, the last first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery app audit demo/emqx\n  chandlery app audit demo/emqx 1.0.0")]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    of: AppArgument,
    /// The version.
    version: Option<String>,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Compare two versions of an app: Chart.yaml, values, manifests, images and rights.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery app diff demo/emqx 1.0.0 1.1.0")]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    of: AppArgument,
    /// The older version.
    from: String,
    /// The newer version.
    to: String,
    #[command(flatten)]
    client: ClientArguments,
}

impl AppCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Upload(arguments) => arguments.run().await,
            Self::List(ListArguments { workspace, resource }) => {
                resource.list(&["workspaces", workspace.as_str(), "apps"], APP_COLUMNS, app_cells).await
            }
            Self::Info(arguments) => arguments.run().await,
            Self::Edit(arguments) => arguments.run().await,
            Self::Screenshots(command) => command.run().await,
            Self::Delete(DeleteArguments { of, version, client }) => {
                let (workspace, app) = &of.app;
                let what = version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
                delete(
                    &client,
                    &segments(&of.app, version.as_deref(), &[]),
                    &format!("{workspace}/{app}{what}"),
                )
                .await
            }
            Self::Versions(VersionsArguments { of, resource }) => {
                resource.list(&segments(&of.app, None, &["versions"]), VERSION_COLUMNS, version_cells).await
            }
            Self::Submit(SubmitArguments { of, update_log, resource }) => {
                act(&resource, &of, Action::Submit, ActOnVersion { update_log, ..ActOnVersion::default() })
                    .await
            }
            Self::Cancel(arguments) => arguments.run(Action::Cancel).await,
            Self::Queue(arguments) => arguments.run().await,
            Self::Report(arguments) => arguments.run().await,
            Self::Review(arguments) => arguments.run(Action::StartReview).await,
            Self::Pass(PassArguments { act: ActArguments { of, message, resource }, phase, overrides }) => {
                let action = if overrides { Action::OverridePass } else { Action::Pass };
                act(&resource, &of, action, ActOnVersion { message, phase, ..ActOnVersion::default() }).await
            }
            Self::Reject(ReasonArguments { of, message, overrides, resource }) => {
                let action = if overrides { Action::OverrideReject } else { Action::Reject };
                act(&resource, &of, action, ActOnVersion { message, ..ActOnVersion::default() }).await
            }
            Self::Release(arguments) => arguments.run(Action::Release).await,
            Self::Suspend(arguments) => arguments.run(Action::Suspend).await,
            Self::Recover(arguments) => arguments.run(Action::Recover).await,
            Self::Audit(AuditArguments { of, version, resource }) => {
                let path = segments(&of.app, version.as_deref(), &["audit"]);
                resource.list(&path, audit::COLUMNS, audit::cells).await
            }
            Self::Diff(arguments) => arguments.run().await,
        }
    }
}

/// The path of an app, of one of its versions, or of something of either.
fn segments<'a>((workspace, app): &'a AppPath, version: Option<&'a str>, rest: &[&'a str]) -> Vec<&'a str> {
    let mut path = vec!["workspaces", workspace.as_str(), "apps", app.as_str()];
    path.extend(version.map(|version| ["versions", version]).into_iter().flatten());
    path.extend(rest);
    path
}

async fn act(
    resource: &ResourceArguments,
    of: &VersionArgument,
    action: Action,
    request: ActOnVersion,
) -> Result<()> {
    let path = segments(&of.of.app, Some(&of.version), &[action.as_str()]);
    resource.send(Method::POST, &path, &request, one_version).await
}

impl ActArguments {
    async fn run(self, action: Action) -> Result<()> {
        let request = ActOnVersion { message: self.message, ..ActOnVersion::default() };
        act(&self.resource, &self.of, action, request).await
    }
}

impl AppOrVersionArguments {
    async fn run(self, action: Action) -> Result<()> {
        let request = ActOnVersion { message: self.message, ..ActOnVersion::default() };
        let path = segments(&self.of.app, self.version.as_deref(), &[action.as_str()]);
        match self.version {
            Some(_) => self.resource.send(Method::POST, &path, &request, one_version).await,
            None => self.resource.send(Method::POST, &path, &request, one_app).await,
        }
    }
}

impl UploadArguments {
    async fn run(self) -> Result<()> {
        let mut form = Form::default();
        form.file("package", "package.tgz", Content::File(self.file.clone()));
        let provenance = crate::client::upload::provenance_of(&self.file);
        if provenance.exists() {
            form.file("provenance", "package.tgz.prov", Content::File(provenance));
        }
        if let Some(text) = &self.update_log {
            form.text("update_log", text);
        }
        let client = self.resource.client()?;
        let progress = byte_progress("uploading");
        let Ok(app) = read_app(&self.place) else {
            let workspace: WorkspaceName = self.place.parse()?;
            if self.replace.is_some() {
                return Err(usage("--replace needs WORKSPACE/APP"));
            }
            if let Some(name) = &self.name {
                form.text("name", name.as_str());
            }
            let url = client.api(&["workspaces", workspace.as_str(), "apps"])?;
            let made: AppView = form.send_json(&client, Method::POST, &url, &progress).await?;
            return self.resource.output.print(&made, one_app);
        };
        if self.name.is_some() {
            return Err(usage("--name is for a new app: give only the workspace"));
        }
        let (method, path) = match &self.replace {
            Some(version) => (Method::PUT, segments(&app, Some(version), &["package"])),
            None => (Method::POST, segments(&app, None, &["versions"])),
        };
        let made: AppVersionView = form.send_json(&client, method, &client.api(&path)?, &progress).await?;
        self.resource.output.print(&made, one_version)
    }
}

impl InfoArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let url = client.api(&segments(&self.of.app, self.version.as_deref(), &[]))?;
        match self.version {
            Some(_) => {
                self.resource.output.print(&client.get_json::<AppVersionView>(&url).await?, one_version)
            }
            None => self.resource.output.print(&client.get_json::<AppView>(&url).await?, one_app),
        }
    }
}

impl EditArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let url = client.api(&segments(&self.of.app, None, &[]))?;
        let before: AppView = client.get_json(&url).await?;
        let mut information = before.information.clone();
        let texts = [
            (&mut information.summary, self.summary),
            (&mut information.home, self.home),
            (&mut information.provider, self.provider),
        ];
        for (field, text) in texts {
            if let Some(text) = text {
                *field = text;
            }
        }
        if let Some(file) = &self.description_file {
            information.description =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        }
        if !self.keywords.is_empty() {
            information.keywords = self.keywords;
        }
        let texts = information != before.information || self.display_name.is_some();
        if !texts && self.icon.is_none() && !self.no_icon {
            return Err(usage("nothing to change: give at least one field, see --help"));
        }
        let icon = client.api(&segments(&self.of.app, None, &["icon"]))?;
        let mut view = before;
        if texts {
            let request = UpdateApp { display_name: self.display_name, information: Some(information) };
            // What was read is what is changed: nobody else's edit is lost.
            let condition = format!("\"{}\"", view.revision);
            let sent = client.request(Method::PATCH, &url).header("if-match", condition).json(&request);
            view = client.send_for_json(sent).await?;
        }
        if let Some(file) = &self.icon {
            view = send_file(&client, Method::PUT, &icon, file).await?;
        } else if self.no_icon {
            client.delete(&icon).await?;
            view = client.get_json(&url).await?;
        }
        self.resource.output.print(&view, one_app)
    }
}

impl QueueArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let mut reviews: Vec<ReviewView> = client.list(&["reviews"]).await?;
        if !self.all {
            let waits = |review: &ReviewView| {
                matches!(review.review.state, VersionState::Submitted | VersionState::InReview)
            };
            reviews.retain(waits);
        }
        self.resource.output.print(&reviews, |reviews| Table::of(REVIEW_COLUMNS, reviews, review_cells))
    }
}

impl ReportArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let url = client.api(&segments(&self.of.of.app, Some(&self.of.version), &["report"]))?;
        let report: serde_json::Value = client.get_json(&url).await?;
        self.resource.output.print(&report, |report| {
            let text =
                |check: &serde_json::Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
            let checks = report["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
            Table::of(["CHECK", "OUTCOME", "SUMMARY"], checks, |check| {
                [text(check, "id"), text(check, "outcome"), shorten(&text(check, "summary"), 80)]
            })
        })
    }
}

impl DiffArguments {
    async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let mut url: Url = client.api(&segments(&self.of.app, Some(&self.to), &["diff"]))?;
        url.query_pairs_mut().append_pair("from", &self.from);
        let difference: serde_json::Value = client.get_json(&url).await?;
        print_text(&format!("{}\n", serde_json::to_string_pretty(&difference)?))
    }
}

const APP_COLUMNS: [&str; 6] = ["APP", "DISPLAY NAME", "STATE", "LATEST", "CATEGORY", "SUMMARY"];

fn app_cells(app: &AppView) -> [String; 6] {
    [
        format!("{}/{}", app.workspace, app.name),
        app.display_name.clone(),
        app.state.as_str().to_owned(),
        app.latest_version.clone().unwrap_or_default(),
        app.category.to_string(),
        shorten(&app.information.summary, 50),
    ]
}

fn one_app(app: &AppView) -> Table {
    Table::of(APP_COLUMNS, std::slice::from_ref(app), app_cells)
}

const VERSION_COLUMNS: [&str; 6] = ["VERSION", "STATE", "APP VERSION", "CREATED BY", "UPDATED", "YOU MAY"];

fn version_cells(version: &AppVersionView) -> [String; 6] {
    let actions: Vec<_> = version.actions.iter().map(|action| action.as_str()).collect();
    [
        version.version.clone(),
        version.state.as_str().to_owned(),
        version.app_version.clone(),
        version.created_by.clone(),
        version.updated_at.to_string(),
        actions.join(", "),
    ]
}

fn one_version(version: &AppVersionView) -> Table {
    Table::of(VERSION_COLUMNS, std::slice::from_ref(version), version_cells)
}

const REVIEW_COLUMNS: [&str; 6] = ["APP", "VERSION", "STATE", "PHASE", "SUBMITTED BY", "SUBMITTED"];

fn review_cells(row: &ReviewView) -> [String; 6] {
    [
        format!("{}/{}", row.workspace, row.app),
        row.version.clone(),
        row.review.state.as_str().to_owned(),
        row.review.phase.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.review.submitter.clone(),
        row.review.submitted_at.to_string(),
    ]
}
