//! What became of each package.

use serde::Serialize;

use crate::output::Table;

/// What became of one package or provenance file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    /// It is there now.
    Imported,
    /// It would be uploaded.
    WouldImport,
    /// It was there, with the same content.
    Present,
    /// It is nothing that can be imported.
    Skipped,
    /// It should be there and is not.
    Refused,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::WouldImport => "would be imported",
            Self::Present => "present",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    /// Where it was found, below the source.
    pub(super) file: String,
    /// What became of it.
    pub(super) status: Status,
    /// The chart's name, once it is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    /// The chart's version, once it is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) version: String,
    /// Why, unless it was imported or present.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
}

/// All lines.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    items: Vec<Outcome>,
}

impl Report {
    /// Adds a line.
    pub(super) fn add(&mut self, outcome: Outcome) {
        self.items.push(outcome);
    }

    /// Puts the lines into the order of their files, as several were in work at once.
    pub(super) fn sort(&mut self) {
        self.items.sort_by(|left, right| left.file.cmp(&right.file));
    }

    /// How many ended so.
    pub(super) fn count(&self, status: Status) -> usize {
        self.items.iter().filter(|item| item.status == status).count()
    }

    /// Whether anything was skipped or refused.
    pub(super) fn needs_attention(&self) -> bool {
        self.count(Status::Skipped) + self.count(Status::Refused) > 0
    }

    /// The lines that need attention; those that were imported or present are only counted.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new(["STATUS", "FILE", "CHART", "VERSION", "REASON"]);
        for item in self.items.iter().filter(|item| matches!(item.status, Status::Skipped | Status::Refused))
        {
            table.row([
                item.status.as_str().to_owned(),
                item.file.clone(),
                item.name.clone(),
                item.version.clone(),
                item.reason.clone(),
            ]);
        }
        table
    }

    /// How many of each, in words.
    pub(super) fn sentence(&self) -> String {
        let statuses =
            [Status::Imported, Status::WouldImport, Status::Present, Status::Skipped, Status::Refused];
        let counts: Vec<String> = statuses
            .into_iter()
            .filter(|&status| status != Status::WouldImport || self.count(status) > 0)
            .map(|status| format!("{} {}", self.count(status), status.as_str()))
            .collect();
        counts.join(", ")
    }
}
