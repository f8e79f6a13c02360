//! The app store with 100,000 apps and a million versions: its lists, its search, and its start.

mod histogram;
mod lists;
mod search;

use anyhow::Result;

use crate::bench::Bench;
use crate::catalogue::Catalogue;
use crate::report::Row;

pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let sqlite = Catalogue::on_sqlite(bench)?;
    let mut rows = vec![search::first_build(bench, &sqlite)?];
    let postgres = Catalogue::on_postgres(bench, &sqlite)?;
    let both = [&sqlite, &postgres];
    for catalogue in both {
        rows.extend(search::rows(bench, catalogue)?);
    }
    rows.extend(lists::rows(bench, &both)?);
    Ok(rows)
}
