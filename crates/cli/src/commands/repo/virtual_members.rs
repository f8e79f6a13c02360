//! Commands on virtual repositories.

use anyhow::Result;
use chandlery_api::{ResolvedChart, VirtualRequest, VirtualView};
use chandlery_core::RepositoryPath;
use reqwest::Method;

use super::super::resource::ResourceArguments;
use super::segments;
use crate::output::Table;

/// What a virtual repository merges.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Virtual repository")]
pub(super) struct MergeArguments {
    /// Make it a virtual repository of this member, and of the others that are given; the first one counts first.
    #[arg(long = "member", value_name = "WORKSPACE/REPOSITORY")]
    pub(super) members: Vec<RepositoryPath>,
    /// Charts that never come from external members, by a pattern with * and ?; may be given several times.
    #[arg(long = "reserve", value_name = "PATTERN", requires = "members")]
    reserved: Vec<String>,
}

impl MergeArguments {
    /// The request that the flags make.
    pub(super) fn into_request(self) -> VirtualRequest {
        VirtualRequest { members: self.members, reserved: self.reserved }
    }
}

/// Print what a virtual repository merges, and which names it reserves.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery repo members acme/all\n  chandlery repo members acme/all -o json"
)]
pub(crate) struct MembersArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Replace the members of a virtual repository and the names that it reserves.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery repo set-members acme/all --member acme/own --member mirrors/bitnami --reserve 'acme-*'"
)]
pub(crate) struct SetMembersArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    #[command(flatten)]
    merge: MergeArguments,
    #[command(flatten)]
    resource: ResourceArguments,
}

/// Print which member of a virtual repository a chart comes from, and which versions are not served and why.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery repo resolve acme/all redis\n  chandlery repo resolve acme/all acme-db --version 1.2.0 -o json"
)]
pub(crate) struct ResolveArguments {
    /// The repository.
    #[arg(value_name = "WORKSPACE/REPOSITORY")]
    path: RepositoryPath,
    /// The chart.
    chart: String,
    /// One version of it only.
    #[arg(long)]
    version: Option<String>,
    #[command(flatten)]
    resource: ResourceArguments,
}

fn below<'a>(path: &'a RepositoryPath, rest: &[&'a str]) -> Vec<&'a str> {
    segments(path).into_iter().chain(["virtual"]).chain(rest.iter().copied()).collect()
}

impl MembersArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let view: VirtualView = client.get_json(&client.api(&below(&self.path, &[]))?).await?;
        self.resource.output.print(&view, table)
    }
}

impl SetMembersArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let request = self.merge.into_request();
        self.resource.send(Method::PUT, &below(&self.path, &[]), &request, table).await
    }
}

fn table(view: &VirtualView) -> Table {
    let members = view.members.iter().map(|member| {
        let hidden = if member.readable { "" } else { ", and you may not read it" };
        (member.path.to_string(), format!("{}{hidden}", member.kind.as_str()))
    });
    let reserved =
        view.reserved.iter().map(|pattern| (pattern.clone(), "reserved for hosted members".to_owned()));
    let rows: Vec<(String, String)> = members.chain(reserved).collect();
    Table::of(["MEMBER OR PATTERN", "WHAT"], &rows, |(name, what)| [name.clone(), what.clone()])
}

impl ResolveArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let client = self.resource.client()?;
        let mut url = client.api(&below(&self.path, &["resolve"]))?;
        let query = [("chart", Some(self.chart)), ("version", self.version)];
        let given = query.into_iter().filter_map(|(name, value)| Some((name, value?)));
        url.query_pairs_mut().extend_pairs(given);
        let view: ResolvedChart = client.get_json(&url).await?;
        self.resource.output.print(&view, origins)
    }
}

fn origins(view: &ResolvedChart) -> Table {
    let served = view.versions.iter().map(|from| (&from.version, &from.member, "served".to_owned()));
    let shadowed = view.shadowed.iter().map(|from| {
        let because = serde_json::to_value(from.because).unwrap_or_default();
        (&from.version, &from.member, format!("not served: {}", because.as_str().unwrap_or_default()))
    });
    let rows: Vec<_> = served.chain(shadowed).collect();
    Table::of(["VERSION", "MEMBER", "WHAT"], &rows, |(version, member, what)| {
        [(*version).clone(), member.to_string(), what.clone()]
    })
}
