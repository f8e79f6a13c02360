//! What commands on the resources of the REST API have in common.

use anyhow::Result;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{Client, ClientArguments};
use crate::output::{OutputArguments, Table, say};

#[derive(Debug, clap::Args)]
pub(crate) struct ResourceArguments {
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) client: ClientArguments,
}

impl ResourceArguments {
    /// The client of the flags.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub(crate) fn client(&self) -> Result<Client> {
        Client::new(&self.client)
    }

    /// Prints everything a collection holds, however many pages the server makes of it.
    ///
    /// # Errors
    /// As [`Client::list`] and [`OutputArguments::print`].
    pub(crate) async fn list<T: DeserializeOwned + Serialize, const N: usize>(
        &self,
        segments: &[&str],
        head: [&str; N],
        cells: impl Fn(&T) -> [String; N],
    ) -> Result<()> {
        let items: Vec<T> = self.client()?.list(segments).await?;
        self.output.print(&items, |items| Table::of(head, items, cells))
    }

    /// Sends a document and prints the answer.
    ///
    /// # Errors
    /// As [`Client::send_json`] and [`OutputArguments::print`].
    pub(crate) async fn send<T: DeserializeOwned + Serialize>(
        &self,
        method: Method,
        segments: &[&str],
        body: &impl Serialize,
        table: impl FnOnce(&T) -> Table,
    ) -> Result<()> {
        let client = self.client()?;
        let view: T = client.send_json(method, &client.api(segments)?, body).await?;
        self.output.print(&view, table)
    }
}

/// Deletes a resource and says so.
///
/// # Errors
/// As [`Client::delete`].
pub(crate) async fn delete(arguments: &ClientArguments, segments: &[&str], what: &str) -> Result<()> {
    let client = Client::new(arguments)?;
    client.delete(&client.api(segments)?).await?;
    say(&format!("{what} deleted"));
    Ok(())
}
