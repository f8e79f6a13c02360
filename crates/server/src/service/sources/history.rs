//! What is remembered of the looks at a source.

use chandlery_core::Result;
use chandlery_source::foreign::Skipped;
use chandlery_store::Transaction;
use chandlery_store::external_charts::Applied;
use chandlery_store::source_runs::{self, SourceCounts, SourceRunRow};
use chandlery_store::sources::SourceRow;
use jiff::Timestamp;

use crate::app::App;

/// Problems of one look that are remembered.
const MOST_PROBLEMS: usize = 200;

/// Letters of one problem that are remembered: names in an index may be long.
const LONGEST_PROBLEM: usize = 500;

/// What goes wrong with single entries, the first of them.
#[derive(Default)]
pub(super) struct Problems {
    told: Vec<String>,
    more: usize,
}

impl Problems {
    /// Adds one.
    pub(super) fn add(&mut self, problem: &str) {
        if self.told.len() == MOST_PROBLEMS {
            self.more += 1;
            return;
        }
        self.told.push(problem.chars().take(LONGEST_PROBLEM).collect());
    }

    /// Adds an entry that was left out.
    pub(super) fn add_skipped(&mut self, skipped: &Skipped) {
        self.add(&told_skipped(skipped));
    }

    /// Adds what showed when rows were written.
    pub(super) fn add_applied(&mut self, applied: &Applied) {
        for (chart, version, digest) in &applied.claims {
            self.add(&format!(
                "{chart} {version}: the source names another digest now, {digest}; the first one stays until somebody \
                 accepts the new one"
            ));
        }
        for name in &applied.clashes {
            self.add(&format!("{name}: another chart has a package of this name"));
        }
    }

    fn encoded(mut self) -> String {
        if self.more > 0 {
            self.told.push(format!("and {} more", self.more));
        }
        serde_json::Value::from(self.told).to_string()
    }
}

/// An entry that was left out, in one line.
pub(super) fn told_skipped(skipped: &Skipped) -> String {
    format!("{} {}: {}", skipped.name, skipped.version, skipped.reason)
}

/// How a look ended.
pub(super) struct Run {
    /// `synced`, `unchanged` or `failed`.
    pub(super) outcome: &'static str,
    /// Why it failed.
    pub(super) message: String,
    /// What it found and did.
    pub(super) counts: SourceCounts,
    /// What goes wrong with single entries.
    pub(super) problems: Problems,
    /// When it began.
    pub(super) started_at: Timestamp,
    /// When it ended.
    pub(super) ended_at: Timestamp,
}

/// Remembers a look. That nothing has changed is remembered only of looks that somebody asked for, or that went on
/// importing.
pub(super) async fn note(transaction: &Transaction, row: &SourceRow, run: Run) -> Result<()> {
    if run.outcome == "unchanged" && row.cause == "period" && run.counts.imported == 0 {
        return Ok(());
    }
    let run = SourceRunRow {
        id: 0,
        cause: row.cause.clone(),
        actor: row.actor.clone(),
        outcome: run.outcome.to_owned(),
        message: run.message,
        problems: run.problems.encoded(),
        counts: run.counts,
        started_at: run.started_at,
        ended_at: run.ended_at,
    };
    source_runs::add(transaction, row.repository_id, &run).await
}

/// Remembers that a pull showed something wrong with a source, as that it gave other bytes than those it had listed.
pub(super) async fn note_pull(app: &App, row: &SourceRow, message: String) -> Result<()> {
    let now = Timestamp::now();
    let run = SourceRunRow {
        id: 0,
        cause: "pull".to_owned(),
        actor: String::new(),
        outcome: "failed".to_owned(),
        message,
        problems: Problems::default().encoded(),
        counts: SourceCounts::default(),
        started_at: now,
        ended_at: now,
    };
    source_runs::add(app.store.database().writer(), row.repository_id, &run).await
}
