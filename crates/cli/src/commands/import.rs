//! `chandlery import`: takes in what another chart server or repository has.

mod one;
mod report;
mod source;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;

use self::one::Importer;
use self::report::{Report, Status};
use self::source::Source;
use crate::client::address::RepositoryTarget;
use crate::client::answer::status_of;
use crate::client::{Client, ClientArguments};
use crate::error::AlreadyReported;
use crate::output::{OutputArguments, OutputFormat, count_progress};

/// Take the packages of a folder, a bucket or a Helm repository into a repository.
///
/// Packages that are there already with the same content count as present, so an import can be repeated. What is
/// refused is reported with the reason, the rest goes on, and the exit code is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery import /var/lib/chartmuseum --to default\n  \
                        chandlery import 's3://bucket/prefix?region=eu-west-1' --to team/charts --dry-run\n  \
                        chandlery import https://charts.example.org --to team/mirror -o json")]
pub(crate) struct ImportArguments {
    /// A folder (searched to the bottom), s3://BUCKET/PREFIX?region=R&endpoint=URL, or the URL of a Helm repository.
    source: String,
    /// The repository: WORKSPACE/REPOSITORY, `default` or a URL. It must exist.
    #[arg(long, value_name = "REPOSITORY")]
    to: String,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Replace versions that exist with other content, unless the server ignores force.
    #[arg(short, long)]
    force: bool,
    /// How many packages are in work at once.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    client: ClientArguments,
}

impl ImportArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let target = RepositoryTarget::parse(&self.to)?;
        let client = Client::for_target(&self.client, Some(&target))?;
        let urls = client.repository(&target)?;
        let source = Source::open(&self.source, &client)?;
        let items = source.list(&client).await.with_context(|| self.source.clone())?;
        let importer = Importer {
            client: &client,
            urls: &urls,
            source: &source,
            dry_run: self.dry_run,
            force: self.force,
        };
        importer.check_target().await?;
        let progress = count_progress("importing", items.len() as u64);
        let mut report = Report::default();
        let mut work = stream::iter(items.iter().map(|item| importer.import(item)))
            .buffer_unordered(usize::from(self.parallel));
        while let Some((outcome, error)) = work.next().await {
            report.add(outcome);
            progress.inc(1);
            if let Some(error) = error.filter(is_hopeless) {
                progress.finish_and_clear();
                return Err(error.context("the import was given up"));
            }
        }
        progress.finish_and_clear();
        report.sort();
        if self.output.output != OutputFormat::Table || report.needs_attention() {
            self.output.print(&report, Report::table)?;
        }
        crate::output::say(&report.sentence());
        if report.count(Status::Refused) > 0 { Err(AlreadyReported.into()) } else { Ok(()) }
    }
}

/// Whether the same would happen to every other package.
fn is_hopeless(error: &anyhow::Error) -> bool {
    matches!(status_of(error), Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
}
