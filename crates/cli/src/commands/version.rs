//! `chandlery version`.

use anyhow::Result;
use serde::Serialize;

use crate::output::{OutputArguments, Table};

/// Print the version of this program.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery version\n  chandlery version -o json")]
pub(crate) struct VersionArguments {
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
    target: String,
}

impl VersionArguments {
    pub(crate) fn run(&self) -> Result<()> {
        let version = Version {
            version: env!("CARGO_PKG_VERSION"),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        };
        self.output.print(&version, |version| {
            let mut table = Table::new(["VERSION", "TARGET"]);
            table.row([version.version.to_owned(), version.target.clone()]);
            table
        })
    }
}
