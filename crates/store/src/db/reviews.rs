//! Reviews: one row per submission of an app version.

use chandlery_core::{AppName, Digest, PhaseName, Result, VersionState, WorkspaceName};
use jiff::Timestamp;
use sea_orm::QueryResult;

use super::Connection;
use super::columns::{Columns, joined, nanoseconds};

/// A submission as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// Its row number.
    pub id: i64,
    /// The row of the version.
    pub version_id: i64,
    /// The row of the app.
    pub app_id: i64,
    /// The row of the workspace.
    pub workspace_id: i64,
    /// The state of the version as far as this submission brought it.
    pub state: VersionState,
    /// The phases that were to pass when it was submitted.
    pub phases: Vec<PhaseName>,
    /// How many of them have passed.
    pub passed: usize,
    /// The account that submitted it (its row).
    pub submitted_by: i64,
    /// That account's name.
    pub submitter: String,
    /// The account that reviews, or did; empty for none so far.
    pub reviewer: String,
    /// The sha256 of the package that is reviewed.
    pub digest: Digest,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str =
    "reviews.id, reviews.version_id, reviews.app_id, reviews.workspace_id, reviews.state, reviews.phases,
    reviews.phase, reviews.submitted_by, reviews.submitter, reviews.reviewer, reviews.package_digest,
    reviews.submitted_at, reviews.updated_at";

impl ReviewRow {
    fn take(columns: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: columns.take()?,
            version_id: columns.take()?,
            app_id: columns.take()?,
            workspace_id: columns.take()?,
            state: columns.parse()?,
            phases: columns.take::<String>()?.split_whitespace().map(str::parse).collect::<Result<_>>()?,
            passed: columns.unsigned()?.try_into().unwrap_or(usize::MAX),
            submitted_by: columns.take()?,
            submitter: columns.take()?,
            reviewer: columns.take()?,
            digest: columns.parse()?,
            submitted_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }

    fn from_row(row: &QueryResult) -> Result<Self> {
        Self::take(&mut Columns::of(row))
    }

    /// The phase under way; `None` when all have passed.
    #[must_use]
    pub fn phase(&self) -> Option<&PhaseName> {
        self.phases.get(self.passed)
    }
}

/// Makes a review (its `id` is ignored) with the evidence as JSON, and returns its row number.
///
/// # Errors
/// Faults of the database only.
pub async fn create(connection: &impl Connection, review: &ReviewRow, report: &str) -> Result<i64> {
    let phases: Vec<&str> = review.phases.iter().map(PhaseName::as_str).collect();
    let sql = "INSERT INTO reviews (version_id, app_id, workspace_id, state, phases, phase, submitted_by, submitter,
          reviewer, package_digest, report, submitted_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id";
    let values = vec![
        review.version_id.into(),
        review.app_id.into(),
        review.workspace_id.into(),
        review.state.as_str().into(),
        phases.join(" ").into(),
        passed(review).into(),
        review.submitted_by.into(),
        review.submitter.as_str().into(),
        review.reviewer.as_str().into(),
        review.digest.to_hex().into(),
        report.into(),
        nanoseconds(review.submitted_at).into(),
        nanoseconds(review.updated_at).into(),
    ];
    let rows = connection.query(sql, values).await?;
    Columns::of(&rows[0]).take()
}

fn passed(review: &ReviewRow) -> i64 {
    i64::try_from(review.passed).unwrap_or(i64::MAX)
}

/// Writes a review's state, phase and reviewer.
///
/// # Errors
/// Faults of the database only.
pub async fn update(connection: &impl Connection, review: &ReviewRow) -> Result<()> {
    let sql = "UPDATE reviews SET state = $2, phase = $3, reviewer = $4, updated_at = $5 WHERE id = $1";
    let values = vec![
        review.id.into(),
        review.state.as_str().into(),
        passed(review).into(),
        review.reviewer.as_str().into(),
        nanoseconds(review.updated_at).into(),
    ];
    connection.execute(sql, values).await.map(drop)
}

/// The review of a row number.
///
/// # Errors
/// Faults of the database only.
pub async fn find(connection: &impl Connection, id: i64) -> Result<Option<ReviewRow>> {
    let sql = format!("SELECT {COLUMNS} FROM reviews WHERE id = $1");
    let row = connection.query_optional(&sql, vec![id.into()]).await?;
    row.as_ref().map(ReviewRow::from_row).transpose()
}

/// The reviews of row numbers, in no order; those that are not there are missing.
///
/// # Errors
/// Faults of the database only.
pub async fn find_all(connection: &impl Connection, ids: &[i64]) -> Result<Vec<ReviewRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT {COLUMNS} FROM reviews WHERE id IN ({})", joined(ids));
    connection.query(&sql, vec![]).await?.iter().map(ReviewRow::from_row).collect()
}

/// The evidence of a review, as JSON.
///
/// # Errors
/// Faults of the database only.
pub async fn report(connection: &impl Connection, id: i64) -> Result<Option<String>> {
    let row = connection.query_optional("SELECT report FROM reviews WHERE id = $1", vec![id.into()]).await?;
    row.map(|row| Columns::of(&row).take()).transpose()
}

/// A review in a list, with the names of what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedReview {
    /// The review.
    pub review: ReviewRow,
    /// The workspace's name.
    pub workspace: WorkspaceName,
    /// The app's name.
    pub app: AppName,
    /// What people call the app.
    pub display_name: String,
    /// The version.
    pub version: String,
}

/// The reviews of all workspaces in one of `states` (of all if there is none) before the row number `before`, the last
/// submitted first.
///
/// # Errors
/// Faults of the database only.
pub async fn list(
    connection: &impl Connection,
    states: &[VersionState],
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<QueuedReview>> {
    let first = |condition: String| {
        format!(
            "SELECT id FROM (SELECT id FROM reviews WHERE id < $1 {condition} ORDER BY id DESC LIMIT $2) AS page"
        )
    };
    // The first ones of each state: an index has them in this order, which it has not for several states at once.
    let of_state = |state: &VersionState| first(format!("AND state = '{}'", state.as_str()));
    let candidates = match states {
        [] => first(String::new()),
        states => states.iter().map(of_state).collect::<Vec<_>>().join(" UNION ALL "),
    };
    let sql = format!(
        "SELECT {COLUMNS}, workspaces.name, apps.name, apps.display_name, app_versions.version FROM reviews
           JOIN app_versions ON app_versions.id = reviews.version_id JOIN apps ON apps.id = reviews.app_id
           JOIN workspaces ON workspaces.id = reviews.workspace_id
         WHERE reviews.id IN ({candidates}) ORDER BY reviews.id DESC LIMIT $2"
    );
    let values = vec![before.unwrap_or(i64::MAX).into(), i64::from(limit).into()];
    let rows = connection.query(&sql, values).await?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of(row);
            Ok(QueuedReview {
                review: ReviewRow::take(&mut columns)?,
                workspace: columns.parse()?,
                app: columns.parse()?,
                display_name: columns.take()?,
                version: columns.take()?,
            })
        })
        .collect()
}

/// Whether a version of the app (its row) was ever submitted: then reviewers may know of it.
///
/// # Errors
/// Faults of the database only.
pub async fn any(connection: &impl Connection, app_id: i64) -> Result<bool> {
    let sql = "SELECT 1 FROM app_versions WHERE app_id = $1 AND review_id IS NOT NULL LIMIT 1";
    Ok(connection.query_optional(sql, vec![app_id.into()]).await?.is_some())
}
