//! `chandlery app screenshots`: what people see of an app before they install it.

use std::path::PathBuf;

use anyhow::Result;
use chandlery_api::{AppView, OrderScreenshots, Picture};
use chandlery_core::Digest;
use clap::Subcommand;
use reqwest::Method;

use super::{AppArgument, segments};
use crate::client::ClientArguments;
use crate::client::upload::send_file;
use crate::commands::resource::{ResourceArguments, delete};
use crate::output::{Table, human_size};

/// Add, list, order and remove the screenshots of an app; the store shows them from the next release on.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  chandlery app screenshots add demo/emqx dashboard.png topics.png\n  chandlery app screenshots list demo/emqx"
)]
pub(crate) enum ScreenshotsCommand {
    /// Add pictures behind those there are: PNG, JPEG, WebP, GIF or SVG, at most 4 MiB each and 6 in all.
    #[command(after_help = "Examples:\n  chandlery app screenshots add demo/emqx dashboard.png topics.png")]
    Add(AddArguments),
    /// List the screenshots in their order.
    #[command(visible_alias = "ls", after_help = "Examples:\n  chandlery app screenshots list demo/emqx")]
    List(ListArguments),
    /// Put the screenshots into another order.
    #[command(after_help = "Examples:\n  chandlery app screenshots order demo/emqx DIGEST DIGEST")]
    Order(OrderArguments),
    /// Remove a screenshot.
    #[command(
        visible_alias = "rm",
        after_help = "Examples:\n  chandlery app screenshots remove demo/emqx DIGEST"
    )]
    Remove(RemoveArguments),
}

#[derive(Debug, clap::Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    of: AppArgument,
    /// The pictures.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    of: AppArgument,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OrderArguments {
    #[command(flatten)]
    of: AppArgument,
    /// All screenshots there are, as `app screenshots list` names them.
    #[arg(required = true, value_name = "DIGEST")]
    screenshots: Vec<Digest>,
    #[command(flatten)]
    resource: ResourceArguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArguments {
    #[command(flatten)]
    of: AppArgument,
    /// The screenshot, as `app screenshots list` names it.
    #[arg(value_name = "DIGEST")]
    screenshot: Digest,
    #[command(flatten)]
    client: ClientArguments,
}

impl ScreenshotsCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Add(AddArguments { of, files, resource }) => {
                let client = resource.client()?;
                let url = client.api(&segments(&of.app, None, &["screenshots"]))?;
                let mut screenshots = Vec::new();
                for file in &files {
                    let app: AppView = send_file(&client, Method::POST, &url, file).await?;
                    screenshots = app.screenshots;
                }
                print(&resource, &screenshots)
            }
            Self::List(ListArguments { of, resource }) => {
                let client = resource.client()?;
                let app: AppView = client.get_json(&client.api(&segments(&of.app, None, &[]))?).await?;
                print(&resource, &app.screenshots)
            }
            Self::Order(OrderArguments { of, screenshots, resource }) => {
                let client = resource.client()?;
                let url = client.api(&segments(&of.app, None, &["screenshots"]))?;
                let order = OrderScreenshots { screenshots };
                let app: AppView = client.send_json(Method::PUT, &url, &order).await?;
                print(&resource, &app.screenshots)
            }
            Self::Remove(RemoveArguments { of, screenshot, client }) => {
                let digest = screenshot.to_hex();
                let path = segments(&of.app, None, &["screenshots", &digest]);
                delete(&client, &path, &format!("screenshot {digest}")).await
            }
        }
    }
}

fn print(resource: &ResourceArguments, screenshots: &[Picture]) -> Result<()> {
    resource.output.print(&screenshots, |screenshots| {
        Table::of(["DIGEST", "TYPE", "SIZE", "PIXELS"], screenshots, |picture| {
            [
                picture.digest.to_hex(),
                picture.content_type.clone(),
                human_size(picture.size),
                format!("{}x{}", picture.width, picture.height),
            ]
        })
    })
}
