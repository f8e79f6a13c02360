//! `chandlery store`: what was released.

use anyhow::Result;
use chandlery_api::{StoreApp, StoreAppView, StorePage, StoreVersion};
use chandlery_core::{AppName, WorkspaceName};
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::category::read_app;
use super::resource::ResourceArguments;
use crate::output::{Table, human_size, shorten, warn};

/// Find and show apps of the store. To install one: `helm repo add store SERVER/store`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chandlery store search mqtt\n  chandlery store show isv/emqx")]
pub(crate) enum StoreCommand {
    /// List the apps of the store.
    #[command(
        visible_alias = "ls",
        after_help = "Examples:\n  chandlery store list\n  chandlery store list --category iot --sort downloads"
    )]
    List(ListArguments),
    /// Search names, keywords, descriptions and READMEs; typing errors are forgiven.
    #[command(
        after_help = "Examples:\n  chandlery store search mqtt broker\n  chandlery store search redis -o json"
    )]
    Search(SearchArguments),
    /// Show an app and its released versions.
    #[command(after_help = "Examples:\n  chandlery store show isv/emqx")]
    Show(ShowArguments),
}

/// Which apps, in which order.
#[derive(Debug, clap::Args)]
struct FilterArguments {
    /// Only of this category.
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// Only with this keyword.
    #[arg(long, value_name = "WORD")]
    keyword: Option<String>,
    /// Only with this maintainer.
    #[arg(long, value_name = "NAME")]
    maintainer: Option<String>,
    /// Only of this workspace.
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// The order: name, or how well words match, unless said.
    #[arg(long)]
    sort: Option<Sort>,
    /// Show at most this many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Name,
    Newest,
    Downloads,
}

impl Sort {
    fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Newest => "newest",
            Self::Downloads => "downloads",
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SearchArguments {
    /// Words to look for.
    #[arg(required = true)]
    words: Vec<String>,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArguments {
    /// The app.
    #[arg(value_name = "WORKSPACE/APP", value_parser = read_app)]
    app: (WorkspaceName, AppName),
    #[command(flatten)]
    resource: ResourceArguments,
}

/// An app with its versions.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    app: StoreAppView,
    versions: Vec<StoreVersion>,
}

impl StoreCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::List(arguments) => list(&arguments.filter, None, &arguments.resource).await,
            Self::Search(arguments) => {
                list(&arguments.filter, Some(arguments.words.join(" ")), &arguments.resource).await
            }
            Self::Show(arguments) => arguments.run().await,
        }
    }
}

/// Prints the apps that the filters let through, page by page.
async fn list(filter: &FilterArguments, words: Option<String>, resource: &ResourceArguments) -> Result<()> {
    const PAGE: usize = 500;
    let client = resource.client()?;
    let mut base = client.api(&["store", "apps"])?;
    let sort = filter.sort.map(|sort| sort.as_str().to_owned());
    for (name, value) in [
        ("q", &words),
        ("category", &filter.category),
        ("keyword", &filter.keyword),
        ("maintainer", &filter.maintainer),
        ("workspace", &filter.workspace),
        ("sort", &sort),
    ] {
        if let Some(value) = value {
            base.query_pairs_mut().append_pair(name, value);
        }
    }
    let mut apps: Vec<StoreApp> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let mut url = base.clone();
        let wanted = (filter.limit - apps.len()).clamp(1, PAGE);
        url.query_pairs_mut().append_pair("limit", &wanted.to_string());
        if let Some(cursor) = &next {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        let page: StorePage = client.get_json(&url).await?;
        apps.extend(page.items);
        next = page.next;
        if next.is_none() || apps.len() >= filter.limit {
            break;
        }
    }
    if next.is_some() {
        warn(&format!("only the first {} apps are shown: narrow the search, or raise --limit", apps.len()));
    }
    apps.truncate(filter.limit);
    resource.output.print(&apps, |apps| Table::of(COLUMNS, apps, cells))
}

const COLUMNS: [&str; 6] = ["APP", "NAME", "VERSION", "CATEGORY", "DOWNLOADS", "SUMMARY"];

fn cells(app: &StoreApp) -> [String; 6] {
    [
        format!("{}/{}", app.workspace, app.name),
        app.display_name.clone(),
        app.latest_version.clone(),
        app.category.to_string(),
        app.downloads.to_string(),
        shorten(&app.summary, 60),
    ]
}

impl ShowArguments {
    async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let (workspace, app) = (self.app.0.as_str(), self.app.1.as_str());
        let view = client.get_json(&client.api(&["store", "apps", workspace, app])?).await?;
        let versions = client.list(&["store", "apps", workspace, app, "versions"]).await?;
        self.resource.output.print(&Shown { app: view, versions }, |shown| {
            Table::of(
                ["VERSION", "APP VERSION", "RELEASED", "SIZE", "DOWNLOADS", "CHANGES"],
                &shown.versions,
                |version| {
                    [
                        version.version.clone(),
                        version.app_version.clone(),
                        version.released_at.to_string(),
                        human_size(version.size),
                        version.downloads.to_string(),
                        shorten(&version.update_log, 60),
                    ]
                },
            )
        })
    }
}
