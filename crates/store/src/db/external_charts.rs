//! What an external repository holds: rows that follow what its source says.
//!
//! The caller compares fingerprints first: what its source says as before is not looked at here. Of the rest, only
//! the versions that differ are written. The first digest of a version stays its digest, whatever the source says later.

use std::collections::{BTreeSet, HashMap};

use chandlery_core::{Digest, Result};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};

use super::columns::{Columns, joined, nanoseconds, signed};
use super::connection::Executor as _;
use super::{Connection, Transaction, external_provenances, repositories};

/// A version as its source describes it now.
#[derive(Clone, Debug)]
pub struct ExternalVersion {
    /// The name of its chart.
    pub chart: String,
    /// The version as the source spells it.
    pub version: String,
    /// `<name>-<version>.tgz`.
    pub file_name: String,
    /// The package's sha256.
    pub digest: Digest,
    /// When the source says it was made.
    pub created_at: Timestamp,
    /// What is kept with the version, as JSON.
    pub metadata: String,
    /// Where its bytes are, in the caller's words.
    pub location: String,
    /// Stands for everything the source says of it.
    pub fingerprint: Digest,
}

/// What was done to an external repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Versions that are new.
    pub added: u64,
    /// Versions that say something else now.
    pub changed: u64,
    /// Versions that the source lists no more.
    pub vanished: u64,
    /// Versions for which the source names another digest than the first one, which stays: chart, version, digest.
    pub claims: Vec<(String, String, Digest)>,
    /// Packages whose file name belongs to another chart's, and which are left out.
    pub clashes: Vec<String>,
}

/// A version that the source listed when it was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Stands for everything the source said of it.
    pub fingerprint: Digest,
    /// Its row, for [`vanish`].
    pub id: i64,
    /// The name of its chart.
    pub chart: String,
}

/// The versions that the source listed when it was last read.
///
/// # Errors
/// Faults of the database only.
pub async fn listed(connection: &impl Connection, repository_id: i64) -> Result<Vec<Listed>> {
    let sql = "SELECT fingerprint, versions.id, charts.name FROM versions
        JOIN charts ON charts.id = versions.chart_id
        WHERE versions.repository_id = $1 AND fingerprint <> '' AND vanished_at IS NULL";
    let listed = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok(Listed { fingerprint: columns.parse()?, id: columns.take()?, chart: columns.take()? })
    };
    connection.query(sql, vec![repository_id.into()]).await?.iter().map(listed).collect()
}

/// Takes the next generation of a repository, for the changes of this transaction.
///
/// # Errors
/// [`NotFound`](chandlery_core::Error::NotFound) when the repository is gone.
pub async fn advance(transaction: &Transaction, repository_id: i64, now: Timestamp) -> Result<i64> {
    repositories::advance(transaction, repository_id, now).await
}

/// Versions that one call of [`put`] should be given at most: a statement of SQLite has 32,766 parameters.
pub const MOST_VERSIONS: usize = 2_500;

/// Writes versions that are new or that the source describes in other words than before. Each is given once.
///
/// # Errors
/// Faults of the database only.
pub async fn put(
    transaction: &Transaction,
    repository_id: i64,
    generation: i64,
    versions: Vec<ExternalVersion>,
    applied: &mut Applied,
) -> Result<()> {
    let names: BTreeSet<&str> = versions.iter().map(|version| version.chart.as_str()).collect();
    let ids = advance_charts(transaction, repository_id, &names, generation).await?;
    let known = known_versions(transaction, ids.values(), &versions).await?;
    let mut new = Vec::with_capacity(versions.len());
    for version in versions {
        let Some(&chart_id) = ids.get(&version.chart) else { continue };
        match known.get(&(chart_id, version.version.clone())) {
            None => new.push((chart_id, version)),
            Some(row) => update(transaction, row, &version, applied).await?,
        }
    }
    insert(transaction, repository_id, new, applied).await
}

/// Makes or touches the rows of charts; their numbers by name.
async fn advance_charts(
    transaction: &Transaction,
    repository_id: i64,
    names: &BTreeSet<&str>,
    generation: i64,
) -> Result<HashMap<String, i64>> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let values = names.iter().map(|name| Value::from(*name)).collect();
    let row = |number| format!("({repository_id}, {}, {generation})", transaction.parameters(number, 1));
    let rows: Vec<String> = (1..=names.len()).map(row).collect();
    let sql = format!(
        "INSERT INTO charts (repository_id, name, generation) VALUES {}
         ON CONFLICT (repository_id, name) DO UPDATE SET generation = excluded.generation RETURNING name, id",
        rows.join(", ")
    );
    let pair = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok((columns.take()?, columns.take()?))
    };
    transaction.query(&sql, values).await?.iter().map(pair).collect()
}

/// A version as it is known.
struct Known {
    id: i64,
    digest: Digest,
    metadata: String,
    location: Option<String>,
    vanished: bool,
    claimed: Option<String>,
}

/// What is known of `versions`, and perhaps of some more, by chart and version.
async fn known_versions(
    transaction: &Transaction,
    chart_ids: impl ExactSizeIterator<Item = &i64>,
    versions: &[ExternalVersion],
) -> Result<HashMap<(i64, String), Known>> {
    if chart_ids.len() == 0 {
        return Ok(HashMap::new());
    }
    let texts: BTreeSet<&str> = versions.iter().map(|version| version.version.as_str()).collect();
    let sql = format!(
        "SELECT chart_id, version, id, digest, metadata, location, vanished_at IS NOT NULL, claimed_digest
         FROM versions WHERE chart_id IN ({}) AND version IN ({})",
        joined(chart_ids),
        transaction.parameters(1, texts.len())
    );
    let pair = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        let key = (columns.take()?, columns.take()?);
        let known = Known {
            id: columns.take()?,
            digest: columns.parse()?,
            metadata: columns.take()?,
            location: columns.take()?,
            vanished: columns.take()?,
            claimed: columns.take()?,
        };
        Ok((key, known))
    };
    let values = texts.into_iter().map(Value::from).collect();
    transaction.query(&sql, values).await?.iter().map(pair).collect()
}

async fn update(
    transaction: &Transaction,
    row: &Known,
    version: &ExternalVersion,
    applied: &mut Applied,
) -> Result<()> {
    let claimed = (row.digest != version.digest).then(|| version.digest.to_hex());
    if claimed.is_some() {
        applied.claims.push((version.chart.clone(), version.version.clone(), version.digest));
    }
    // What another package says of itself is not said of the first one.
    let metadata = if claimed.is_some() { &row.metadata } else { &version.metadata };
    let same = row.metadata == *metadata
        && row.location.as_deref() == Some(&version.location)
        && row.claimed == claimed
        && !row.vanished;
    applied.changed += u64::from(!same);
    let sql = "UPDATE versions SET metadata = $2, location = $3, claimed_digest = $4, fingerprint = $5,
          vanished_at = NULL WHERE id = $1";
    let values = vec![
        row.id.into(),
        metadata.as_str().into(),
        version.location.as_str().into(),
        claimed.into(),
        version.fingerprint.to_hex().into(),
    ];
    transaction.execute(sql, values).await.map(drop)
}

/// Rows of one INSERT: SQLite is fastest with a few thousand parameters.
const ROWS_AT_ONCE: usize = 250;

async fn insert(
    transaction: &Transaction,
    repository_id: i64,
    new: Vec<(i64, ExternalVersion)>,
    applied: &mut Applied,
) -> Result<()> {
    let mut new = new.into_iter().peekable();
    while new.peek().is_some() {
        let (mut values, mut rows, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (chart_id, version) in new.by_ref().take(ROWS_AT_ONCE) {
            keys.push((chart_id, version.version.clone(), version.file_name.clone()));
            let first = values.len() + 1;
            let new = new_values(chart_id, version);
            rows.push(format!("({repository_id}, 0, FALSE, {})", transaction.parameters(first, new.len())));
            values.extend(new);
        }
        let sql = format!(
            "INSERT INTO versions (repository_id, size, stored, chart_id, version, file_name, digest, created_at,
               metadata, location, fingerprint)
             VALUES {} ON CONFLICT DO NOTHING",
            rows.join(", ")
        );
        let inserted = transaction.execute(&sql, values).await?;
        applied.added += inserted;
        if inserted < keys.len() as u64 {
            applied.clashes.extend(missing(transaction, keys).await?);
        }
    }
    Ok(())
}

fn new_values(chart_id: i64, version: ExternalVersion) -> [Value; 8] {
    [
        chart_id.into(),
        version.version.into(),
        version.file_name.into(),
        version.digest.to_hex().into(),
        nanoseconds(version.created_at).into(),
        version.metadata.into(),
        version.location.into(),
        version.fingerprint.to_hex().into(),
    ]
}

/// The file names of versions that were not inserted, of charts, versions and file names.
async fn missing(transaction: &Transaction, keys: Vec<(i64, String, String)>) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for (chart_id, version, file_name) in keys {
        let sql = "SELECT 1 FROM versions WHERE chart_id = $1 AND version = $2";
        let values = vec![chart_id.into(), version.into()];
        if transaction.query_optional(sql, values).await?.is_none() {
            missing.push(file_name);
        }
    }
    Ok(missing)
}

/// Takes out the versions that the source lists no more, of those that [`listed`] gave; those that [`put`] wrote
/// meanwhile are left alone. Versions whose bytes are here stay and are marked.
///
/// # Errors
/// Faults of the database only.
pub async fn vanish(
    transaction: &Transaction,
    generation: i64,
    unlisted: &[(Digest, i64)],
    now: Timestamp,
    applied: &mut Applied,
) -> Result<()> {
    const AT_ONCE: usize = 1000;
    for batch in unlisted.chunks(AT_ONCE) {
        let before: HashMap<i64, Digest> =
            batch.iter().map(|(fingerprint, id)| (*id, *fingerprint)).collect();
        let sql = format!(
            "SELECT id, chart_id, fingerprint, stored FROM versions WHERE id IN ({}) AND vanished_at IS NULL",
            joined(before.keys())
        );
        for row in transaction.query(&sql, vec![]).await? {
            let mut columns = Columns::of(&row);
            let (id, chart_id, fingerprint) = (columns.take()?, columns.take()?, columns.parse::<Digest>()?);
            if before.get(&id) == Some(&fingerprint) {
                vanish_one(transaction, generation, (id, chart_id), columns.take()?, now).await?;
                applied.vanished += 1;
            }
        }
    }
    Ok(())
}

async fn vanish_one(
    transaction: &Transaction,
    generation: i64,
    (id, chart_id): (i64, i64),
    stored: bool,
    now: Timestamp,
) -> Result<()> {
    if stored {
        let sql = "UPDATE versions SET vanished_at = $2 WHERE id = $1";
        transaction.execute(sql, vec![id.into(), nanoseconds(now).into()]).await?;
    } else {
        transaction.execute("DELETE FROM versions WHERE id = $1", vec![id.into()]).await?;
    }
    let sql = "UPDATE charts SET generation = $2 WHERE id = $1";
    transaction.execute(sql, vec![chart_id.into(), generation.into()]).await.map(drop)
}

/// The row of a version, with its digest and where its bytes are.
///
/// # Errors
/// Faults of the database only.
pub async fn find(
    connection: &impl Connection,
    repository_id: i64,
    file_name: &str,
) -> Result<Option<ExternalFile>> {
    let sql = format!(
        "{FILE} WHERE versions.repository_id = $1 AND versions.file_name = $2 AND versions.location IS NOT NULL"
    );
    let row = connection.query_optional(&sql, vec![repository_id.into(), file_name.into()]).await?;
    row.as_ref().map(ExternalFile::from_row).transpose()
}

/// A package whose bytes may have to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalFile {
    /// The row of its version.
    pub id: i64,
    /// The name of its chart.
    pub chart: String,
    /// Its version.
    pub version: String,
    /// The package's file name.
    pub file_name: String,
    /// What its sha256 has to be.
    pub digest: Digest,
    /// Where its bytes are, in the words of the caller of [`put`].
    pub location: String,
    /// Whether they are here as well.
    pub stored: bool,
}

const FILE: &str = "SELECT versions.id, charts.name, versions.version, versions.file_name, versions.digest, versions.location,
      versions.stored
    FROM versions JOIN charts ON charts.id = versions.chart_id";

impl ExternalFile {
    fn from_row(row: &QueryResult) -> Result<Self> {
        let mut columns = Columns::of(row);
        Ok(Self {
            id: columns.take()?,
            chart: columns.take()?,
            version: columns.take()?,
            file_name: columns.take()?,
            digest: columns.parse()?,
            location: columns.take()?,
            stored: columns.take()?,
        })
    }
}

/// Packages whose bytes are not here, after the row `after` in the order of rows: what a mirror has to fetch.
///
/// # Errors
/// Faults of the database only.
pub async fn elsewhere(
    connection: &impl Connection,
    repository_id: i64,
    after: i64,
    limit: u64,
) -> Result<Vec<ExternalFile>> {
    some_of(connection, repository_id, "NOT versions.stored", after, limit).await
}

/// Packages of an external repository for which a condition holds, after the row `after` in the order of rows.
pub(super) async fn some_of(
    connection: &impl Connection,
    repository_id: i64,
    condition: &str,
    after: i64,
    limit: u64,
) -> Result<Vec<ExternalFile>> {
    let sql = format!(
        "{FILE} WHERE versions.repository_id = $1 AND versions.id > $2 AND versions.location IS NOT NULL
           AND {condition} ORDER BY versions.id LIMIT $3"
    );
    let values = vec![repository_id.into(), after.into(), signed(limit).into()];
    connection.query(&sql, values).await?.iter().map(ExternalFile::from_row).collect()
}

/// Notes that the bytes of a package are here now. The transaction has touched their blob
/// ([`Store::begin_with`](crate::Store::begin_with)). Whether the version still asks for them.
///
/// # Errors
/// Faults of the database only.
pub async fn mark_stored(
    transaction: &Transaction,
    version_id: i64,
    digest: &Digest,
    size: u64,
) -> Result<bool> {
    let sql = "UPDATE versions SET stored = TRUE, size = $3 WHERE id = $1 AND digest = $2";
    let values = vec![version_id.into(), digest.to_hex().into(), signed(size).into()];
    Ok(transaction.execute(sql, values).await? == 1)
}

/// Lets go of the bytes of the oldest packages beyond `quota` bytes, each with its provenance file, but not of `kept`, nor
/// of what the source lists no more: that could not be fetched again. How many packages were let go; garbage collection
/// removes the bytes.
///
/// # Errors
/// Faults of the database only.
pub async fn let_go(transaction: &Transaction, repository_id: i64, quota: u64, kept: i64) -> Result<u64> {
    let sql = "UPDATE versions SET stored = FALSE, provenance_asked_at = NULL, provenance_refusal = NULL WHERE id IN (
          SELECT id FROM (
            SELECT versions.id, vanished_at, SUM(versions.size + COALESCE(provenances.size, 0))
              OVER (ORDER BY versions.id <> $3, versions.created_at DESC, versions.id DESC) AS up_to_here
            FROM versions LEFT JOIN provenances ON provenances.repository_id = $1
              AND provenances.file_name = versions.file_name || '.prov'
            WHERE versions.repository_id = $1 AND stored AND location IS NOT NULL) AS cached
          WHERE up_to_here > $2 AND id <> $3 AND vanished_at IS NULL)
        RETURNING file_name";
    let values = vec![repository_id.into(), signed(quota).into(), kept.into()];
    let rows = transaction.query(sql, values).await?;
    let names: Vec<String> = rows.iter().map(|row| Columns::of(row).take()).collect::<Result<_>>()?;
    external_provenances::remove(transaction, repository_id, &names).await?;
    Ok(names.len() as u64)
}

/// How much of an external repository is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cached {
    /// Packages whose bytes are here.
    pub packages: u64,
    /// Their bytes, with those of their provenance files.
    pub bytes: u64,
    /// Versions that the source lists no more.
    pub vanished: u64,
    /// Versions for which the source names another digest than the first one.
    pub claimed: u64,
}

/// How much of an external repository is here.
///
/// # Errors
/// Faults of the database only.
pub async fn cached(connection: &impl Connection, repository_id: i64) -> Result<Cached> {
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) + COALESCE(
            (SELECT SUM(size) FROM provenances WHERE repository_id = $1), 0) AS BIGINT),
          (SELECT COUNT(*) FROM versions WHERE repository_id = $1 AND vanished_at IS NOT NULL),
          (SELECT COUNT(*) FROM versions WHERE repository_id = $1 AND claimed_digest IS NOT NULL)
        FROM versions WHERE repository_id = $1 AND stored AND location IS NOT NULL";
    let row = connection.query_optional(sql, vec![repository_id.into()]).await?;
    row.map_or(Ok(Cached::default()), |row| {
        let mut columns = Columns::of(&row);
        Ok(Cached {
            packages: columns.unsigned()?,
            bytes: columns.unsigned()?,
            vanished: columns.unsigned()?,
            claimed: columns.unsigned()?,
        })
    })
}

/// A version for which the source names another digest than the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The name of its chart.
    pub chart: String,
    /// Its version.
    pub version: String,
    /// The digest it has.
    pub digest: Digest,
    /// The digest that the source names now.
    pub claimed: Digest,
}

/// The versions for which the source names another digest, by row, at most `limit`.
///
/// # Errors
/// Faults of the database only.
pub async fn claims(connection: &impl Connection, repository_id: i64, limit: u64) -> Result<Vec<Claim>> {
    let sql = "SELECT charts.name, versions.version, versions.digest, versions.claimed_digest
        FROM versions JOIN charts ON charts.id = versions.chart_id
        WHERE versions.repository_id = $1 AND claimed_digest IS NOT NULL ORDER BY versions.id LIMIT $2";
    let claim = |row: &QueryResult| {
        let mut columns = Columns::of(row);
        Ok(Claim {
            chart: columns.take()?,
            version: columns.take()?,
            digest: columns.parse()?,
            claimed: columns.parse()?,
        })
    };
    connection.query(sql, vec![repository_id.into(), signed(limit).into()]).await?.iter().map(claim).collect()
}

/// Takes over the digest that the source names now, if it is `digest`: somebody has looked at it. What the package says
/// of itself is learnt at the next sync. The repository's generation with it; roll back without.
///
/// # Errors
/// [`NotFound`](chandlery_core::Error::NotFound) when the repository is gone.
pub async fn accept_claim(
    transaction: &Transaction,
    repository_id: i64,
    chart: &str,
    version: &str,
    digest: &Digest,
    now: Timestamp,
) -> Result<Option<i64>> {
    let generation = repositories::advance(transaction, repository_id, now).await?;
    let sql = "UPDATE charts SET generation = $3 WHERE repository_id = $1 AND name = $2 RETURNING id";
    let values = vec![repository_id.into(), chart.into(), generation.into()];
    let Some(row) = transaction.query_optional(sql, values).await? else { return Ok(None) };
    let chart_id: i64 = Columns::of(&row).take()?;
    let sql = "UPDATE versions SET digest = claimed_digest, claimed_digest = NULL, stored = FALSE, size = 0,
                 fingerprint = '', provenance_asked_at = NULL, provenance_refusal = NULL
               WHERE chart_id = $1 AND version = $2 AND claimed_digest = $3 RETURNING file_name";
    let values = vec![chart_id.into(), version.into(), digest.to_hex().into()];
    let Some(row) = transaction.query_optional(sql, values).await? else { return Ok(None) };
    external_provenances::remove(transaction, repository_id, &[Columns::of(&row).take()?]).await?;
    Ok(Some(generation))
}

/// How many apps have a version whose package is one of a repository's.
///
/// # Errors
/// Faults of the database only.
pub async fn apps_of(connection: &impl Connection, repository_id: i64) -> Result<u64> {
    let sql = "SELECT COUNT(DISTINCT app_versions.app_id) FROM versions
        JOIN app_versions ON app_versions.package_digest = versions.digest WHERE versions.repository_id = $1";
    let row = connection.query_optional(sql, vec![repository_id.into()]).await?;
    row.map_or(Ok(0), |row| Columns::of(&row).unsigned())
}
