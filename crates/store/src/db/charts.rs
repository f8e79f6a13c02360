//! Reading charts and their versions, always inside one repository.

use std::collections::VecDeque;

use chandlery_core::{Digest, Result};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::{Columns, joined, signed};

/// One version of a chart as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// The version as `Chart.yaml` spells it.
    pub version: String,
    /// The name of its package, `<name>-<version>.tgz`.
    pub file_name: String,
    /// The package's sha256.
    pub digest: Digest,
    /// The package's size in bytes.
    pub size: u64,
    /// When it was uploaded, or last replaced.
    pub created_at: Timestamp,
    /// What the caller of publish wanted to be kept with it, as JSON.
    pub metadata: String,
    /// Whether the bytes are here; of an external repository they may not be yet, and the size is unknown then.
    pub stored: bool,
}

const COLUMNS: &str = "versions.version, versions.file_name, versions.digest, versions.size, versions.created_at, versions.metadata, versions.stored";

impl VersionRow {
    fn take(columns: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            version: columns.take()?,
            file_name: columns.take()?,
            digest: columns.parse()?,
            size: columns.unsigned()?,
            created_at: columns.time()?,
            metadata: columns.take()?,
            stored: columns.take()?,
        })
    }

    fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }
}

/// A chart that changed, and the generation of its repository at its last change. It may have no versions any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartChange {
    /// The chart's name.
    pub name: String,
    /// The repository's generation at its last change.
    pub generation: i64,
}

/// The charts that changed after `generation`, oldest change first.
///
/// A reader that knows the repository as of `generation` is up to date again after it read these charts' versions,
/// and knows it as of the largest generation among them, whatever was published in between. Charts without versions
/// are listed too: that is how a removal is learnt.
///
/// # Errors
/// Faults of the database only.
pub async fn changed_since(
    connection: &impl Connection,
    repository_id: i64,
    generation: i64,
) -> Result<Vec<ChartChange>> {
    let sql = "SELECT name, generation FROM charts WHERE repository_id = $1 AND generation > $2
               ORDER BY generation, name";
    let rows = connection.query(sql, vec![repository_id.into(), generation.into()]).await?;
    let change = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok(ChartChange { name: columns.take()?, generation: columns.take()? })
    };
    rows.iter().map(change).collect()
}

/// The versions of one chart in the byte order of their text; empty when there is no such chart.
///
/// # Errors
/// Faults of the database only.
pub async fn versions(
    connection: &impl Connection,
    repository_id: i64,
    chart: &str,
) -> Result<Vec<VersionRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM charts JOIN versions ON versions.chart_id = charts.id
         WHERE charts.repository_id = $1 AND charts.name = $2 ORDER BY versions.version"
    );
    let rows = connection.query(&sql, vec![repository_id.into(), chart.into()]).await?;
    rows.iter().map(VersionRow::from_row).collect()
}

/// One version of a chart, by the exact text of its version.
///
/// # Errors
/// Faults of the database only.
pub async fn version(
    connection: &impl Connection,
    repository_id: i64,
    chart: &str,
    version: &str,
) -> Result<Option<VersionRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM charts JOIN versions ON versions.chart_id = charts.id
         WHERE charts.repository_id = $1 AND charts.name = $2 AND versions.version = $3"
    );
    let row =
        connection.query_optional(&sql, vec![repository_id.into(), chart.into(), version.into()]).await?;
    row.as_ref().map(VersionRow::from_row).transpose()
}

/// The names of charts that have versions, in byte order (the same on every database and in every locale).
///
/// # Errors
/// Faults of the database only.
pub async fn names(
    connection: &impl Connection,
    repository_id: i64,
    offset: u64,
    limit: u64,
) -> Result<Vec<String>> {
    // Not EXISTS: SQLite 3.51 makes a join of it, in which OFFSET counts a chart once for each of its versions.
    let sql = "SELECT name FROM charts WHERE repository_id = $1
                 AND (SELECT 1 FROM versions WHERE versions.chart_id = charts.id LIMIT 1) IS NOT NULL
               ORDER BY name LIMIT $2 OFFSET $3";
    let values = vec![repository_id.into(), signed(limit).into(), signed(offset).into()];
    connection.query(sql, values).await?.iter().map(|row| Columns::of(row).take()).collect()
}

/// The names of charts of which some version's metadata contains every one of `words` (lower case), in byte order. A
/// first filter for searches: it looks at the JSON as text, and takes any letter beyond ASCII that has cases for any
/// text, because the databases know the cases of ASCII alone.
///
/// # Errors
/// Faults of the database only.
pub async fn containing(
    connection: &impl Connection,
    repository_id: i64,
    words: &[&str],
) -> Result<Vec<String>> {
    let mut sql = "SELECT name FROM charts WHERE repository_id = $1 AND EXISTS
                   (SELECT 1 FROM versions WHERE versions.chart_id = charts.id"
        .to_owned();
    let mut values = vec![repository_id.into()];
    for word in words {
        values.push(format!("%{}%", word.chars().map(pattern_of).collect::<String>()).into());
        sql.push_str(&format!(" AND lower(versions.metadata) LIKE ${}", values.len()));
    }
    sql.push_str(") ORDER BY name");
    connection.query(&sql, values).await?.iter().map(|row| Columns::of(row).take()).collect()
}

/// What stands for a lower-case letter in a pattern of LIKE.
fn pattern_of(letter: char) -> char {
    match letter {
        '%' | '_' | '\\' => '_',
        _ if !letter.is_ascii() && letter.to_uppercase().ne([letter]) => '%',
        _ => letter,
    }
}

/// A chart with all its versions, in the byte order of their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartVersions {
    /// The chart's name.
    pub name: String,
    /// Its versions, at least one.
    pub versions: Vec<VersionRow>,
}

/// Rows that [`ChartPager`] asks for at once: 500 × ~2 KB of metadata is a MB.
const PAGE_ROWS: i64 = 500;

/// Charts that one page looks at: with 20 versions each, as is usual, they fill it.
const PAGE_CHARTS: i64 = 25;

/// Walks all charts of a repository in byte order of their names, with no more in memory than one page of rows and
/// the largest chart.
///
/// Pages are separate statements, so that a walk never holds a snapshot open. What is published meanwhile may or may
/// not be seen: read the repository's generation first and [`changed_since`] it afterwards.
#[derive(Debug)]
pub struct ChartPager {
    repository_id: i64,
    /// The last row that was read: chart name and version.
    position: (String, String),
    /// Charts that were read; the last of them may go on in the next page.
    ready: VecDeque<ChartVersions>,
    at_end: bool,
}

impl ChartPager {
    /// A walk from the first chart.
    #[must_use]
    pub fn new(repository_id: i64) -> Self {
        let position = (String::new(), String::new());
        Self { repository_id, position, ready: VecDeque::new(), at_end: false }
    }

    /// The next chart, or `None` after the last.
    ///
    /// # Errors
    /// Faults of the database only; the walk may be continued.
    pub async fn next(&mut self, connection: &impl Connection) -> Result<Option<ChartVersions>> {
        while self.ready.len() < 2 && !self.at_end {
            self.read_page(connection).await?;
        }
        Ok(self.ready.pop_front())
    }

    /// Reads on from the position: the rest of its chart, and some charts more. Charts are limited first, which keeps
    /// PostgreSQL from joining and sorting all that follow; one without versions is a row of NULLs, so that the
    /// position passes it.
    async fn read_page(&mut self, connection: &impl Connection) -> Result<()> {
        let sql = format!(
            "SELECT page.name, versions.id IS NOT NULL, {COLUMNS}
             FROM (SELECT id, name FROM charts WHERE repository_id = $1 AND name >= $2 ORDER BY name LIMIT $5) AS page
             LEFT JOIN versions ON versions.chart_id = page.id
               AND versions.version > CASE WHEN page.name = $2 THEN $3 ELSE '' END
             ORDER BY page.name, versions.version LIMIT $4"
        );
        let (name, version) = self.position.clone();
        let values = vec![
            self.repository_id.into(),
            name.into(),
            version.into(),
            PAGE_ROWS.into(),
            PAGE_CHARTS.into(),
        ];
        let rows = connection.query(&sql, values).await?;
        let before = self.position.clone();
        for row in &rows {
            self.read_row(&mut Columns::of(row))?;
        }
        self.at_end = self.position == before;
        Ok(())
    }

    fn read_row(&mut self, columns: &mut Columns<'_>) -> Result<()> {
        let name: String = columns.take()?;
        if !columns.take::<bool>()? {
            if name != self.position.0 {
                self.position = (name, String::new());
            }
            return Ok(());
        }
        let version = VersionRow::take(columns)?;
        self.position = (name.clone(), version.version.clone());
        match self.ready.back_mut() {
            Some(chart) if chart.name == name => chart.versions.push(version),
            _ => self.ready.push_back(ChartVersions { name, versions: vec![version] }),
        }
        Ok(())
    }
}

/// How much a repository holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Charts that have versions.
    pub charts: u64,
    /// Versions.
    pub versions: u64,
}

/// What repositories (their rows) hold, by row number; empty ones are missing. Reads an index of all their versions.
///
/// # Errors
/// Faults of the database only.
pub async fn counts(connection: &impl Connection, repository_ids: &[i64]) -> Result<Vec<(i64, Counts)>> {
    if repository_ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT charts.repository_id, COUNT(DISTINCT charts.id), COUNT(*)
         FROM charts JOIN versions ON versions.chart_id = charts.id WHERE charts.repository_id IN ({})
         GROUP BY charts.repository_id ORDER BY charts.repository_id",
        joined(repository_ids)
    );
    let count = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok((columns.take()?, Counts { charts: columns.unsigned()?, versions: columns.unsigned()? }))
    };
    connection.query(&sql, vec![]).await?.iter().map(count).collect()
}
