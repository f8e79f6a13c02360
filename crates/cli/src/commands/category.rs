//! `chandlery category`: the shelves of the store.

use std::collections::BTreeMap;

use anyhow::Result;
use chandlery_api::{AppCategory, CategoryView, CreateCategory, UpdateCategory};
use chandlery_core::{AppName, CategoryName, WorkspaceName};
use clap::Subcommand;
use reqwest::Method;

use super::resource::ResourceArguments;
use crate::client::{Client, ClientArguments};
use crate::error::usage;
use crate::output::{Table, say, shorten};

/// Create, list, change and delete categories of the store, and put apps into them.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery category create iot --title IOT --translation zh=物联网\n  chandlery category assign iot isv/emqx"
)]
pub(crate) enum CategoryCommand {
    /// Create a category; it is shown behind the others unless --position says otherwise.
    #[command(after_help = "Examples:\n  chandlery category create iot --title IOT --translation zh=物联网")]
    Create(CreateArguments),
    /// List the categories in the order of the store, each with its number of apps.
    #[command(visible_alias = "ls", after_help = "Examples:\n  chandlery category list")]
    List(ResourceArguments),
    /// Change a category; what is not given stays.
    #[command(after_help = "Examples:\n  chandlery category update iot --title 'Internet of things'")]
    Update(UpdateArguments),
    /// Delete a category; its apps go to another one.
    #[command(
        visible_alias = "rm",
        after_help = "Examples:\n  chandlery category delete iot --move-to uncategorized"
    )]
    Delete(DeleteArguments),
    /// Put an app into a category.
    #[command(after_help = "Examples:\n  chandlery category assign iot isv/emqx")]
    Assign(AssignArguments),
}

/// What people see of a category.
#[derive(Debug, Default, clap::Args)]
struct FieldArguments {
    /// What it is called in English.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What it is called in another language; may be repeated, and replaces all there are.
    #[arg(long = "translation", value_name = "LANGUAGE=TEXT", value_parser = read_translation)]
    translations: Vec<(String, String)>,
    /// What belongs there.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The name of its icon.
    #[arg(long, value_name = "NAME")]
    icon: Option<String>,
    /// Its place among the others: the smallest comes first.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    position: Option<i64>,
}

fn read_translation(text: &str) -> Result<(String, String), String> {
    let (language, title) = text.split_once('=').ok_or("write LANGUAGE=TEXT, such as zh=物联网")?;
    Ok((language.to_owned(), title.to_owned()))
}

#[derive(Debug, clap::Args)]
pub(crate) struct CreateArguments {
    /// The category.
    name: CategoryName,
    #[command(flatten)]
    fields: FieldArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UpdateArguments {
    /// The category.
    name: CategoryName,
    /// Another name.
    #[arg(long, value_name = "NAME")]
    rename: Option<CategoryName>,
    #[command(flatten)]
    fields: FieldArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArguments {
    /// The category.
    name: CategoryName,
    /// Where its apps go; needed if it has some.
    #[arg(long, value_name = "CATEGORY")]
    move_to: Option<CategoryName>,
    #[command(flatten)]
    client: ClientArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AssignArguments {
    /// The category.
    category: CategoryName,
    /// The app.
    #[arg(value_name = "WORKSPACE/APP", value_parser = read_app)]
    app: (WorkspaceName, AppName),
    #[command(flatten)]
    client: ClientArguments,
}

/// An app as commands name it.
pub(crate) fn read_app(text: &str) -> Result<(WorkspaceName, AppName), String> {
    let (workspace, app) = text.split_once('/').ok_or("write WORKSPACE/APP")?;
    let worded = |error: chandlery_core::Error| error.to_string();
    Ok((workspace.parse().map_err(worded)?, app.parse().map_err(worded)?))
}

impl CategoryCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Create(arguments) => arguments.run().await,
            Self::List(arguments) => arguments.list(&["categories"], COLUMNS, cells).await,
            Self::Update(arguments) => arguments.run().await,
            Self::Delete(arguments) => arguments.run().await,
            Self::Assign(arguments) => arguments.run().await,
        }
    }
}

impl CreateArguments {
    async fn run(self) -> Result<()> {
        let fields = self.fields;
        let request = CreateCategory {
            name: self.name,
            title: fields.title,
            translations: fields.translations.into_iter().collect(),
            description: fields.description.unwrap_or_default(),
            icon: fields.icon.unwrap_or_default(),
            position: fields.position,
        };
        self.resource.send(Method::POST, &["categories"], &request, one).await
    }
}

impl UpdateArguments {
    async fn run(self) -> Result<()> {
        let fields = self.fields;
        let translations: BTreeMap<String, String> = fields.translations.into_iter().collect();
        let request = UpdateCategory {
            name: self.rename,
            title: fields.title,
            translations: (!translations.is_empty()).then_some(translations),
            description: fields.description,
            icon: fields.icon,
            position: fields.position,
        };
        if serde_json::to_value(&request)?.as_object().is_none_or(serde_json::Map::is_empty) {
            return Err(usage("nothing to change: give at least one field, see --help"));
        }
        self.resource.send(Method::PATCH, &["categories", self.name.as_str()], &request, one).await
    }
}

impl DeleteArguments {
    async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let mut url = client.api(&["categories", self.name.as_str()])?;
        if let Some(heir) = &self.move_to {
            url.query_pairs_mut().append_pair("move_to", heir.as_str());
        }
        client.delete(&url).await?;
        say(&format!("category {} deleted", self.name));
        Ok(())
    }
}

impl AssignArguments {
    async fn run(self) -> Result<()> {
        let client = Client::new(&self.client)?;
        let (workspace, app) = &self.app;
        let url = client.api(&["workspaces", workspace.as_str(), "apps", app.as_str(), "category"])?;
        let body = AppCategory { category: self.category.clone() };
        client.send(client.request(Method::PUT, &url).json(&body)).await?;
        say(&format!("{workspace}/{app} is in the category {}", self.category));
        Ok(())
    }
}

const COLUMNS: [&str; 5] = ["CATEGORY", "TITLE", "POSITION", "APPS", "DESCRIPTION"];

fn cells(view: &CategoryView) -> [String; 5] {
    [
        view.name.to_string(),
        view.title.clone(),
        view.position.to_string(),
        view.apps.to_string(),
        shorten(&view.description, 60),
    ]
}

fn one(view: &CategoryView) -> Table {
    Table::of(COLUMNS, std::slice::from_ref(view), cells)
}
