//! What is wrong with a chart, or against convention: the findings of `helm lint`.
//!
//! Rules, texts, order and severities are those of Helm 4.3.

mod addresses;
mod chart_file;
mod decode;
mod dependencies;
mod deprecated;
mod documents;
mod names;
mod resources;
mod source;
mod templates;
mod values;

use std::fmt;

use chandlery_template::Limits;
use serde_json::{Map, Value};

use crate::render::{Capabilities, Compat};

pub use source::LintSource;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something to know, such as a missing values.yaml.
    Info,
    /// Against a convention; it will probably work.
    Warning,
    /// It will probably not work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        })
    }
}

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file or folder below the chart, or where the chart itself is; may be empty.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Finding {
    /// `[ERROR] templates/x.yaml: …`, as Helm prints it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] {}: {}", self.severity, self.path, self.message)
    }
}

/// How a chart is examined.
#[derive(Clone, Debug)]
pub struct LintOptions {
    /// The namespace that templates see.
    pub namespace: String,
    /// The cluster that templates see, and whose version decides which APIs are deprecated.
    pub capabilities: Capabilities,
    /// The Helm by whose rules values are merged and templates rendered.
    pub compat: Compat,
    /// Do not look at `values.schema.json`.
    pub skip_schema: bool,
    /// How much the templates may use.
    pub limits: Limits,
}

/// Collects findings.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    /// Notes what a rule says; `true` if it says nothing.
    fn check(&mut self, severity: Severity, path: &str, verdict: Result<(), String>) -> bool {
        match verdict {
            Ok(()) => true,
            Err(message) => {
                self.0.push(Finding { severity, path: path.to_owned(), message });
                false
            }
        }
    }
}

/// Examines a chart with the user's values, in the form of [`prepare`](crate::render::prepare).
#[must_use]
pub fn lint(source: &LintSource, values: &Map<String, Value>, options: &LintOptions) -> Vec<Finding> {
    let mut findings = Findings::default();
    chart_file::check(&mut findings, source);
    values::check(&mut findings, source, values, options);
    templates::check(&mut findings, source, values, options);
    dependencies::check(&mut findings, source);
    resources::check(&mut findings, source);
    findings.0
}
